"""A page of a pdf, read as a picture."""

from __future__ import annotations

from pathlib import Path

from workers.processors.documents.pdf import open_document
from workers.processors.images import ocr
from workers.processors.text import tidy

MOST_PIXELS_PER_POINT = 4.0
"""288 dpi, so that a page the size of a stamp is not blown up."""


def read_pdf_page(path: str, index: int, threads: int) -> str:
    """The text seen on the page with this index (from 0).

    However many points wide a page claims to be, its picture has at most 1600 pixels a side.
    """
    document = open_document(Path(path))
    try:
        page = document[index]
        longest = max(page.get_width(), page.get_height(), 1.0)
        scale = min(ocr.LONGEST_SIDE / longest, MOST_PIXELS_PER_POINT)
        picture = page.render(scale=scale).to_pil().convert("RGB")
        page.close()
    finally:
        document.close()
    return tidy(ocr.seen_text(picture, threads))
