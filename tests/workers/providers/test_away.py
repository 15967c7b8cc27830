"""A provider found away is not asked for a while, and then by one for all."""

from __future__ import annotations

import asyncio
import threading

import pytest

from demo.stand_in import Behaviour, StandIn
from tests.workers.providers.conftest import Ask, CountingGate, Speech, Time
from workers.processors.base import ProvidersAway
from workers.providers.answers import Answer
from workers.providers.errand import Errand

QUOTA = {"message": "You exceeded your current quota.", "code": "insufficient_quota"}


def test_a_provider_that_wants_an_hour_is_away_for_an_hour_and_holds_nobody_up(
    stand_in: StandIn, time: Time, gate: CountingGate, ask: Ask
) -> None:
    stand_in.plan("openai", Behaviour(429, headers={"Retry-After": "3600"}))

    def half_an_hour() -> None:
        time.passed += 1801

    first, second, third = ask(3, between=half_an_hour)

    assert isinstance(first, ProvidersAway)
    assert isinstance(second, ProvidersAway)
    assert isinstance(third, Answer)
    assert time.slept == []
    # Who waits at the gate cannot ask the next provider.
    assert gate.hints == []


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (Behaviour(401, {"message": "wrong"}), "put a valid one into OPENAI_API_KEY"),
        (Behaviour(403, {"message": "no access"}), "does not accept the key"),
        (Behaviour(429, QUOTA), "the quota is used up"),
        (Behaviour(400, {"message": "API key not valid."}), "does not accept the key"),
        (Behaviour(402, {"message": "pay"}), "the quota is used up"),
        (Behaviour(404, {"message": "no such model"}), "the model whisper-1"),
        (Behaviour(307, headers={"Location": "https://x.example/"}), "check OPENAI_BASE_URL"),
    ],
    ids=["401", "403", "quota", "400", "402", "404", "redirect"],
)  # fmt: skip
def test_what_concerns_every_request_alike_is_asked_once(
    stand_in: StandIn, time: Time, ask: Ask, behaviour: Behaviour, says: str
) -> None:
    stand_in.always("openai", behaviour)

    first, second = ask(2)

    assert isinstance(first, ProvidersAway)
    assert says in first.reason
    assert first.usage == ()
    assert isinstance(second, ProvidersAway)
    assert second.reason == first.reason
    assert stand_in.asked("openai") == 1
    assert time.slept == []


def test_a_provider_found_away_is_probed_by_one_request_and_comes_back(
    stand_in: StandIn, time: Time, ask: Ask
) -> None:
    stand_in.plan("openai", Behaviour(401), Behaviour(503))

    def later() -> None:
        time.passed += 15

    outcomes = ask(4, between=later)

    assert [type(each) for each in outcomes] == [ProvidersAway, ProvidersAway, Answer, Answer]
    assert time.slept == []


def test_of_many_only_one_probes(stand_in: StandIn, time: Time, speech: Speech) -> None:
    stand_in.always("openai", Behaviour(401))
    asked: list[int] = []

    async def run() -> None:
        async with speech() as transcribe:

            async def once() -> None:
                with pytest.raises(ProvidersAway):
                    await transcribe()

            await once()
            time.passed += 15
            asked.append(stand_in.asked("openai"))
            await asyncio.gather(*(once() for _ in range(8)))
            asked.append(stand_in.asked("openai"))

    asyncio.run(run())

    assert asked == [1, 2]


def test_a_probe_that_is_cancelled_ends_at_once_and_leaves_the_provider_in_reach(
    stand_in: StandIn, time: Time, gate: CountingGate, speech: Speech
) -> None:
    has_come = threading.Event()
    held = Behaviour(hold=threading.Event(), has_come=has_come)
    stand_in.plan("openai", Behaviour(401), held)

    async def run() -> Answer:
        async with speech() as transcribe:
            with pytest.raises(ProvidersAway):
                await transcribe()
            time.passed += 15
            probe = asyncio.ensure_future(transcribe())
            assert await asyncio.to_thread(has_come.wait, 20)
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe
            return await transcribe()

    assert asyncio.run(run()).text
    assert gate.inside == 0


@pytest.mark.parametrize("stumbles", [[], [Behaviour(500)], [Behaviour(429)]])
def test_for_a_job_resumed_since_a_provider_found_away_is_asked_at_once_and_in_earnest(
    stand_in: StandIn, time: Time, speech: Speech, stumbles: list[Behaviour]
) -> None:
    stand_in.plan("openai", Behaviour(429, QUOTA), *stumbles)

    async def run() -> list[str | None]:
        async with speech() as transcribe:

            async def ask(since: float) -> str | None:
                with Errand(since):
                    try:
                        await transcribe()
                    except ProvidersAway as away:
                        return away.reason
                return None

            first = await ask(since=0)
            time.passed += 1
            stale = await ask(since=0)
            resumed = await asyncio.gather(*(ask(since=1) for _ in range(8)))
        return [first, stale, *resumed]

    first, stale, *resumed = asyncio.run(run())

    assert first is not None
    assert "add credit" in first
    assert stale == first
    assert resumed == [None] * 8
