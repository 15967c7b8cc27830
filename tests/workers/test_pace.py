"""Which items are quick: those that nobody needs to be asked about."""

from __future__ import annotations

from uuid import UUID

from workers.pace import Pace
from workers.processors.base import Usage
from workers.results import Result

JOB = UUID(int=1)


def ended(seconds: float, *, usage: tuple[Usage, ...] = ()) -> Result:
    return Result(JOB, 1, 1, started=10.0, finished=10.0 + seconds, usage=usage)


def paced(*seconds: float) -> Pace:
    pace = Pace()
    for each in seconds:
        pace.ended("document", ended(each))
    return pace


def test_nothing_is_quick_before_many_have_been() -> None:
    assert paced(*[0.0001] * 30).quick() == []
    assert paced(*[0.0001] * 100).quick() == ["document"]


def test_what_takes_longer_than_to_ask_is_not() -> None:
    assert paced(*[0.003] * 1000).quick() == []


def test_a_slow_one_makes_all_of_its_kind_slow_until_many_were_quick_again() -> None:
    assert paced(*[0.0001] * 1000, 0.1).quick() == []
    assert paced(*[0.0001] * 1000, 0.1, *[0.0001] * 100).quick() == ["document"]


def test_content_types_are_apart() -> None:
    pace = paced(*[0.0001] * 100)
    pace.ended("image", ended(0.0001))

    assert pace.quick() == ["document"]


def test_what_has_cost_something_is_never_quick() -> None:
    pace = paced(*[0.0001] * 100)
    pace.ended("document", ended(0.0001, usage=(Usage("groq", "whisper"),)))
    for _ in range(1000):
        pace.ended("document", ended(0.0001))

    assert pace.quick() == []
