"""The machine that was measured on, so that a reader can judge absolute figures."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from statistics import median
from typing import Any


def facts(folder: Path) -> dict[str, Any]:
    """What it is and what else it was doing; `folder` is on the disk of the database."""
    return {
        "cpu": _line("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gb": round(int(_line("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "fsync_ms": round(_fsync_ms(folder), 3),
        "load_average": load(),
    }


def load() -> float:
    """Processes that wanted to run in the last minute, on average."""
    return round(os.getloadavg()[0], 2)


def _line(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"


def _fsync_ms(folder: Path) -> float:
    """How long the disk takes to keep 8 kB, as a commit asks it to."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / "fsync.probe"
    took = []
    try:
        with probe.open("wb", buffering=0) as file:
            for _ in range(100):
                file.write(b"\0" * 8192)
                began = time.perf_counter()
                os.fdatasync(file.fileno())
                took.append((time.perf_counter() - began) * 1000)
    finally:
        probe.unlink(missing_ok=True)
    return median(took)
