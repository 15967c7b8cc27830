"""When to ask again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from tests.workers.providers.conftest import Time
from workers.providers.breaker import Breaker
from workers.providers.languages import code_of, primary
from workers.providers.timing import Patience, retry_after

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 12:01:00 -0000", 60.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_pauses_double_up_to_a_bound() -> None:
    patience = Patience(first_pause=0.5, longest_pause=20)

    assert [patience.pause(n, 1.0) for n in (1, 2, 3, 6, 7, 5000)] == [0.5, 1, 2, 16, 20, 20]
    assert patience.pause(3, 0.0) == 0


def test_an_open_breaker_lets_one_through_and_the_others_wait_for_what_it_finds() -> None:
    time = Time()
    breaker = Breaker(lambda: time.passed)

    async def run() -> None:
        breaker.open("no key", 10)
        assert await breaker.enter() == "no key"
        time.passed = 10
        assert await breaker.enter() is None
        others = [asyncio.create_task(breaker.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(other.done() for other in others)

        breaker.open("still no key", 10)

        assert await asyncio.gather(*others) == ["still no key"] * 3

    asyncio.run(run())


def test_when_the_probe_is_answered_everybody_may_ask() -> None:
    time = Time()
    breaker = Breaker(lambda: time.passed)

    async def run() -> None:
        breaker.open("no key", 10)
        time.passed = 10
        assert await breaker.enter() is None
        others = [asyncio.create_task(breaker.enter()) for _ in range(3)]
        await asyncio.sleep(0)

        breaker.close()

        assert await asyncio.gather(*others) == [None] * 3
        assert not breaker.is_probed

    asyncio.run(run())


def test_when_the_probe_finds_nothing_out_another_probes() -> None:
    time = Time()
    breaker = Breaker(lambda: time.passed)

    async def run() -> None:
        breaker.open("no key", 10)
        time.passed = 10
        assert await breaker.enter() is None
        first, second = (asyncio.create_task(breaker.enter()) for _ in range(2))
        await asyncio.sleep(0)

        breaker.leave()

        await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
        assert [first.done(), second.done()] == [True, False]
        breaker.close()
        assert await second is None

    asyncio.run(run())


def test_what_was_found_before_a_job_was_resumed_counts_no_more_for_it() -> None:
    time = Time(passed=100)
    breaker = Breaker(lambda: time.passed)

    async def run() -> None:
        breaker.open("no key", 10)
        assert await breaker.enter(since=99) == "no key"

        assert await breaker.enter(since=101) is None

        assert breaker.is_probed

    asyncio.run(run())


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("Portuguese", "pt"),
        ("en", "en"),
        ("yue", "yue"),
        ("x" * 11, None),
        (None, None),
        ("", None),
    ],
)
def test_languages_are_stored_as_codes(told: object, code: str | None) -> None:
    assert code_of(told) == code


def test_speech_models_know_no_regions() -> None:
    assert [primary(each) for each in ("pt-BR", "zh_Hans", "de", None)] == ["pt", "zh", "de", None]
