"""Zip archives that are the same bytes whenever and wherever they are written."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

EARLIEST = (1980, 1, 1, 0, 0, 0)


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.compress_type = compression
    entry.create_system = 3  # else it tells the operating system
    return entry


def pack(members: Mapping[str, str | bytes], stored: frozenset[str] = frozenset()) -> bytes:
    """A zip of `members` in their order; those named in `stored` are not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            compression = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(_entry(name, compression), content)
    return buffer.getvalue()


def repack(content: bytes) -> bytes:
    """The same archive without the times at which its members were written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return pack({name: archive.read(name) for name in archive.namelist()})


def pack_repeated(members: Mapping[str, str | bytes], name: str, block: bytes, times: int) -> bytes:
    """`members`, then one member that holds `block` many times over, never all in memory."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for other, content in members.items():
            archive.writestr(_entry(other, zipfile.ZIP_DEFLATED), content)
        with archive.open(_entry(name, zipfile.ZIP_DEFLATED), "w") as member:
            for _ in range(times):
                member.write(block)
    return buffer.getvalue()
