"""What goes over the wire, as shapes: what the OpenAPI document is made of.

Answers come from SQL as JSON text and are not read into these again while the service runs; the
tests hold them to it, and the limits of requests to those of `batch.field_problems`.
"""
