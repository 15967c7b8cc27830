"""The services that turn media into text for money: one module each, over shared plumbing.

They know http and what the services say; they know no media formats, no database and no queue.
"""
