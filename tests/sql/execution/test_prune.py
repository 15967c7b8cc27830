"""batch.prune: what ended jobs leave behind goes after a while, in small steps; totals stay."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql, add_chat

PRUNE = "select batch.prune('90 days', %s)"
LEFT = """
select (select count(*) from batch.items where job_id = %(id)s)::int,
       (select count(*) from batch.item_results where job_id = %(id)s)::int,
       (select count(*) from batch.slices where job_id = %(id)s)::int,
       (select count(*) from batch.job_events where job_id = %(id)s)::int
"""


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    """A job of 120 items that ended at noon on the 31st of March."""
    sql.at("2026-03-31 12:00+00")
    chat = add_chat(sql)
    chat.add_many(120)
    job_id = sql.plan(jobType="time_based_batch", daysBack=3650, instanceId=str(chat.instance_id))
    sql.run("update public.messages set platform_timestamp = '2020-01-01'")
    sql.work_off(job_id)
    return job_id


def left(sql: Sql, job_id: UUID) -> tuple[int, ...]:
    cursor = sql.connection.execute(LEFT, {"id": job_id})
    row = cursor.fetchone()
    assert row is not None
    return tuple(row)


def prune_all(sql: Sql, rows: int = 10_000) -> int:
    steps = 0
    while sql.value(PRUNE, rows):
        steps += 1
        assert steps < 100
    return steps


@pytest.fixture
def empty_job_id(sql: Sql) -> UUID:
    sql.at("2026-03-31 12:00+00")
    job_id = sql.create(jobType="time_based_batch", daysBack=1)
    sql.run("select batch.plan_job(%s)", job_id)
    return job_id


def test_a_job_keeps_its_row_and_its_totals(sql: Sql, job_id: UUID) -> None:
    sql.at("2026-06-29 12:00:01+00")
    before = sql.job(job_id)
    assert before["status"] == "completed"

    prune_all(sql)

    assert left(sql, job_id) == (0, 0, 0, 0)
    assert sql.job(job_id) == before
    assert sql.rows("select * from batch.audit()") == []


def test_what_ended_less_long_ago_stays(sql: Sql, job_id: UUID) -> None:
    sql.at("2026-06-29 12:00:00+00")
    before = left(sql, job_id)

    prune_all(sql)

    assert left(sql, job_id) == before


def test_it_goes_in_small_steps_and_counters_are_right_after_each(sql: Sql, job_id: UUID) -> None:
    sql.at("2026-07-31 12:00+00")
    before = left(sql, job_id)

    sql.run(PRUNE, 50)

    assert left(sql, job_id)[:2] == (before[0] - 50, before[1] - 50)
    assert sql.rows("select * from batch.audit()") == []
    assert prune_all(sql, 50) >= 2
    assert left(sql, job_id) == (0, 0, 0, 0)


def test_a_job_that_has_not_ended_is_left_alone(sql: Sql) -> None:
    sql.at("2026-03-31 12:00+00")
    chat = add_chat(sql)
    chat.add_many(3)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    before = left(sql, job_id)

    sql.at("2030-01-01 12:00+00")
    prune_all(sql)

    assert left(sql, job_id) == before


def test_a_cancelled_job_whose_worker_has_not_given_back_its_slice_is_left_alone(sql: Sql) -> None:
    sql.at("2026-03-31 12:00+00")
    chat = add_chat(sql)
    chat.add_many(3)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    sql.take(job_id, 1, sql.worker())
    sql.run("select batch.cancel_job(%s)", job_id)

    sql.at("2030-01-01 12:00+00")
    prune_all(sql)

    assert left(sql, job_id)[0] == 3


def test_workers_that_are_long_gone_and_old_idempotency_keys_go_too(sql: Sql) -> None:
    sql.at("2026-03-31 12:00+00")
    sql.worker()
    key = sql.value("select id from batch.create_api_key('x')")
    sql.run(
        "insert into batch.idempotency_keys (api_key_id, idempotency_key, request_sha256,"
        " created_at) values (%s, 'k', 'x', batch.clock())",
        key,
    )

    sql.at("2030-01-01 12:00+00")
    prune_all(sql)

    assert sql.value("select count(*) from batch.workers") == 0
    assert sql.value("select count(*) from batch.idempotency_keys") == 0


def test_an_empty_job_is_pruned_once(sql: Sql, empty_job_id: UUID) -> None:
    sql.at("2030-01-01 12:00+00")

    prune_all(sql)

    assert left(sql, empty_job_id) == (0, 0, 0, 0)
    assert sql.rows("select * from batch.prunable_jobs('90 days')") == []


def test_what_was_told_goes_too_and_what_is_still_to_be_told_stays(sql: Sql, job_id: UUID) -> None:
    sql.run(
        "insert into batch.callbacks"
        " (job_id, type, url, payload, created_at, state, ended_at, next_attempt_at)"
        " select %s, 'batch_job.paused', 'http://x/', '{}', t, s,"
        " case when s <> 'queued' then t end, case when s = 'queued' then t end"
        " from unnest(enum_range(null::batch.callback_state)) as s,"
        " lateral (select batch.clock()) as times (t)",
        job_id,
    )
    sql.at("2026-07-31 12:00+00")

    prune_all(sql)

    assert sql.rows("select state::text from batch.callbacks where job_id = %s", job_id) == [
        ("queued",)
    ]
