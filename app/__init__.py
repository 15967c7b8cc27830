"""Backscroll: the media of old chats, turned into text, by a queue that lives in Postgres."""

__version__ = "0.1.0"
