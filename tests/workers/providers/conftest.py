from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from demo.stand_in import StandIn
from workers.processors.base import ProcessingFailed, ProvidersAway
from workers.providers import openai
from workers.providers.answers import Answer
from workers.providers.exchange import Account, Exchange
from workers.providers.timing import Clock, Patience

SOUND = b"sound" * 2000
"""5 seconds to the stand-in."""
Speech = Callable[..., AbstractAsyncContextManager[Callable[..., Awaitable[Answer]]]]
Ask = Callable[..., list[Answer | Exception]]

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


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.ogg"
    path.write_bytes(SOUND)
    return path


@pytest.fixture
def speech(stand_in: StandIn, time: Time, gate: CountingGate, sound: Path) -> Speech:
    """Opens one client of OpenAI, which transcribes `sound` as often as it is called."""

    @asynccontextmanager
    async def opened(
        key: str = "sk-secret-of-mine",
        base_url: str | None = None,
        patience: Patience = Patience(),  # noqa: B008
    ) -> AsyncIterator[Callable[..., Awaitable[Answer]]]:
        account = Account("openai", base_url or stand_in.base_url("openai"), key, "OPENAI")
        exchange = Exchange(account, gate, patience, time.clock)
        transcriber = openai.transcriber(exchange, "whisper-1", "")

        def transcribe(seconds: int = 5) -> Awaitable[Answer]:
            """Of a sound of which we know this length."""
            return transcriber.transcribe(
                sound, seconds=Decimal(seconds), language=None, caption=None
            )

        try:
            yield transcribe
        finally:
            await exchange.close()

    return opened


@pytest.fixture
def ask(speech: Speech) -> Ask:
    """Has one client of OpenAI transcribe, once or more often, and tells what came of it."""

    def ask(
        times: int = 1,
        *,
        together: bool = False,
        between: Callable[[], None] = lambda: None,
        patience: Patience = Patience(),  # noqa: B008
        **how: str,
    ) -> list[Answer | Exception]:
        async def run() -> list[Answer | Exception]:
            async with speech(patience=patience, **how) as transcribe:

                async def once() -> Answer | Exception:
                    try:
                        return await transcribe()
                    except (ProcessingFailed, ProvidersAway) as error:
                        return error

                if together:
                    return list(await asyncio.gather(*(once() for _ in range(times))))
                outcomes = []
                for turn in range(times):
                    if turn:
                        between()
                    outcomes.append(await once())
                return outcomes

        return asyncio.run(run())

    return ask
