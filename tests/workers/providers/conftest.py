from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from demo.stand_in import StandIn
from workers.providers.timing import Clock

BEGINNING = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@dataclass
class Time:
    """Time that passes only when somebody sleeps."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list)
    chance: float = 1.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.passed,
            now=lambda: BEGINNING + timedelta(seconds=self.passed),
            sleep=self.sleep,
            chance=lambda: self.chance,
        )


@dataclass
class CountingGate:
    """Lets everybody through, and remembers who came and what was hinted."""

    entered: list[str] = field(default_factory=list)
    inside: int = 0
    hints: list[tuple[str, float]] = field(default_factory=list)

    @asynccontextmanager
    async def share(self, provider: str) -> AsyncIterator[None]:
        self.entered.append(provider)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    async def wait_hint(self, provider: str, seconds: float) -> None:
        self.hints.append((provider, seconds))


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def gate() -> CountingGate:
    return CountingGate()
