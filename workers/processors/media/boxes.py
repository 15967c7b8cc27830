"""The outermost boxes of an MP4, MOV or 3GP file (ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MOST_BOXES = 1_000
MOST_BYTES = 16 * 2**20
"""Of the box that describes the tracks; what stands beyond is not looked at."""
LOCKED_TRACKS = (b"encv", b"enca", b"drms", b"drmi")
"""Sample entries of common encryption (ISO/IEC 23001-7) and of Apple's FairPlay."""
PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"hevx", b"heim", b"mif1", b"msf1")


def brand_of(path: Path) -> bytes | None:
    """The four letters by which the file names its kind; None if it is not of this family."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[8:12] if head[4:8] == b"ftyp" else None


def is_locked(path: Path) -> bool:
    """Whether a track is encrypted."""
    with path.open("rb") as file:
        for name, size in outer_boxes(file):
            if name == b"moov":
                described = file.read(min(size, MOST_BYTES))
                return b"sinf" in described and any(kind in described for kind in LOCKED_TRACKS)
    return False


def outer_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Name and size of each box's content, the file standing at its beginning."""
    end = file.seek(0, 2)
    start = 0
    for _ in range(MOST_BOXES):
        file.seek(start)
        header = file.read(16)
        size, name, content = int.from_bytes(header[:4]), header[4:8], start + 8
        if size == 1:
            size, content = int.from_bytes(header[8:16]), start + 16
        elif size == 0:
            size = end - start
        if len(header) < 8 or size < content - start:
            return
        file.seek(content)
        yield name, start + size - content
        start += size
