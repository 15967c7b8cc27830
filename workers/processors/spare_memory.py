"""What a sandbox's child may still take."""

from __future__ import annotations

import resource
from pathlib import Path


def check_memory(size: int) -> None:
    """Raises MemoryError if `size` bytes are more than the process may still take.

    Where that is known beforehand, it saves the time in which the memory fills up.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if allowed == resource.RLIM_INFINITY:
        return
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except OSError:
        return
    if size > allowed - pages * resource.getpagesize():
        raise MemoryError
