"""A provider is asked again when that helps, and never more often than it may cost."""

from __future__ import annotations

import asyncio
import socket
import threading
from decimal import Decimal

import pytest

from demo.stand_in import Behaviour, StandIn
from demo.stand_in_routes import digest
from tests.workers.providers.conftest import SOUND, Ask, CountingGate, Speech, Time
from workers.processors.base import ProcessingFailed, ProvidersAway
from workers.providers.answers import Answer
from workers.providers.timing import Patience

HASTY = Patience(timeout=2)
"""For the tests that wait until it is over: on a busy machine, answers too take their time."""


def test_an_answer_carries_text_language_and_what_it_used(stand_in: StandIn, ask: Ask) -> None:
    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert answer.text == f"spoken words of {digest(SOUND)}"
    assert answer.language == "en"
    (usage,) = answer.usage
    assert usage.audio_seconds == Decimal("5.0")
    assert (usage.provider, usage.model, usage.input_tokens) == ("openai", "whisper-1", 0)
    assert stand_in.received[0].key == "sk-secret-of-mine"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_fault_of_the_provider_is_asked_again_with_growing_pauses(
    stand_in: StandIn, time: Time, ask: Ask, status: int
) -> None:
    stand_in.plan("openai", *[Behaviour(status)] * 3)

    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert len(answer.usage) == 1
    assert time.slept == [0.5, 1.0, 2.0]


def test_pauses_are_jittered_from_nothing_to_their_bound(
    stand_in: StandIn, time: Time, ask: Ask
) -> None:
    stand_in.plan("openai", *[Behaviour(500)] * 3)
    time.chance = 0.25

    ask()

    assert time.slept == [0.125, 0.25, 0.5]


def test_an_outage_ends_in_providers_away_with_a_reason(stand_in: StandIn, ask: Ask) -> None:
    stand_in.always("openai", Behaviour(503, {"message": "overloaded"}))

    (away,) = ask()

    assert isinstance(away, ProvidersAway)
    assert stand_in.asked("openai") == 4
    assert away.reason == (
        "openai does not answer (503 overloaded; asked 4 times); resume when it is back"
    )
    assert away.usage == ()


@pytest.mark.parametrize(("attempts", "often"), [(1, "once"), (2, "twice"), (3, "3 times")])
def test_it_says_how_often_it_asked(stand_in: StandIn, ask: Ask, attempts: int, often: str) -> None:
    stand_in.always("openai", Behaviour(503, {"message": "overloaded"}))

    (away,) = ask(patience=Patience(attempts=attempts))

    assert isinstance(away, ProvidersAway)
    assert f"asked {often})" in away.reason


def test_nobody_listening_is_an_outage(time: Time, ask: Ask) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))

        (away,) = ask(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}/v1")

    assert isinstance(away, ProvidersAway)
    assert away.usage == ()
    assert len(time.slept) == 3


@pytest.mark.parametrize(
    "broken",
    [
        Behaviour(resets=True),
        Behaviour(hangs_up_after=10),
        Behaviour(body=b'{"text": "cut of'),
        Behaviour(body=b"[]"),
        Behaviour(answer={"words": "none"}),
    ],
    ids=["reset", "hung up", "malformed", "no object", "no text"],
)
def test_a_request_that_may_have_been_billed_is_sent_once_more_and_counted(
    stand_in: StandIn, ask: Ask, broken: Behaviour
) -> None:
    stand_in.plan("openai", broken)

    (answer,) = ask()

    assert_asked_twice(answer, stand_in)


def test_an_answer_that_trickles_is_given_up_and_asked_for_once_more(
    stand_in: StandIn, ask: Ask
) -> None:
    stand_in.plan("openai", Behaviour(bytes_per_second=10))

    (answer,) = ask(patience=HASTY)

    assert_asked_twice(answer, stand_in)


def assert_asked_twice(answer: Answer | Exception, stand_in: StandIn) -> None:
    """Both requests are on the bill, as they are on the provider's."""
    assert isinstance(answer, Answer)
    assert [each.audio_seconds for each in answer.usage] == [Decimal("5.0")] * 2
    assert sum(each.audio_seconds for each in stand_in.billed) == 10


