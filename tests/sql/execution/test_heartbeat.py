"""batch.heartbeat and batch.stop_worker: what workers say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.database import Sql, add_chat

BEAT = "select * from batch.heartbeat(%s, '10 seconds')"


def row(sql: Sql, worker: int) -> dict[str, Any]:
    found: dict[str, Any] = sql.value(
        "select to_jsonb(w) from batch.workers as w where id = %s", worker
    )
    return found


def at(sql: Sql, second: int) -> None:
    sql.at(f"2026-06-30 12:00:{second:02}+00")


def test_a_heartbeat_moves_the_time_a_worker_was_last_seen(sql: Sql) -> None:
    at(sql, 0)
    worker = sql.worker()
    at(sql, 5)

    assert sql.rows(BEAT, worker) == []

    assert row(sql, worker)["last_seen_at"] == "2026-06-30T12:00:05+00:00"
    assert row(sql, worker)["alive_since"] == "2026-06-30T12:00:00+00:00"


@pytest.mark.parametrize(("silence", "since"), [(5, 0), (6, 6), (11, 11)])
def test_after_a_gap_a_worker_is_alive_anew(sql: Sql, silence: int, since: int) -> None:
    at(sql, 0)
    worker = sql.worker()
    at(sql, silence)

    sql.rows(BEAT, worker)

    assert row(sql, worker)["alive_since"] == f"2026-06-30T12:00:{since:02}+00:00"


@pytest.mark.parametrize(("up_for", "since"), [(5, 0), (6, 30)])
def test_a_gap_is_what_was_silence_while_the_database_was_up(
    sql: Sql, up_for: int, since: int
) -> None:
    at(sql, 0)
    worker = sql.worker()
    sql.at("2026-06-30 12:00:30+00", up_since=f"2026-06-30 12:00:{30 - up_for}+00")

    sql.rows(BEAT, worker)

    assert row(sql, worker)["alive_since"] == f"2026-06-30T12:00:{since:02}+00:00"


@pytest.mark.parametrize(("order", "has_ended"), [("pause_job", False), ("cancel_job", True)])
def test_a_heartbeat_tells_what_a_lost_notification_would_have_told(
    sql: Sql, order: str, has_ended: bool
) -> None:
    chat = add_chat(sql)
    chat.add_many(100)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker, other = sql.worker(), sql.worker()
    for first, _, _ in sql.slices(job_id)[:2]:
        sql.take(job_id, first, worker)
    sql.run(f"select batch.{order}(%s)", job_id)

    assert sql.rows(BEAT, worker) == [(job_id, has_ended)]
    assert sql.rows(BEAT, other) == []


def test_a_job_that_goes_on_is_not_told(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add()
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = sql.worker()
    sql.take(job_id, 1, worker)

    assert sql.rows(BEAT, worker) == []


def test_a_worker_that_beats_again_has_not_stopped(sql: Sql) -> None:
    worker = sql.worker()
    sql.run("select batch.stop_worker(%s)", worker)
    assert row(sql, worker)["stopped_at"] is not None

    sql.rows(BEAT, worker)

    assert row(sql, worker)["stopped_at"] is None
