"""The sample chat of `make demo`: six friends restore an old lifeboat, told in files.

`make_sample_chat` writes the files and tells what each message is; `load_sample_chat` puts the
messages into the chat tables.
"""

from demo.loading import load_sample_chat, unload_sample_chat
from demo.sample_chat import SampleChat, SampleInstance, SampleMessage, make_sample_chat

__all__ = [
    "SampleChat",
    "SampleInstance",
    "SampleMessage",
    "load_sample_chat",
    "make_sample_chat",
    "unload_sample_chat",
]
