"""Plain text of any encoding: txt, md, csv, tsv, json, xml, log; kept as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workers.processors.base import ProcessingFailed
from workers.processors.limits import DocumentLimits
from workers.processors.text import decode, encoding_of

MODEL = "text"


def read(path: Path, limits: DocumentLimits) -> Iterator[str]:
    """The text, once. No more of the file is read than can be kept."""
    with path.open("rb") as file:
        data = file.read(limits.characters * 4 + 4)  # no encoding takes more bytes a character
    encoding = encoding_of(data)
    if encoding is None:
        raise ProcessingFailed("file_unreadable", "the text is in no known encoding")
    yield decode(data, encoding)
