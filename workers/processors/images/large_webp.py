"""Large WebP pictures, decoded by ffmpeg: Pillow's way takes 16 bytes a pixel, this one 2 to 4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av
from PIL import Image

from workers.processors.base import ProcessingFailed

LARGE = 6_000_000
"""Pixels. Pillow opens smaller ones, and all that move."""
ENOUGH_SIDE = 2048
"""Pixels: a picture whose shorter side is longer is halved until it is not."""
DEEPEST = 64
"""Chunks of a file that are looked at."""
ANIMATION = 0b10
"""RFC 9649, 2.7: the flag of a picture that moves."""


def is_still(head: bytes) -> bool:
    """Whether the WebP that begins so is one picture."""
    return head[12:16] != b"VP8X" or not head[20] & ANIMATION


def decoded(file: Path) -> Image.Image:
    """The picture, halved until it is of use and no larger, with where its top is.

    Raises ProcessingFailed `file_unreadable`, MemoryError.
    """
    options = {"format_whitelist": "webp_pipe", "protocol_whitelist": "file"}
    try:
        with av.open(f"file:{file}", options=options) as container:
            container.streams.video[0].codec_context.thread_count = 1  # each takes a picture's room
            frame = next(container.decode(video=0))
        has_alpha = any(component.is_alpha for component in frame.format.components)
        halvings = 0
        while min(frame.width, frame.height) >> halvings > ENOUGH_SIDE:
            halvings += 1
        small = frame.reformat(
            width=frame.width >> halvings,
            height=frame.height >> halvings,
            format="rgba" if has_alpha else "rgb24",
            interpolation="AREA",
        )
    except av.error.MemoryError as error:
        raise MemoryError from error
    except (av.error.FFmpegError, StopIteration, IndexError) as error:
        raise ProcessingFailed("file_unreadable", "the picture is cut off or damaged") from error
    mode, plane = "RGBA" if has_alpha else "RGB", small.planes[0]
    picture = Image.frombytes(
        mode, (small.width, small.height), memoryview(plane), "raw", mode, plane.line_size, 1
    )
    picture.format = "WEBP"
    picture.info["whole_size"] = (frame.width, frame.height)
    with file.open("rb") as opened:
        for name, size in chunks(opened):
            if name == b"EXIF" and size <= 2**16:
                picture.info["exif"] = opened.read(size)
    return picture


def chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and size of each chunk (RFC 9649, 2.3), whose content `file` then stands at."""
    start = 12
    for _ in range(DEEPEST):
        file.seek(start)
        header = file.read(8)
        if len(header) < 8:
            return
        size = int.from_bytes(header[4:], "little")
        yield header[:4], size
        start += 8 + size + size % 2
