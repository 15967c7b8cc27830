"""Every request passes the gate, side by side with others, and nobody is told the key."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from demo.stand_in import Behaviour, StandIn
from tests.workers.providers.conftest import SOUND, Ask, CountingGate, Time
from workers.processors.base import ProvidersAway
from workers.providers import groq
from workers.providers.answers import Answer
from workers.providers.exchange import Account, Exchange
from workers.providers.timing import Patience


def test_every_request_passes_the_gate_and_nobody_waits_inside(
    stand_in: StandIn, time: Time, gate: CountingGate, ask: Ask
) -> None:
    stand_in.plan("openai", Behaviour(500), Behaviour(429))
    inside: list[int] = []
    original = time.sleep

    async def sleep(seconds: float) -> None:
        inside.append(gate.inside)
        await original(seconds)

    object.__setattr__(time, "sleep", sleep)

    ask()

    assert gate.entered == ["openai"] * 3
    assert inside == [0, 0]


class Together(threading.Event):
    """Is waited for until so many wait for it."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._barrier = threading.Barrier(count)

    def wait(self, timeout: float | None = None) -> bool:
        self._barrier.wait(timeout)
        return True


def test_requests_go_side_by_side_over_one_client(stand_in: StandIn, ask: Ask) -> None:
    stand_in.default = Behaviour(hold=Together(8))

    answers = ask(8, together=True)

    assert all(isinstance(each, Answer) for each in answers)
    assert stand_in.most_at_once == 8


def test_no_key_is_ever_told(stand_in: StandIn, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    key = "sk-proj-0123456789abcdef"
    said = f"Incorrect API key provided: {key}, or was it sk-proj-****cdef?"
    stand_in.plan("openai", Behaviour(401, {"message": said}))
    caplog.set_level("DEBUG")

    (away,) = ask(key=key)

    assert isinstance(away, ProvidersAway)
    assert "cdef" not in away.reason
    assert "0123456789" not in away.reason
    assert key not in caplog.text
    assert key not in repr(Account("openai", "http://x", key, "OPENAI"))


def test_without_a_key_no_authorization_is_sent(stand_in: StandIn, ask: Ask) -> None:
    ask(key="")

    assert "authorization" not in stand_in.received[0].headers


def test_groq_is_asked_at_its_own_address(stand_in: StandIn, sound: Path, time: Time) -> None:
    async def run() -> Answer:
        account = Account("groq", stand_in.base_url("groq"), "gsk-1", "GROQ")
        exchange = Exchange(account, CountingGate(), Patience(), time.clock)
        try:
            return await groq.transcriber(exchange, "whisper-large-v3-turbo", "").transcribe(
                sound, seconds=Decimal(1), language="pt-BR", caption=None
            )
        finally:
            await exchange.close()

    answer = asyncio.run(run())

    assert answer.usage[0].provider == "groq"
    (received,) = stand_in.received
    assert received.provider == "groq"
    assert received.fields["language"] == "pt"
    assert received.fields["model"] == "whisper-large-v3-turbo"
    assert received.media == (("audio/ogg", SOUND),)
