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


def read_image(path: str, threads: int, limits: dict[str, int]) -> Picture:
    """See `workers.processors.images.picture`; `limits` are the fields of ImageLimits."""
    from workers.processors.images import picture
    from workers.processors.limits import ImageLimits

    return picture.read_image(path, threads, ImageLimits(**limits))


def read_pdf_page(path: str, index: int, threads: int) -> str:
    """See `workers.processors.images.pdf_page`."""
    from workers.processors.images import pdf_page

    return pdf_page.read_pdf_page(path, index, threads)
