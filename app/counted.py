"""Numbers in words for people."""

from __future__ import annotations


def counted(count: int, one: str) -> str:
    """`1 job`, `2 jobs`: for words whose plural ends in s."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
