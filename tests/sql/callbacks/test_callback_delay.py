"""batch.callback_delay: seconds at first, hours in the end, about a day in all."""

from __future__ import annotations

from datetime import timedelta

from tests.database import Sql


def delays(sql: Sql) -> list[timedelta | None]:
    return [
        delay
        for (delay,) in sql.rows("select batch.callback_delay(n) from generate_series(1, 10) as n")
    ]


def test_it_grows_from_seconds_to_hours_and_ends_with_the_tenth(sql: Sql) -> None:
    *waits, last = delays(sql)

    assert last is None
    for wait, usual in zip(waits, [5, 20, 80, 320, 1280, 5120, 20480, 28800, 28800], strict=True):
        assert wait is not None
        assert 0.8 * usual <= wait.total_seconds() <= 1.2 * usual


def test_all_attempts_together_take_about_a_day(sql: Sql) -> None:
    whole = sum((wait for wait in delays(sql) if wait is not None), timedelta())

    assert timedelta(hours=18) < whole < timedelta(hours=29)


def test_chance_keeps_them_apart(sql: Sql) -> None:
    found = {delay for (delay,) in sql.rows(
        "select batch.callback_delay(3) from generate_series(1, 20)"
    )}  # fmt: skip

    assert len(found) > 10


def test_far_too_many_failures_are_no_trouble(sql: Sql) -> None:
    assert sql.value("select batch.callback_delay(2000000000)") is None
