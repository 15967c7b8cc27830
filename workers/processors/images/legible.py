"""Pictures and pages of pdfs, made the size at which text in them is read best.

Imports no OCR: what opens the files of strangers stays small, and may be ended at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops

from workers.processors.images import Legible, svg
from workers.processors.images.opening import head_of, open_picture, prepared, size_of
from workers.processors.images.pdf_page import rendered
from workers.processors.limits import ImageLimits
from workers.processors.markup import root_element
from workers.processors.text import decode, encoding_of, tidy

LONGEST_SIDE = 1600
"""Pixels: more takes longer and more memory, and reads no better."""
TALL, TALL_WIDTH, MOST_STRIPS = 2.5, 1200, 20
"""A picture so many times higher than wide is made this wide and read in parts."""
QUALITY = 95


def legible_picture(path: str, prefix: str, limits: ImageLimits) -> Legible:
    """Writes the picture at `path` as JPEG files whose paths begin with `prefix`.

    Raises ProcessingFailed: `file_empty`, `file_too_large`, `file_unreadable` for what is damaged,
    `unsupported_format` for what is not a picture that Pillow opens.
    """
    file = Path(path)
    head = head_of(file, limits)
    encoding = encoding_of(head)
    if encoding and root_element(decode(head, encoding).lstrip("\ufeff")) == "svg":
        text = tidy(svg.read(file.read_bytes()))
        return Legible(parts=[], text=text, kind="SVG", width=0, height=0, pages=1)

    with open_picture(file, head, limits) as picture:
        kind, (width, height) = picture.format or "", size_of(picture)
        pages = getattr(picture, "n_frames", 1) if kind == "TIFF" else 1
        parts = written(prepared(picture, LONGEST_SIDE, fitted), prefix)
    return Legible(parts=parts, text="", kind=kind, width=width, height=height, pages=pages)


def legible_page(path: str, index: int, prefix: str) -> Legible:
    """Writes the page with this index (from 0) of a pdf, likewise. Raises ProcessingFailed."""
    page = rendered(path, index, LONGEST_SIDE)
    return Legible(
        parts=written(page, prefix),
        text="",
        kind="PDF",
        width=page.width,
        height=page.height,
        pages=1,
    )


def written(picture: Image.Image, prefix: str) -> list[str]:
    """The paths of the parts of an RGB picture that has the right size."""
    paths = []
    for number, strip in enumerate(strips(picture), start=1):
        paths.append(f"{prefix}-{number:02}.jpg")
        strip.save(paths[-1], "JPEG", quality=QUALITY, subsampling=0)
    return paths


def fitted(picture: Image.Image) -> Image.Image:
    """The picture at a size that is read well: a screenshot of a long chat stays long."""
    is_tall = picture.height > TALL * picture.width
    width, height = (TALL_WIDTH, MOST_STRIPS * LONGEST_SIDE) if is_tall else (LONGEST_SIDE,) * 2
    picture.thumbnail((width, height))
    return picture


def strips(picture: Image.Image) -> Iterator[Image.Image]:
    """The parts of a tall picture, cut where a row is calmest, so through no line of text."""
    top = 0
    while picture.height - top > LONGEST_SIDE:
        middle = top + LONGEST_SIDE // 2
        bottom = middle + calmest_row(
            picture.crop((0, middle, picture.width, top + LONGEST_SIDE)).getchannel("G")
        )
        yield picture.crop((0, top, picture.width, bottom))
        top = bottom
    yield picture.crop((0, top, picture.width, picture.height)) if top else picture


def calmest_row(grey: Image.Image) -> int:
    """The first row in which neighbouring pixels differ least."""
    shifted = ImageChops.offset(grey, 1, 0)
    unrest = ImageChops.difference(grey, shifted).crop((1, 0, grey.width, grey.height))
    means = unrest.convert("F").resize((1, grey.height), Image.Resampling.BOX)
    rows = memoryview(means.tobytes()).cast("f")
    return min(range(grey.height), key=rows.__getitem__)
