"""JPEG and PNG files that can be sent to a provider as they are: small, whole, with nothing hidden.

Runs in the worker itself: it steps from part to part by their lengths and decodes nothing. What is
unusual in any way is for a sandbox, which makes a new picture of what it sees: see
`docs/decisions/2026-11-28-pictures-at-sight.md`.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from workers.processors.images import SmallPicture

LONGEST_SIDE = 2048
MOST_BYTES = 1_000_000
"""Sent in base64, so that it fits into a request of any provider with room to spare."""
MOST_SCANS = 32
"""Of a progressive JPEG. Usual ones have ten; thousands keep a decoder busy for minutes."""

MOST_PARTS = 500
"""Segments or chunks: looking at more would take a while."""

JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
FRAME = struct.Struct(">BHHB")
FRAMES = (0xC0, 0xC1, 0xC2)
"""Baseline, extended and progressive, with Huffman's code (ITU-T T.81, B.1.1.3)."""
SCAN = 0xDA
TABLES = (0xC4, 0xDB, 0xDD)
JFIF, COLOURS, ADOBE = 0xE0, 0xE2, 0xEE
"""What applications write into a file that says how its colours are meant."""
AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")
"""What ends a scan: a marker that neither restarts it nor is a byte of it (B.1.1.2)."""

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_HEADER = struct.Struct(">IIBBBBB")
GREY, COLOURED, WITH_PALETTE = 0, 2, 3
"""The colour types without transparency, of which everybody would see something else."""
USUAL_CHUNKS = {b"IDAT", b"PLTE", b"gAMA", b"cHRM", b"sRGB", b"pHYs", b"sBIT"}


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A file that need not be made anew."""

    mime_type: str
    facts: SmallPicture


def picture_at_sight(path: Path) -> SeenPicture | None:
    """What the file at `path` is, if it can be sent as it is. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_BYTES:
            return None
        data = file.read(size)
    if sides := jpeg_size(data):
        mime_type, kind = "image/jpeg", "JPEG"
    elif sides := png_size(data):
        mime_type, kind = "image/png", "PNG"
    else:
        return None
    width, height = sides
    is_small = 0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE
    facts = SmallPicture(kind=kind, width=width, height=height)
    return SeenPicture(mime_type, facts) if is_small else None


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG; None unless all of it is picture, to its end.

    What cameras and programs write beside it is not: where and when it was taken, how it is to be
    turned, remarks, a smaller picture.
    """
    segments = _segments(data) if data.startswith(JPEG_START) else None
    if segments is None:
        return None
    markers = [marker for marker, _ in segments]
    frames = [segment for marker, segment in segments if marker in FRAMES]
    is_usual = (
        len(frames) == 1
        and 1 <= markers.count(SCAN) <= MOST_SCANS
        and markers.index(SCAN) > next(n for n, marker in enumerate(markers) if marker in FRAMES)
        and all(_is_harmless(marker, segment) for marker, segment in segments)
    )
    return _frame_size(frames[0]) if is_usual else None


def _segments(data: bytes) -> list[tuple[int, bytes]] | None:
    """The marker of each segment and what is in it, without what is scanned after its head.

    None unless they follow each other up to the end of the picture, which is that of the file.
    """
    segments: list[tuple[int, bytes]] = []
    at = len(JPEG_START)
    while data[at : at + 2] != JPEG_END:
        marker, begin = data[at + 1 : at + 2], at + 4
        end = at + 2 + int.from_bytes(data[at + 2 : begin], "big")
        is_whole = data[at : at + 1] == b"\xff" and begin < end <= len(data)
        if not is_whole or len(segments) == MOST_PARTS:
            return None
        segments.append((marker[0], data[begin:end]))
        at = end
        if marker[0] == SCAN:
            found = AFTER_SCAN.search(data, end)
            if found is None or found.start() == end:
                return None
            at = found.start()
    return segments if at + 2 == len(data) else None


def _frame_size(segment: bytes) -> tuple[int, int] | None:
    if len(segment) < FRAME.size:
        return None
    bits, height, width, components = FRAME.unpack_from(segment)
    is_usual = bits == 8 and components in (1, 3) and len(segment) == FRAME.size + 3 * components
    return (width, height) if is_usual else None


def _is_harmless(marker: int, segment: bytes) -> bool:
    if marker == JFIF:
        # without a thumbnail, whose width and height come last
        return len(segment) == 14 and segment[:5] == b"JFIF\x00" and segment[-2:] == b"\x00\x00"
    if marker == COLOURS:
        return segment.startswith(b"ICC_PROFILE\x00")
    if marker == ADOBE:
        return len(segment) == 12 and segment.startswith(b"Adobe")
    return marker in (*FRAMES, *TABLES, SCAN)


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG; None unless all of it is an opaque picture, and undamaged."""
    chunks = _chunks(data) if data.startswith(PNG_START) else None
    if not chunks:
        return None
    (first, header), *between, (last, _) = chunks
    names = {name for name, _ in between}
    is_whole = (first, last) == (b"IHDR", b"IEND") and b"IDAT" in names
    is_usual = is_whole and names <= USUAL_CHUNKS
    return _header_size(header) if is_usual else None


def _chunks(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """The chunks' names and what is in them; None unless each is whole, and the last the end."""
    chunks: list[tuple[bytes, bytes]] = []
    at = len(PNG_START)
    while at < len(data):
        begin = at + 8
        end = begin + int.from_bytes(data[at : at + 4], "big")
        checksum = data[end : end + 4]
        is_whole = len(checksum) == 4 and checksum == zlib.crc32(data[at + 4 : end]).to_bytes(4)
        if not is_whole or len(chunks) == MOST_PARTS:
            return None
        chunks.append((data[at + 4 : begin], data[begin:end]))
        at = end + 4
    return chunks if len(chunks) > 1 else None


def _header_size(header: bytes) -> tuple[int, int] | None:
    if len(header) != PNG_HEADER.size:
        return None
    width, height, bits, colours, packing, filtering, interlacing = PNG_HEADER.unpack(header)
    is_usual = (
        bits in (1, 2, 4, 8)
        and colours in (GREY, COLOURED, WITH_PALETTE)
        and (packing, filtering) == (0, 0)
        and interlacing in (0, 1)
    )
    return (width, height) if is_usual else None
