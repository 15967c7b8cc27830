"""Zip files from strangers: judged by their table of contents before anything is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from workers.processors.base import ProcessingFailed
from workers.processors.limits import MEGABYTE, DocumentLimits

MAX_MEMBERS = 20_000
MAX_RATIO = 300
"""Repetitive sheets reach 100; the most that deflate can do is 1,032."""


def check_archive(path: Path, limits: DocumentLimits) -> list[str]:
    """The names of the members.

    Raises ProcessingFailed: `file_too_large` for what would unpack to too much, `file_encrypted`,
    `file_unreadable` for what is cut off or not a zip file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise ProcessingFailed(
            "file_unreadable", "the file is cut off or damaged (its zip directory is unreadable)"
        ) from error

    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes or len(members) > MAX_MEMBERS:
        raise ProcessingFailed(
            "file_too_large",
            f"would unpack to {unpacked // MEGABYTE:,} MB in {len(members):,} parts; "
            f"at most {limits.unpacked_bytes // MEGABYTE:,} MB are read",
        )
    for member in members:
        ratio = member.file_size / max(member.compress_size, 1)
        if ratio > MAX_RATIO and member.file_size > 10 * MEGABYTE:
            raise ProcessingFailed(
                "file_too_large", f"a part of the file unpacks to {ratio:,.0f} times its size"
            )
    if any(member.flag_bits & 1 for member in members):
        raise ProcessingFailed("file_encrypted", "the document needs a password")
    return [member.filename for member in members]
