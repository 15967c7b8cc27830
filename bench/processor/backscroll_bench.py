"""Processors that take no time, or a given time, so that only the service is measured.

They reach the workers as any package's do: through the entry points `backscroll.processors`.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from workers.processors.base import Extraction, Medium

TEXT = "a text of two hundred characters, as long as a voice note of a quarter of a minute. " * 3
TEXT = TEXT[:200]


class Instant:
    """Returns at once."""

    async def process(self, medium: Medium) -> Extraction:
        return Extraction(text=TEXT, provider="local", model="bench")

    async def close(self) -> None:
        """Has nothing to give back."""


class Slow(Instant):
    """Takes BENCH_ITEM_SECONDS, which is waiting, not work.

    It writes when each item begins into the file BENCH_BEGUN, a line each (seconds since 1970).
    """

    def __init__(self) -> None:
        self._seconds = float(os.environ.get("BENCH_ITEM_SECONDS", "1"))
        self._begun = Path(os.environ.get("BENCH_BEGUN", os.devnull))

    async def process(self, medium: Medium) -> Extraction:
        with self._begun.open("a") as begun:
            begun.write(f"{time.time()}\n")
        await asyncio.sleep(self._seconds)
        return await super().process(medium)
