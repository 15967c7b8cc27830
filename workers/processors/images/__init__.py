"""Pictures, as a sandbox's child reads them.

The worker imports this package to name its functions; only calling them imports Pillow,
onnxruntime and RapidOCR, which take a second and 100 MB.
"""

from __future__ import annotations

from typing import TypedDict


class Picture(TypedDict):
    """What was read in a picture."""

    text: str
    model: str


class SmallPicture(TypedDict):
    """A picture to send away."""

    jpeg: str
    """In base64."""
    kind: str
    width: int
    height: int
    """Of the original, in pixels."""


def read_image(path: str, threads: int, limits: dict[str, int]) -> Picture:
    """See `workers.processors.images.picture`; `limits` are the fields of ImageLimits."""
    from workers.processors.images import picture
    from workers.processors.limits import ImageLimits

    return picture.read_image(path, threads, ImageLimits(**limits))


def read_pdf_page(path: str, index: int, threads: int) -> str:
    """See `workers.processors.images.pdf_page`."""
    from workers.processors.images import pdf_page

    return pdf_page.read_pdf_page(path, index, threads)


def small_picture(path: str, limits: dict[str, int]) -> SmallPicture:
    """See `workers.processors.images.small`; `limits` are the fields of ImageLimits."""
    from workers.processors.images import small
    from workers.processors.limits import ImageLimits

    return small.small_picture(path, ImageLimits(**limits))


def small_page(path: str, index: int) -> SmallPicture:
    """See `workers.processors.images.small`."""
    from workers.processors.images import small

    return small.small_page(path, index)
