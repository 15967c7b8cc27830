"""batch.pause_job: nothing begins any more; what is in hand ends and counts."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed

PAUSE = "select status::text from batch.pause_job(%s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(64)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def test_no_slice_of_a_paused_job_can_be_taken(sql: Sql, job_id: UUID) -> None:
    assert sql.value(PAUSE, job_id) == "paused"

    assert sql.take(job_id, 1, sql.worker()) == []
    assert {state for _, _, state in sql.slices(job_id)} == {"queued"}


def test_pausing_twice_changes_nothing(sql: Sql, job_id: UUID) -> None:
    sql.value(PAUSE, job_id)
    before = sql.job(job_id)

    assert sql.value(PAUSE, job_id) == "paused"
    assert sql.job(job_id) == before


def test_what_is_in_hand_counts_and_opens_no_new_slice(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    slices = sql.slices(job_id)
    first = slices[0][0]
    taken = sql.take(job_id, first, worker)
    sql.value(PAUSE, job_id)

    told = sql.record(worker, *(processed(job_id, first, seq) for seq in taken))
    sql.finish(job_id, first, worker)

    assert told == [(job_id, False)]
    assert sql.job(job_id)["processed_items"] == len(taken)
    assert len(sql.slices(job_id)) == len(slices)
    assert sql.job(job_id)["status"] == "paused"


def test_a_slice_given_back_unfinished_waits_out_of_the_queue(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    first = sql.slices(job_id)[0][0]
    sql.take(job_id, first, worker)
    sql.value(PAUSE, job_id)
    before = sql.tasks(job_id)

    sql.finish(job_id, first, worker)

    assert sql.slices(job_id)[0][2] == "queued"
    assert sql.tasks(job_id) == before


@pytest.mark.parametrize("status", ["pending", "completed", "cancelled"])
def test_only_a_processing_job_can_be_paused(sql: Sql, job_id: UUID, status: str) -> None:
    if status == "pending":
        job_id = sql.create(jobType="time_based_batch", daysBack=7)
    elif status == "completed":
        sql.work_off(job_id)
    else:
        sql.run("select batch.cancel_job(%s)", job_id)

    with sql.refused("BJ409"):
        sql.value(PAUSE, job_id)


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.value(PAUSE, uuid4())
