"""batch.resume_job: exactly the rest is done, and nothing stands in the queue twice."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed

RESUME = "select status::text from batch.resume_job(%s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(300)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def queued(sql: Sql, job_id: UUID) -> list[int]:
    return [first for first, _, state in sql.slices(job_id) if state == "queued"]


def work_tasks(sql: Sql, job_id: UUID) -> list[int | None]:
    return sorted(first for task, first in sql.tasks(job_id) if task == "process_slice" and first)


def drop_tasks(sql: Sql) -> None:
    """The queue's workers took the tasks while the job was paused, and found nothing to do."""
    sql.run("delete from procrastinate.procrastinate_jobs")


def test_exactly_the_rest_is_done(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    first = queued(sql, job_id)[0]
    done = sql.take(job_id, first, worker)[:5]
    sql.record(worker, *(processed(job_id, first, seq) for seq in done))
    sql.run("select batch.pause_job(%s)", job_id)
    sql.finish(job_id, first, worker)

    assert sql.value(RESUME, job_id) == "processing"
    again = sql.take(job_id, first, worker)
    sql.record(worker, *(processed(job_id, first, seq) for seq in again))
    sql.finish(job_id, first, worker)
    sql.work_off(job_id, worker)

    assert not set(again) & set(done)
    job = sql.job(job_id)
    assert (job["status"], job["processed_items"]) == ("completed", 300)
    assert sql.value("select count(*) from batch.item_results where job_id = %s", job_id) == 300
    assert sql.rows("select * from batch.audit()") == []


def test_waiting_slices_are_queued_again(sql: Sql, job_id: UUID) -> None:
    sql.run("select batch.pause_job(%s)", job_id)
    drop_tasks(sql)

    sql.value(RESUME, job_id)

    assert work_tasks(sql, job_id) == queued(sql, job_id)


def test_a_slice_whose_task_still_stands_in_the_queue_is_not_queued_twice(
    sql: Sql, job_id: UUID
) -> None:
    sql.run("select batch.pause_job(%s)", job_id)

    sql.value(RESUME, job_id)

    assert work_tasks(sql, job_id) == queued(sql, job_id)


def test_a_slice_in_hand_all_the_while_is_not_queued(sql: Sql, job_id: UUID) -> None:
    first = queued(sql, job_id)[0]
    sql.take(job_id, first, sql.worker())
    sql.run("select batch.pause_job(%s)", job_id)
    drop_tasks(sql)

    sql.value(RESUME, job_id)

    assert first not in work_tasks(sql, job_id)


def test_lanes_that_fell_free_while_it_was_paused_are_filled(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    first = queued(sql, job_id)[0]
    taken = sql.take(job_id, first, worker)
    sql.run("select batch.pause_job(%s)", job_id)
    sql.record(worker, *(processed(job_id, first, seq) for seq in taken))
    sql.finish(job_id, first, worker)
    open_before = len(queued(sql, job_id))

    sql.value(RESUME, job_id)

    assert len(queued(sql, job_id)) == open_before + 1


def test_a_job_whose_last_items_ended_while_it_was_paused_is_completed(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add()
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.run("select batch.pause_job(%s)", job_id)
    sql.record(worker, processed(job_id, 1, 1))
    sql.finish(job_id, 1, worker)
    assert sql.job(job_id)["status"] == "paused"

    sql.value(RESUME, job_id)

    assert sql.job(job_id)["status"] == "completed"


def test_resuming_a_processing_job_changes_nothing(sql: Sql, job_id: UUID) -> None:
    before = sql.slices(job_id), sql.tasks(job_id)

    assert sql.value(RESUME, job_id) == "processing"
    assert (sql.slices(job_id), sql.tasks(job_id)) == before


def test_a_job_that_waits_for_its_plan_cannot_be_resumed(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    with sql.refused("BJ409"):
        sql.value(RESUME, job_id)

    assert sql.job(job_id)["status"] == "pending"


def test_an_ended_job_cannot_be_resumed(sql: Sql, job_id: UUID) -> None:
    sql.run("select batch.cancel_job(%s)", job_id)

    with sql.refused("BJ409") as caught:
        sql.value(RESUME, job_id)

    assert "is cancelled and cannot be resumed" in str(caught[0])


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.value(RESUME, uuid4())
