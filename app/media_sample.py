"""How large media files are, for estimates: a look at some of them in the media folder.

Only sizes are looked up. Files are strangers': what is in them, workers read in their sandboxes.
"""

from __future__ import annotations

import stat
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

LONGEST_SECONDS = 1.0
"""A folder on a slow network holds up no estimate."""


def mean_sizes(folder: Path, files: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The mean size in bytes of each content type's files that are there.

    `files` are (content type, path relative to `folder`), as `batch.sample_media` gives them.
    Reads the file system; call it in a thread.
    """
    sizes: defaultdict[str, list[int]] = defaultdict(list)
    deadline = time.monotonic() + LONGEST_SECONDS
    for content_type, local_path in files:
        if time.monotonic() > deadline:
            break
        size = _size(folder, local_path)
        if size is not None:
            sizes[content_type].append(size)
    return {content_type: sum(found) // len(found) for content_type, found in sizes.items()}


def _size(folder: Path, local_path: str) -> int | None:
    """Of a file in the folder; None of anything else, or if it is not there."""
    try:
        path = (folder / local_path).resolve()
        if not path.is_relative_to(folder.resolve()):
            return None
        facts = path.stat()
    except (OSError, ValueError, RuntimeError):
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None
