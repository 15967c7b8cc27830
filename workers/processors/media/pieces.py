"""How long a piece of sound may be, so that it stays within a provider's limits."""

from __future__ import annotations

from math import inf

BITS_PER_SECOND = 32_000
"""Of the pieces, in Opus: clear speech."""
BYTES_PER_SECOND = BITS_PER_SECOND / 8 * 1.2
"""With Ogg's frame around it and some room."""
HEADER_BYTES = 1_000
LEAST_SECONDS = 1.0


def most_seconds(max_bytes: int | None, max_seconds: float | None) -> float:
    """How long a piece may be; infinity without limits.

    Raises ValueError for limits in which not even a second fits.
    """
    by_size = inf if max_bytes is None else (max_bytes - HEADER_BYTES) / BYTES_PER_SECOND
    longest = min(by_size, inf if max_seconds is None else max_seconds)
    if longest < LEAST_SECONDS:
        raise ValueError(f"no piece of sound fits into {max_bytes} bytes and {max_seconds} s")
    return longest
