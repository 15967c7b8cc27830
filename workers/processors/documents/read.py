"""Any document on disk to text: finds out its kind and calls the reader for it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from workers.processors.documents import Document
from workers.processors.documents.kind import Kind, kind_of
from workers.processors.limits import DocumentLimits
from workers.processors.text import join, tidy

READERS = {
    Kind.WORD: "word",
    Kind.SHEETS: "sheets",
    Kind.SLIDES: "slides",
    Kind.OPEN_DOCUMENT: "open_document",
    Kind.RTF: "rtf",
    Kind.HTML: "html",
    Kind.PLAIN: "plain",
}
"""Modules of this package with `MODEL` and `read`, each imported when it is first needed."""


def read_document(path: str, mime_type: str | None, limits: DocumentLimits) -> Document:
    """The text of the document at `path`.

    Raises ProcessingFailed: see `kind_of`, and what the readers raise.
    """
    file = Path(path)
    kind = kind_of(file, mime_type, limits)
    if kind is Kind.PDF:
        from workers.processors.documents import pdf

        pages = pdf.read(file, limits)
        return Document(texts=list(map(tidy, pages.texts)), scanned=pages.scanned, model=pdf.MODEL)

    reader = import_module(f"workers.processors.documents.{READERS[kind]}")
    declared = (mime_type,) if kind in (Kind.HTML, Kind.PLAIN) else ()
    text = join(reader.read(file, limits, *declared), limits.characters)
    return Document(texts=[text], scanned=[], model=reader.MODEL)
