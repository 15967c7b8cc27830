"""Any picture on disk to the text in it."""

from __future__ import annotations

import re
from pathlib import Path

import filetype
from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError

from workers.processors.base import ProcessingFailed
from workers.processors.images import Picture, ocr, svg
from workers.processors.limits import MEGABYTE, ImageLimits
from workers.processors.markup import root_element
from workers.processors.text import SAMPLE_BYTES, decode, encoding_of, tidy

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "ICO", "JPEG2000")
"""Those met in chats; Pillow's EPS would start Ghostscript."""

READABLE_MIME_TYPES = re.compile(r"image/(jpeg|png|webp|gif|bmp|tiff|avif|x-icon|jp2)")
PALETTE_MODES = ("1", "P", "PA")
LIGHT = 160
"""Of 255: letters lighter than this on a transparent ground are put before black, not white."""


def read_image(path: str, threads: int, limits: ImageLimits) -> Picture:
    """The text seen in the picture at `path`.

    A picture without text gives a line in brackets with its kind and size.

    Raises ProcessingFailed: `file_empty`, `file_too_large`, `file_unreadable` for what is damaged,
    `unsupported_format` for what is not a picture that Pillow opens.
    """
    file = Path(path)
    size = file.stat().st_size
    if size == 0:
        raise ProcessingFailed("file_empty", "the file has no content (0 bytes)")
    if size > limits.file_bytes:
        raise ProcessingFailed(
            "file_too_large",
            f"{size / MEGABYTE:,.1f} MB; at most {limits.file_bytes / MEGABYTE:,.0f} MB are read",
        )
    with file.open("rb") as opened:
        head = opened.read(SAMPLE_BYTES)
    encoding = encoding_of(head)
    if encoding and root_element(decode(head, encoding).lstrip("\ufeff")) == "svg":
        text = tidy(svg.read(file.read_bytes()))
        return Picture(text=text or "[no text found; SVG image]", model=svg.MODEL)

    with open_picture(file, head, limits) as picture:
        kind, width, height = picture.format, picture.width, picture.height
        pages = getattr(picture, "n_frames", 1) if kind == "TIFF" else 1
        text = tidy(ocr.seen_text(prepared(picture), threads))
    text = text or f"[no text found; {kind} image, {width} x {height}]"
    if pages > 1:
        text += f"\n[page 1 of {pages}; the others were not read]"
    return Picture(text=text, model=ocr.MODEL)


def open_picture(file: Path, head: bytes, limits: ImageLimits) -> Image.Image:
    """The picture, not yet decoded. Raises ProcessingFailed as `read_image` does."""
    Image.MAX_IMAGE_PIXELS = None  # Pillow's own check only warns up to twice its limit
    try:
        picture = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        known = filetype.guess(head)
        if known is None and encoding_of(head) is None:
            raise ProcessingFailed(
                "file_unreadable", "the content is of no known kind of picture"
            ) from error
        if known is not None and READABLE_MIME_TYPES.fullmatch(known.mime):
            raise ProcessingFailed("file_unreadable", "the picture is damaged") from error
        kind = known.mime if known else "text"
        raise ProcessingFailed(
            "unsupported_format", f"{kind} cannot be read as a picture"
        ) from error
    if picture.width * picture.height > limits.pixels:
        size = f"{picture.width:,} x {picture.height:,} pixels"
        picture.close()
        raise ProcessingFailed("file_too_large", f"{size}; at most {limits.pixels:,} are read")
    return picture


def prepared(picture: Image.Image) -> Image.Image:
    """The first frame, upright, opaque and no larger than OCR can use.

    Raises ProcessingFailed `file_unreadable`.
    """
    # lets JPEG decode straight to a smaller size, though not below this one
    picture.draft("RGB", (ocr.LONGEST_SIDE, ocr.LONGEST_SIDE))
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError, IndexError) as error:
        raise ProcessingFailed("file_unreadable", "the picture is cut off or damaged") from error
    if picture.mode in PALETTE_MODES:  # shrinking these would drop pixels, not blend them
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    return opaque(ImageOps.exif_transpose(ocr.fitted(picture)))


def opaque(picture: Image.Image) -> Image.Image:
    """The picture in RGB before white, or before black if what is visible is light."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    alpha = picture.getchannel("A")
    visible = ImageStat.Stat(picture.convert("L"), mask=alpha)
    is_light = visible.count[0] > 0 and visible.mean[0] > LIGHT
    ground = Image.new("RGB", picture.size, "black" if is_light else "white")
    ground.paste(picture, mask=alpha)
    return ground
