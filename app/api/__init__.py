"""The REST API: Falcon (ASGI) in front of SQL functions."""
