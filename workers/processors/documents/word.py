"""Word documents (docx)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import mammoth

from workers.processors.documents.html import markdown
from workers.processors.limits import DocumentLimits

MODEL = f"mammoth-{version('mammoth')}"


def read(path: Path, _limits: DocumentLimits) -> Iterator[str]:
    """The whole text, with footnotes and comments, as Markdown."""
    with path.open("rb") as file:
        yield markdown(mammoth.convert_to_html(file, convert_image=without_picture).value)


def without_picture(_picture: object) -> list[object]:
    """In place of mammoth's data URI, which repeats the picture's bytes in the text."""
    return []
