"""batch.pulse_jobs: progress is told at most four times a second, however many ask."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed

START = "2026-06-30 12:00:00+00"


def pulse(sql: Sql, *jobs: UUID) -> list[UUID]:
    return [job for (job,) in sql.rows("select * from batch.pulse_jobs(%s)", list(jobs))]


def after(sql: Sql, milliseconds: int) -> None:
    sql.at(f"2026-06-30 12:00:{milliseconds // 1000:02}.{milliseconds % 1000:03}+00")


@pytest.fixture
def job_id(own_sql: Sql) -> UUID:
    own_sql.at(START)
    chat = add_chat(own_sql)
    chat.add_many(3)
    return own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def test_progress_is_told_with_the_counts_of_now(
    own_sql: Sql, other_sql: Sql, job_id: UUID
) -> None:
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    own_sql.record(worker, processed(job_id, 1, 1))
    other_sql.run("listen batch_jobs")
    after(own_sql, 250)

    assert pulse(own_sql, job_id) == [job_id]

    other_sql.run("select 1")
    (told,) = other_sql.connection.notifies(timeout=0)
    assert json.loads(told.payload)["processedItems"] == 1
    assert json.loads(told.payload)["status"] == "processing"


def test_four_times_a_second_is_the_most(own_sql: Sql, job_id: UUID) -> None:
    told = []
    for milliseconds in range(10, 2001, 10):
        after(own_sql, milliseconds)
        told += pulse(own_sql, job_id)

    assert len(told) == 8


def test_each_job_has_its_own_measure(own_sql: Sql, job_id: UUID) -> None:
    after(own_sql, 250)
    pulse(own_sql, job_id)
    chat = add_chat(own_sql)
    chat.add()
    own_sql.at(START)
    other = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    after(own_sql, 300)

    assert pulse(own_sql, job_id, other) == [other]


def test_a_pulse_never_waits_for_another(own_sql: Sql, other_sql: Sql, job_id: UUID) -> None:
    after(own_sql, 250)
    after(other_sql, 250)
    other_sql.run("set lock_timeout = '5s'")

    with own_sql.uncommitted():
        first = pulse(own_sql, job_id)
        second = pulse(other_sql, job_id)

    assert (first, second) == ([job_id], [])


def test_jobs_that_have_ended_or_never_began_have_no_pulse(own_sql: Sql, job_id: UUID) -> None:
    own_sql.run("select batch.cancel_job(%s)", job_id)
    pending = own_sql.create(jobType="time_based_batch", daysBack=7)
    after(own_sql, 5000)

    assert pulse(own_sql, job_id, pending, uuid4()) == []
    assert pulse(own_sql) == []
