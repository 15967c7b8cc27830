"""When to ask again: backoff with full jitter, and what `Retry-After` says."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, so that tests need neither."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """From 0 to 1."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a provider is asked. Times in seconds."""

    timeout: float = 120.0
    """For one request with its whole answer."""
    attempts: int = 4
    """At a request that fails by the provider's fault and was not billed."""
    first_pause: float = 0.5
    longest_pause: float = 20.0
    longest_retry_after: float = 60.0
    """A provider that asks for more is left alone, and the next one is asked."""
    busy_seconds: float = 300.0
    """How long in all a request waits for a provider that says that it is busy."""
    away_seconds: float = 15.0
    """How long a provider that was found away is not asked again by this process."""

    def pause(self, failures: int, chance: float) -> float:
        """Full jitter: anything up to a bound that doubles with every failure (from 1)."""
        bound = min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, 16))
        return bound * chance


def retry_after(header: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for, from now; None if it says nothing.

    RFC 9110, 10.2.3: a number of seconds, or a date; providers also send fractions.
    """
    if header is None:
        return None
    header = header.strip()
    if header.replace(".", "", 1).isascii() and header.replace(".", "", 1).isdigit():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return None
    if date.tzinfo is None:  # "-0000", which says that the zone is unknown
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())
