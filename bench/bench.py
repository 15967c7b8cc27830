"""What a suite is given to work with."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.server import BenchDatabase, BenchServer

IN_MEMORY = Path("/dev/shm")
PEERS = Path(__file__).resolve().parent / ".peers"


@dataclass(frozen=True)
class Bench:
    """The server, and how large everything is: `scale` 1 as the bars are meant."""

    server: BenchServer
    folder: Path
    scale: float = 1.0

    def sized(self, count: int, least: int = 1) -> int:
        """`count`, scaled, but no less than `least`."""
        return max(least, round(count * self.scale))

    @contextmanager
    def database(self, name: str) -> Iterator[BenchDatabase]:
        """A migrated database for one measurement."""
        with self.server.database(name) as database:
            yield database

    @contextmanager
    def media(self) -> Iterator[Path]:
        """A folder for media: in memory where that is possible, since only reading is measured."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else self.folder
        folder = Path(tempfile.mkdtemp(prefix="backscroll-bench-", dir=place))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began
