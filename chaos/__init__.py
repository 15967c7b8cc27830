"""The chaos run: everything is killed, frozen and restarted while jobs run, and must stay right."""
