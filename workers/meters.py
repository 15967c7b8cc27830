"""What a worker process counts of itself. The database adds up all workers' for /metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds: from a flush of the recorder to a provider's whole patience."""

_Labels = tuple[tuple[str, str], ...]


class Meters:
    """Counters and times that only grow, and gauges; names and labels as Prometheus has them."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, _Labels], float] = defaultdict(float)
        self._gauges: dict[tuple[str, _Labels], float] = defaultdict(float)
        self._times: dict[tuple[str, _Labels], _Times] = defaultdict(_Times)
        self._probes: list[tuple[str, _Labels, Callable[[], float]]] = []

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        self._counters[name, _sorted(labels)] += by

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Adds a time to a histogram."""
        self._times[name, _sorted(labels)].add(seconds)

    def set(self, name: str, value: float, **labels: str) -> None:
        """What a gauge shows now."""
        self._gauges[name, _sorted(labels)] = value

    @contextmanager
    def one_more(self, name: str, **labels: str) -> Iterator[None]:
        """A gauge is one higher for as long as this lasts."""
        key = name, _sorted(labels)
        self._gauges[key] += 1
        try:
            yield
        finally:
            self._gauges[key] -= 1

    def probe(self, name: str, look: Callable[[], float], **labels: str) -> None:
        """A gauge whose value is looked up when it is reported."""
        self._probes.append((name, _sorted(labels), look))

    def report(self) -> list[dict[str, Any]]:
        """All of it, as `batch.heartbeat` takes it."""
        return [
            *(_sample(*key, value) for key, value in self._counters.items()),
            *(
                sample
                for (name, labels), times in self._times.items()
                for sample in times.samples(name, labels)
            ),
            *(_sample(*key, value, is_gauge=True) for key, value in self._gauges.items()),
            *(_sample(name, labels, look(), is_gauge=True) for name, labels, look in self._probes),
        ]


class _Times:
    """How many times were within which bound, and their sum."""

    def __init__(self) -> None:
        self._within = [0] * (len(_BOUNDS) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        self._within[bisect_left(_BOUNDS, seconds)] += 1
        self._sum += seconds

    def samples(self, name: str, labels: _Labels) -> Iterator[dict[str, Any]]:
        total = 0
        for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self._within, strict=True):
            total += count
            yield _sample(f"{name}_bucket", (*labels, ("le", bound)), total)
        yield _sample(f"{name}_count", labels, total)
        yield _sample(f"{name}_sum", labels, self._sum)


def _sorted(labels: Mapping[str, str]) -> _Labels:
    return tuple(sorted(labels.items()))


def _sample(name: str, labels: _Labels, value: float, *, is_gauge: bool = False) -> dict[str, Any]:
    return {"name": name, "labels": dict(labels), "value": value, "is_gauge": is_gauge}
