"""Pictures and pages of pdfs, made small enough to send to somebody who describes them.

Imports no OCR: a worker that only sends pictures away stays small.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from workers.processors.images import SmallPicture
from workers.processors.images.opening import head_of, open_picture, prepared, size_of
from workers.processors.images.pdf_page import rendered
from workers.processors.limits import ImageLimits

LONGEST_SIDE = 2048
"""Pixels: providers shrink what is larger before they look at it."""
TALLEST = 3 * LONGEST_SIDE
"""A screenshot of a long chat keeps its letters."""
QUALITY = 85


def small_picture(path: str, target: str, limits: ImageLimits) -> SmallPicture:
    """Writes the picture at `path` as a JPEG. Raises as `legible.legible_picture` does."""
    file = Path(path)
    with open_picture(file, head_of(file, limits), limits) as picture:
        kind, (width, height) = picture.format or "", size_of(picture)
        prepared(picture, LONGEST_SIDE, _shrunk).save(target, "JPEG", quality=QUALITY)
    return SmallPicture(kind=kind, width=width, height=height)


def small_page(path: str, index: int, target: str) -> SmallPicture:
    """Writes the page with this index (from 0) of a pdf as a JPEG. Raises ProcessingFailed."""
    page = rendered(path, index, LONGEST_SIDE)
    page.save(target, "JPEG", quality=QUALITY)
    return SmallPicture(kind="PDF", width=page.width, height=page.height)


def _shrunk(picture: Image.Image) -> Image.Image:
    is_tall = picture.height > 2 * picture.width
    picture.thumbnail((LONGEST_SIDE, TALLEST if is_tall else LONGEST_SIDE))
    return picture