def test_a_timeout_after_sending_is_sent_once_more_and_no_more(stand_in: StandIn, ask: Ask) -> None:
    stand_in.always("openai", Behaviour(hold=threading.Event()))

    (away,) = ask(patience=HASTY)

    assert isinstance(away, ProvidersAway)
    assert stand_in.asked("openai") == 2
    assert "no answer within 2 s" in away.reason
    assert [each.audio_seconds for each in away.usage] == [Decimal(5)] * 2


def test_nonsense_fails_the_medium_alone_until_it_comes_again_and_again(
    stand_in: StandIn, ask: Ask
) -> None:
    stand_in.always("openai", Behaviour(body=b"gibberish"))

    first, second, third = ask(3)

    assert isinstance(first, ProcessingFailed)
    assert isinstance(second, ProcessingFailed)
    assert (first.code, len(first.usage)) == ("provider_error", 2)
    assert isinstance(third, ProvidersAway)


def test_a_web_page_means_a_wrong_address(stand_in: StandIn, ask: Ask) -> None:
    page = Behaviour(body=b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})
    stand_in.plan("openai", page)

    (away,) = ask()

    assert isinstance(away, ProvidersAway)
    assert "check OPENAI_BASE_URL" in away.reason


def test_retry_after_is_honoured_and_told_to_the_others(
    stand_in: StandIn, time: Time, gate: CountingGate, ask: Ask
) -> None:
    time.chance = 0
    stand_in.plan("openai", Behaviour(429, headers={"Retry-After": "7"}))

    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert time.slept == [7.0]
    assert gate.hints == [("openai", 7.0)]


def test_retry_after_may_be_a_date(stand_in: StandIn, time: Time, ask: Ask) -> None:
    time.chance = 0
    stand_in.plan(
        "openai", Behaviour(503, headers={"Retry-After": "Mon, 23 Nov 2026 12:00:09 GMT"})
    )

    ask()

    assert time.slept == [9.0]


def test_a_busy_provider_is_waited_for_longer_than_a_broken_one(
    stand_in: StandIn, ask: Ask
) -> None:
    stand_in.plan("openai", *[Behaviour(429, headers={"Retry-After": "20"})] * 10)

    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert stand_in.asked("openai") == 11


def test_a_provider_busy_for_ever_is_away(stand_in: StandIn, time: Time, ask: Ask) -> None:
    stand_in.always("openai", Behaviour(429, {"message": "slow down"}))

    (away,) = ask()

    assert isinstance(away, ProvidersAway)
    assert 280 < time.passed < 330
    assert "too busy" in away.reason


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "The audio file could not be decoded or its format is not supported."}),
        (413, {"message": "too large"}),
        (400, {"message": "unsafe", "code": "content_policy_violation"}),
    ],
)
def test_a_bad_medium_fails_alone(
    stand_in: StandIn, ask: Ask, status: int, error: dict[str, str]
) -> None:
    stand_in.plan("openai", Behaviour(status, error))

    failure, answer = ask(2)

    assert isinstance(failure, ProcessingFailed)
    assert failure.code == "provider_refused"
    assert error["message"] in failure.message
    assert isinstance(answer, Answer)


def test_a_medium_that_upsets_a_provider_which_answers_others_fails_alone(
    stand_in: StandIn, time: Time, speech: Speech
) -> None:
    stand_in.plan("openai", Behaviour(500))

    async def run() -> Exception | None:
        async def answer_another_then_fail(seconds: float) -> None:
            time.passed += seconds
            await transcribe()
            stand_in.plan("openai", Behaviour(500))

        object.__setattr__(time, "sleep", answer_another_then_fail)
        async with speech(patience=Patience(attempts=2)) as transcribe:
            try:
                await transcribe()
            except (ProcessingFailed, ProvidersAway) as error:
                return error
        return None

    failure = asyncio.run(run())

    assert isinstance(failure, ProcessingFailed)
    assert failure.code == "provider_error"
    assert "failed twice" in failure.message
