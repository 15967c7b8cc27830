"""Opening untrusted pictures with Pillow: whole, upright, opaque, and no larger than is useful."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import filetype
from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError

from workers.processors.base import ProcessingFailed
from workers.processors.images import large_webp
from workers.processors.limits import MEGABYTE, ImageLimits
from workers.processors.spare_memory import check_memory
from workers.processors.text import SAMPLE_BYTES, encoding_of

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "ICO", "JPEG2000")
"""Those met in chats; Pillow's EPS would start Ghostscript."""

READABLE_MIME_TYPES = re.compile(r"image/(jpeg|png|webp|gif|bmp|tiff|avif|x-icon|jp2)")
PALETTE_MODES = ("1", "P", "PA")
LARGE_WEBP_BYTES_PER_PIXEL = 3
"""While it is decoded: colours at half the size are usual, and room for the decoder."""
WEBP_BYTES_PER_PIXEL = 8
"""Two canvases, which its decoder takes when the file is opened."""
PROGRESSIVE_BYTES_PER_PIXEL = 3
"""With colours at half the size, as is usual."""
LIGHT = 160
"""Of 255: letters lighter than this on a transparent ground are put before black, not white."""


def size_of(picture: Image.Image) -> tuple[int, int]:
    """Width and height in the file: a large WebP comes smaller."""
    width, height = picture.info.get("whole_size", picture.size)
    return width, height


def head_of(file: Path, limits: ImageLimits) -> bytes:
    """The beginning of the file. Raises ProcessingFailed `file_empty`, `file_too_large`."""
    size = file.stat().st_size
    if size == 0:
        raise ProcessingFailed("file_empty", "the file has no content (0 bytes)")
    if size > limits.file_bytes:
        raise ProcessingFailed(
            "file_too_large",
            f"{size / MEGABYTE:,.1f} MB; at most {limits.file_bytes / MEGABYTE:,.0f} MB are read",
        )
    with file.open("rb") as opened:
        return opened.read(SAMPLE_BYTES)


def open_picture(file: Path, head: bytes, limits: ImageLimits) -> Image.Image:
    """The picture, not yet decoded unless it is a large WebP.

    Raises ProcessingFailed: `file_unreadable` for what is damaged, `unsupported_format` for what
    Pillow does not open, `file_too_large`. Raises MemoryError where a library would call the file
    damaged.
    """
    Image.MAX_IMAGE_PIXELS = None  # Pillow's own check only warns up to twice its limit
    pixels = webp_pixels(head)
    if large_webp.LARGE < pixels <= limits.pixels and large_webp.is_still(head):
        check_memory(pixels * LARGE_WEBP_BYTES_PER_PIXEL)
        return large_webp.decoded(file)
    check_memory(pixels * WEBP_BYTES_PER_PIXEL)
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
    except OSError as error:
        raise ProcessingFailed("file_unreadable", "the picture is damaged") from error
    if picture.width * picture.height > limits.pixels:
        size = f"{picture.width:,} x {picture.height:,} pixels"
        picture.close()
        raise ProcessingFailed("file_too_large", f"{size}; at most {limits.pixels:,} are read")
    return picture


def prepared(
    picture: Image.Image, longest_side: int, shrink: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """The first frame, upright, opaque and as small as `shrink` makes it.

    Raises ProcessingFailed `file_unreadable`, MemoryError.
    """
    if picture.info.get("progressive"):  # libjpeg holds all coefficients, at the full size
        check_memory(picture.width * picture.height * PROGRESSIVE_BYTES_PER_PIXEL)
    # lets JPEG decode straight to a smaller size, though not below this one
    picture.draft("RGB", (longest_side, longest_side))
    check_memory(picture.width * picture.height * bytes_per_pixel(picture.mode))
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError, IndexError) as error:
        raise ProcessingFailed("file_unreadable", "the picture is cut off or damaged") from error
    if picture.mode in PALETTE_MODES:  # shrinking these would drop pixels, not blend them
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture = shrink(picture)
    ImageOps.exif_transpose(picture, in_place=True)
    return opaque(picture)


def webp_pixels(head: bytes) -> int:
    """The pixels of a WebP's canvas (RFC 9649); 0 for what is none."""
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30:
        return 0
    if head[12:16] == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
    elif head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return width * height


def bytes_per_pixel(mode: str) -> int:
    """What Pillow holds of each pixel, the copy that `prepared` makes included."""
    if mode in PALETTE_MODES:
        return 5
    return {"L": 1, "I;16": 2}.get(mode, 4)


def opaque(picture: Image.Image) -> Image.Image:
    """The picture in RGB before white, or before black if what is visible is light."""
    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    picture = picture.convert("RGBA")
    alpha = picture.getchannel("A")
    visible = ImageStat.Stat(picture.convert("L"), mask=alpha)
    is_light = visible.count[0] > 0 and visible.mean[0] > LIGHT
    ground = Image.new("RGB", picture.size, "black" if is_light else "white")
    ground.paste(picture, mask=alpha)
    return ground
