"""The table of contents of an OLE compound file: what Office wrote before 2007, or encrypted.

The layout is Microsoft's [MS-CFB], version 20210128.
"""

from __future__ import annotations

import struct
from pathlib import Path

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
NOTHING = 0xFFFFFFFF
MAX_ENTRIES = 20_000


def root_names(path: Path) -> set[str]:
    """The names of the streams and storages at the root. Raises ValueError if damaged."""
    data = path.read_bytes()
    try:
        entries = list(read_directory(data))
        names: set[str] = set()
        to_visit, seen = [entries[0][3]], set()
        while to_visit:
            number = to_visit.pop()
            if number == NOTHING or number in seen:
                continue
            seen.add(number)
            name, left, right, _child = entries[number]
            names.add(name)
            to_visit += [left, right]
    except (struct.error, IndexError) as error:
        raise ValueError("damaged compound file") from error
    return names


def read_directory(data: bytes) -> list[tuple[str, int, int, int]]:
    """The entries of the directory: name, and the numbers of left, right and first child."""
    sector_size = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    table: list[int] = []
    for sector in struct.unpack_from("<109I", data, 76):
        if sector < NOTHING - 5:
            table += struct.unpack_from(f"<{sector_size // 4}I", data, (sector + 1) * sector_size)

    entries: list[tuple[str, int, int, int]] = []
    sector = struct.unpack_from("<I", data, 48)[0]
    while sector < NOTHING - 5 and len(entries) < MAX_ENTRIES:
        start = (sector + 1) * sector_size
        for offset in range(start, start + sector_size, 128):
            name_bytes, left, right, child = struct.unpack_from("<64s4xIII", data, offset)
            name = name_bytes.decode("utf-16-le", errors="replace").partition("\0")[0]
            entries.append((name, left, right, child))
        sector = table[sector]
    return entries
