"""batch.fail_job: a job that itself cannot go on."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed

FAIL = "select status::text from batch.fail_job(%s, %s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(64)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def test_a_failed_job_says_why(sql: Sql, job_id: UUID) -> None:
    assert sql.value(FAIL, job_id, "the disk is full") == "failed"

    job = sql.job(job_id)
    assert (job["status"], job["error_message"]) == ("failed", "the disk is full")
    assert job["completed_at"] is not None
    assert sql.value(
        "select details from batch.job_events where job_id = %s and type = 'failed'", job_id
    ) == {"reason": "the disk is full"}


def test_its_waiting_slices_are_closed(sql: Sql, job_id: UUID) -> None:
    sql.value(FAIL, job_id, "why")

    assert {state for _, _, state in sql.slices(job_id)} == {"done"}
    assert sql.take(job_id, 1, sql.worker()) == []


def test_a_pending_job_can_fail(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    assert sql.value(FAIL, job_id, "no plan") == "failed"


def test_failing_twice_keeps_the_first_reason(sql: Sql, job_id: UUID) -> None:
    sql.value(FAIL, job_id, "first")

    assert sql.value(FAIL, job_id, "second") == "failed"
    assert sql.job(job_id)["error_message"] == "first"


def test_a_job_that_ended_otherwise_does_not_fail(sql: Sql, job_id: UUID) -> None:
    sql.run("select batch.cancel_job(%s)", job_id)

    with sql.refused("BJ409"):
        sql.value(FAIL, job_id, "too late")

    job = sql.job(job_id)
    assert (job["status"], job["error_message"]) == ("cancelled", None)


def test_what_was_in_hand_still_counts(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.value(FAIL, job_id, "why")

    sql.record(worker, processed(job_id, 1, 1))

    assert sql.job(job_id)["processed_items"] == 1


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.value(FAIL, uuid4(), "why")
