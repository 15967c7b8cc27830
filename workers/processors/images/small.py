"""Pictures and pages of pdfs, made small enough to send to somebody who describes them.

Imports no OCR: a worker that only sends pictures away stays small.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from workers.processors.documents.pdf import open_document
from workers.processors.images import SmallPicture
from workers.processors.images.opening import head_of, open_picture, prepared
from workers.processors.limits import ImageLimits

LONGEST_SIDE = 2048
"""Pixels: providers shrink what is larger before they look at it."""
TALLEST = 3 * LONGEST_SIDE
"""A screenshot of a long chat keeps its letters."""
QUALITY = 85
MOST_PIXELS_PER_POINT = 4.0


def small_picture(path: str, limits: ImageLimits) -> SmallPicture:
    """The picture at `path` as a JPEG. Raises ProcessingFailed as `picture.read_image` does."""
    file = Path(path)
    with open_picture(file, head_of(file, limits), limits) as picture:
        kind, width, height = picture.format or "", picture.width, picture.height
        small = prepared(picture, LONGEST_SIDE, _shrunk)
    return _encoded(small, kind, width, height)


def small_page(path: str, index: int) -> SmallPicture:
    """The page with this index (from 0) of a pdf as a JPEG. Raises ProcessingFailed."""
    document = open_document(Path(path))
    try:
        page = document[index]
        longest = max(page.get_width(), page.get_height(), 1.0)
        scale = min(LONGEST_SIDE / longest, MOST_PIXELS_PER_POINT)
        picture = page.render(scale=scale).to_pil().convert("RGB")
        page.close()
    finally:
        document.close()
    return _encoded(picture, "PDF", picture.width, picture.height)


def _shrunk(picture: Image.Image) -> Image.Image:
    is_tall = picture.height > 2 * picture.width
    picture.thumbnail((LONGEST_SIDE, TALLEST if is_tall else LONGEST_SIDE))
    return picture


def _encoded(picture: Image.Image, kind: str, width: int, height: int) -> SmallPicture:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    jpeg = base64.b64encode(buffer.getvalue()).decode()
    return SmallPicture(jpeg=jpeg, kind=kind, width=width, height=height)
