"""A QuickTime film made of JPEG frames: the one kind of video that needs no encoder."""

from __future__ import annotations

import struct
from collections.abc import Sequence

UNITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def quicktime(frames: Sequence[bytes], width: int, height: int, per_second: int) -> bytes:
    """A `.mov` file of JPEG `frames`, all of one size, without sound (QuickTime file format)."""
    opening = _box(b"ftyp", b"qt  " + struct.pack(">I", 0x200) + b"qt  ")
    movie = _box(b"mdat", b"".join(frames))
    first_frame = len(opening) + 8
    count = len(frames)
    entry = struct.pack(">6xH16xHHIIIH", 1, width, height, 0x480000, 0x480000, 0, 1)
    entry += b"\x04JPEG".ljust(32, b"\0") + struct.pack(">Hh", 24, -1)
    table = (
        _full(b"stsd", struct.pack(">I", 1) + _box(b"jpeg", entry))
        + _full(b"stts", struct.pack(">III", 1, count, 1))
        + _full(b"stsc", struct.pack(">IIII", 1, 1, count, 1))
        + _full(b"stsz", struct.pack(f">II{count}I", 0, count, *map(len, frames)))
        + _full(b"stco", struct.pack(">II", 1, first_frame))
    )
    source = _full(b"dref", struct.pack(">I", 1) + _full(b"url ", b"", flags=1))
    media = (
        _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, per_second, count, 0, 0))
        + _full(b"hdlr", b"mhlrvide" + bytes(12) + b"\0")
        + _box(
            b"minf",
            _full(b"vmhd", bytes(8), flags=1) + _box(b"dinf", source) + _box(b"stbl", table),
        )
    )
    track = struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, count, 0, 0, 0, 0) + UNITY
    track += struct.pack(">II", width << 16, height << 16)
    header = struct.pack(">IIIIIH10x", 0, 0, per_second, count, 0x10000, 0x100) + UNITY
    header += bytes(24) + struct.pack(">I", 2)
    trak = _box(b"trak", _full(b"tkhd", track, flags=7) + _box(b"mdia", media))
    return opening + movie + _box(b"moov", _full(b"mvhd", header) + trak)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def _full(name: bytes, content: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags) + content)
