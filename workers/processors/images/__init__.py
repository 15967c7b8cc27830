"""Pictures, as the children of two sandboxes read them.

One opens pictures and pages of pdfs, which may be hostile, and makes small JPEG files of them. The
other sees only these, and recognises text, which always takes about the same memory.

The worker imports this package to name its functions; only calling them imports Pillow,
onnxruntime and RapidOCR, which take a second and 100 MB.
"""

from __future__ import annotations

from typing import TypedDict


class SmallPicture(TypedDict):
    """A picture that can be sent away. The size is the original's, in pixels."""

    kind: str
    width: int
    height: int


class Legible(TypedDict):
    """A picture or page, as JPEG files at the size at which OCR reads best, from top to bottom."""

    parts: list[str]
    text: str
    """What needs no eyes to be read: the text of an SVG."""
    kind: str
    width: int
    height: int
    pages: int


def small_picture(path: str, target: str, limits: dict[str, int]) -> SmallPicture:
    """See `workers.processors.images.small`; `limits` are the fields of ImageLimits."""
    from workers.processors.images import small
    from workers.processors.limits import ImageLimits

    return small.small_picture(path, target, ImageLimits(**limits))


def small_page(path: str, index: int, target: str) -> SmallPicture:
    """See `workers.processors.images.small`."""
    from workers.processors.images import small

    return small.small_page(path, index, target)


def legible_picture(path: str, prefix: str, limits: dict[str, int]) -> Legible:
    """See `workers.processors.images.legible`; `limits` are the fields of ImageLimits."""
    from workers.processors.images import legible
    from workers.processors.limits import ImageLimits

    return legible.legible_picture(path, prefix, ImageLimits(**limits))


def legible_page(path: str, index: int, prefix: str) -> Legible:
    """See `workers.processors.images.legible`."""
    from workers.processors.images import legible

    return legible.legible_page(path, index, prefix)


def seen_text(parts: list[str], threads: int) -> tuple[str, str]:
    """The text on JPEG files of ours and the model; see `workers.processors.images.ocr`."""
    from workers.processors.images import ocr

    return ocr.seen_text(parts, threads), ocr.MODEL
