"""Any picture on disk to the text in it."""

from __future__ import annotations

from pathlib import Path

from workers.processors.images import Picture, ocr, svg
from workers.processors.images.opening import head_of, open_picture, prepared
from workers.processors.limits import ImageLimits
from workers.processors.markup import root_element
from workers.processors.text import decode, encoding_of, tidy


def read_image(path: str, threads: int, limits: ImageLimits) -> Picture:
    """The text seen in the picture at `path`.

    A picture without text gives a line in brackets with its kind and size.

    Raises ProcessingFailed: `file_empty`, `file_too_large`, `file_unreadable` for what is damaged,
    `unsupported_format` for what is not a picture that Pillow opens.
    """
    file = Path(path)
    head = head_of(file, limits)
    encoding = encoding_of(head)
    if encoding and root_element(decode(head, encoding).lstrip("\ufeff")) == "svg":
        text = tidy(svg.read(file.read_bytes()))
        return Picture(text=text or "[no text found; SVG image]", model=svg.MODEL)

    with open_picture(file, head, limits) as picture:
        kind, width, height = picture.format, picture.width, picture.height
        pages = getattr(picture, "n_frames", 1) if kind == "TIFF" else 1
        text = tidy(ocr.seen_text(prepared(picture, ocr.LONGEST_SIDE, ocr.fitted), threads))
    text = text or f"[no text found; {kind} image, {width} x {height}]"
    if pages > 1:
        text += f"\n[page 1 of {pages}; the others were not read]"
    return Picture(text=text, model=ocr.MODEL)
