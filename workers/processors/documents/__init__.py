"""Documents, as a sandbox's child reads them.

The worker imports this package to name its function; only calling it imports the libraries, and
of those only the one for the kind of document at hand.
"""

from __future__ import annotations

from typing import TypedDict


class Document(TypedDict):
    """What was read. A pdf gives a text a page; any other document gives one text."""

    texts: list[str]
    scanned: list[int]
    """Indexes of the pages that are rather to be read as pictures."""
    model: str


def read_document(path: str, mime_type: str | None, limits: dict[str, int]) -> Document:
    """See `workers.processors.documents.read`; `limits` are the fields of DocumentLimits."""
    from workers.processors.documents import read
    from workers.processors.limits import DocumentLimits

    return read.read_document(path, mime_type, DocumentLimits(**limits))
