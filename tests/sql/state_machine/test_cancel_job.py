"""batch.cancel_job: in each status, and what becomes of the slices."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed

CANCEL = "select status::text from batch.cancel_job(%s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    """A planned job of 64 items in several slices."""
    chat = add_chat(sql)
    chat.add_many(64)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def test_a_pending_job_is_cancelled_before_it_began(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    assert sql.value(CANCEL, job_id) == "cancelled"

    job = sql.job(job_id)
    assert (job["status"], job["started_at"], job["total_items"]) == ("cancelled", None, 0)
    assert job["completed_at"] is not None


def test_a_processing_job_is_cancelled_with_its_waiting_slices(sql: Sql, job_id: UUID) -> None:
    assert sql.value(CANCEL, job_id) == "cancelled"

    assert {state for _, _, state in sql.slices(job_id)} == {"done"}
    assert sql.take(job_id, 1, sql.worker()) == []


def test_a_paused_job_is_cancelled(sql: Sql, job_id: UUID) -> None:
    sql.run("select batch.pause_job(%s)", job_id)

    assert sql.value(CANCEL, job_id) == "cancelled"
    assert {state for _, _, state in sql.slices(job_id)} == {"done"}


@pytest.mark.parametrize("ended", ["completed", "failed", "cancelled"])
def test_an_ended_job_cannot_be_cancelled(sql: Sql, job_id: UUID, ended: str) -> None:
    if ended == "completed":
        sql.work_off(job_id)
    elif ended == "failed":
        sql.run("select batch.fail_job(%s, 'for a test')", job_id)
    else:
        sql.run("select batch.cancel_job(%s)", job_id)
    before = sql.job(job_id)

    with sql.refused("BJ409") as caught:
        sql.value(CANCEL, job_id)

    assert caught[0].diag.message_primary == (
        f"batch job {job_id} is {ended} and cannot be cancelled"
    )
    assert sql.job(job_id) == before


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.value(CANCEL, uuid4())


def test_what_is_in_hand_is_still_recorded_and_counted(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    first, last, _ = sql.slices(job_id)[0]
    sql.take(job_id, first, worker)
    sql.value(CANCEL, job_id)

    told = sql.record(worker, processed(job_id, first, first, cost="0.25", tokens=7))
    sql.finish(job_id, first, worker)

    assert told == [(job_id, True)]
    job = sql.job(job_id)
    assert (job["status"], job["processed_items"]) == ("cancelled", 1)
    assert (str(job["total_cost_usd"]), job["total_tokens"]) == ("0.25000000", 7)
    assert last > first
    assert sql.rows("select * from batch.audit()") == []


def test_the_slice_in_hand_stays_its_worker_s_until_it_is_given_back(
    sql: Sql, job_id: UUID
) -> None:
    worker = sql.worker()
    first = sql.slices(job_id)[0][0]
    sql.take(job_id, first, worker)

    sql.value(CANCEL, job_id)

    assert sql.slices(job_id)[0][2] == "running"
    assert [state for _, _, state in sql.slices(job_id)].count("running") == 1


def test_a_cancelled_job_keeps_its_counts(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    first, last, _ = sql.slices(job_id)[0]
    taken = sql.take(job_id, first, worker)
    sql.record(worker, *(processed(job_id, first, seq) for seq in taken))
    sql.finish(job_id, first, worker)

    sql.value(CANCEL, job_id)

    job = sql.job(job_id)
    assert job["processed_items"] == last - first + 1
    assert 0 < job["progress_percent"] < 100
    assert job["estimated_completion"] is None
    assert job["current_item"] is None
