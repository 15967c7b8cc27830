"""batch.take_provider_shares and hold_provider: one limit over all workers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.database import Sql

START = datetime(2026, 6, 30, 12, tzinfo=UTC)


class Worker:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._id = sql.worker()
        self._in_flight = 0

    def take(self, wanted: int, returned: int = 0) -> int:
        self._in_flight -= returned
        granted = self.ask(wanted)
        self._in_flight += granted
        return granted

    def ask(self, wanted: int) -> int:
        granted, retry_after, _ = self._sql.row(
            "select * from batch.take_provider_shares(%s, 'groq', %s, %s)",
            self._id, wanted, self._in_flight,
        )  # fmt: skip
        assert (retry_after > 0) == (granted < wanted)
        return int(granted)

    def is_limited(self) -> bool:
        return bool(
            self._sql.row("select * from batch.take_provider_shares(%s, 'groq', 0, 0)", self._id)[2]
        )


def after(sql: Sql, seconds: float) -> None:
    sql.at((START + timedelta(seconds=seconds)).isoformat())
    sql.run("update batch.workers set last_seen_at = batch.clock()")


def limit(sql: Sql, requests_per_minute: int | None, max_in_flight: int | None) -> None:
    sql.run(
        "insert into batch.provider_limits values ('groq', %s, %s)"
        " on conflict (provider) do update set requests_per_minute = excluded.requests_per_minute,"
        " max_in_flight = excluded.max_in_flight",
        requests_per_minute, max_in_flight,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _start(sql: Sql) -> None:
    after(sql, 0)


def test_without_a_limit_everything_is_granted_and_nobody_need_ask(sql: Sql) -> None:
    worker = Worker(sql)

    assert worker.take(50) == 50
    assert not worker.is_limited()


def test_two_workers_share_the_requests_of_a_minute(sql: Sql) -> None:
    limit(sql, requests_per_minute=60, max_in_flight=None)
    one, two = Worker(sql), Worker(sql)
    granted = 0

    for second in range(60):
        after(sql, second)
        granted += one.take(5) + two.take(5)

    assert granted == 60


def test_unused_allowance_is_kept_for_a_second_at_most(sql: Sql) -> None:
    limit(sql, requests_per_minute=600, max_in_flight=None)
    worker = Worker(sql)
    worker.take(1)

    after(sql, 3600)

    assert worker.take(1000) == 10


def test_a_slow_limit_grants_one_when_its_time_has_come(sql: Sql) -> None:
    limit(sql, requests_per_minute=6, max_in_flight=None)
    worker = Worker(sql)
    assert worker.take(1) == 1

    after(sql, 9)
    assert worker.take(1) == 0

    after(sql, 10)
    assert worker.take(1) == 1


def test_requests_in_flight_are_limited_over_all_workers(sql: Sql) -> None:
    limit(sql, requests_per_minute=None, max_in_flight=5)
    one, two = Worker(sql), Worker(sql)

    assert one.take(4) == 4
    assert two.take(4) == 1
    assert two.take(1) == 0
    assert two.take(3, returned=1) == 1
    assert one.take(1, returned=4) == 1


def test_an_answer_that_was_lost_takes_no_share_away(sql: Sql) -> None:
    limit(sql, requests_per_minute=None, max_in_flight=2)
    worker = Worker(sql)

    assert worker.ask(2) == 2  # and nobody heard it
    assert worker.take(2) == 2


def test_a_worker_that_waits_for_others_to_end_does_not_ask_all_the_time(sql: Sql) -> None:
    limit(sql, requests_per_minute=6000, max_in_flight=1)
    one, two = Worker(sql), Worker(sql)
    one.take(1)

    assert two.take(1) == 0
    assert sql.value(
        "select retry_after_seconds from batch.take_provider_shares(%s, 'groq', 1, 0)", sql.worker()
    ) >= 0.1  # fmt: skip


def test_a_worker_that_died_holds_nothing_up(sql: Sql) -> None:
    limit(sql, requests_per_minute=None, max_in_flight=5)
    dead = Worker(sql)
    dead.take(5)
    sql.run("update batch.workers set last_seen_at = batch.clock() - interval '1 minute'")
    living = Worker(sql)

    assert living.take(3) == 3


def test_a_limit_changed_in_psql_counts_at_once(sql: Sql) -> None:
    limit(sql, requests_per_minute=None, max_in_flight=1)
    worker = Worker(sql)
    assert worker.take(3) == 1

    limit(sql, requests_per_minute=None, max_in_flight=3)

    assert worker.take(3) == 2


def test_a_provider_that_asks_for_rest_gets_it_from_all_workers(sql: Sql) -> None:
    one, two = Worker(sql), Worker(sql)
    sql.run("select batch.hold_provider('groq', 30)")

    assert one.take(1) == two.take(1) == 0

    after(sql, 31)
    assert one.take(1) == two.take(1) == 1


def test_a_shorter_hold_does_not_end_a_longer_one_and_none_lasts_for_ever(sql: Sql) -> None:
    worker = Worker(sql)
    sql.run("select batch.hold_provider('groq', 1e6)")
    sql.run("select batch.hold_provider('groq', 1)")

    after(sql, 599)
    assert worker.take(1) == 0

    after(sql, 601)
    assert worker.take(1) == 1
