"""PowerPoint presentations (pptx)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pptx import Presentation

from workers.processors.documents.tables import table
from workers.processors.limits import DocumentLimits

MODEL = f"python-pptx-{version('python-pptx')}"


def read(path: Path, _limits: DocumentLimits) -> Iterator[str]:
    """Each slide's text, tables and notes, under a heading with its number."""
    with path.open("rb") as file:
        for number, slide in enumerate(Presentation(file).slides, start=1):
            yield f"## Slide {number}"
            yield from shape_texts(slide.shapes)
            if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
                notes = slide.notes_slide.notes_text_frame.text.strip()
                yield f"Notes: {notes}" if notes else ""


def shape_texts(shapes: Iterable[Any]) -> Iterator[str]:
    """The texts of shapes, those in groups too, in the order they lie."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from shape_texts(shape.shapes)
        elif getattr(shape, "has_table", False):
            yield table([cell.text for cell in row.cells] for row in shape.table.rows)
        elif shape.has_text_frame:
            yield shape.text_frame.text.replace("\v", "\n")
