"""A page of a pdf as a picture."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from workers.processors.documents.pdf import open_document

MOST_PIXELS_PER_POINT = 4.0
"""288 dpi, so that a page the size of a stamp is not blown up."""


def rendered(path: str, index: int, longest_side: int) -> Image.Image:
    """The page with this index (from 0) in RGB. Raises ProcessingFailed.

    However many points wide a page claims to be, its picture has at most `longest_side` pixels.
    """
    document = open_document(Path(path))
    try:
        page = document[index]
        longest = max(page.get_width(), page.get_height(), 1.0)
        scale = min(longest_side / longest, MOST_PIXELS_PER_POINT)
        picture: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
        page.close()
    finally:
        document.close()
    return picture
