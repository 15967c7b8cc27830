"""batch.finish_slice: what follows when a worker gives a slice back."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    """A job with two lanes and many more items than two slices have."""
    chat = add_chat(sql)
    chat.add_many(500)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    sql.run("delete from batch.slices where job_id = %s", job_id)
    sql.run(
        "insert into batch.slices (job_id, first_seq, last_seq, created_at)"
        " values (%s, 1, 32, batch.clock()), (%s, 33, 64, batch.clock())",
        job_id, job_id,
    )  # fmt: skip
    sql.run("update batch.jobs set next_seq = 65, lanes = 2, slice_size = 32 where id = %s", job_id)
    sql.run("delete from procrastinate.procrastinate_jobs")
    return job_id


def record_all(sql: Sql, job_id: UUID, first: int, worker: int) -> None:
    sql.record(worker, *(processed(job_id, first, seq) for seq in sql.take(job_id, first, worker)))


def slice_row(sql: Sql, job_id: UUID, first: int) -> tuple[str, int | None, bool]:
    state, worker, is_finished = sql.row(
        "select state::text, worker_id, finished_at is not null from batch.slices"
        " where job_id = %s and first_seq = %s",
        job_id, first,
    )  # fmt: skip
    return state, worker, is_finished


def test_a_slice_that_is_done_is_followed_by_the_next(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    record_all(sql, job_id, 1, worker)

    sql.finish(job_id, 1, worker)

    assert slice_row(sql, job_id, 1) == ("done", None, True)
    assert [(first, state) for first, _, state in sql.slices(job_id)] == [
        (1, "done"), (33, "queued"), (65, "queued"),
    ]  # fmt: skip
    assert sql.tasks(job_id) == [("process_slice", 65)]


def test_a_slice_with_missing_items_goes_back_to_the_tail(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.record(worker, processed(job_id, 1, 1))

    sql.finish(job_id, 1, worker)

    assert slice_row(sql, job_id, 1) == ("queued", None, False)
    assert len(sql.slices(job_id)) == 2
    assert sql.tasks(job_id) == [("process_slice", 1)]


def test_a_worker_that_does_not_hold_the_slice_changes_nothing(sql: Sql, job_id: UUID) -> None:
    worker, other = sql.worker(), sql.worker()
    record_all(sql, job_id, 1, worker)
    before = sql.slices(job_id), sql.tasks(job_id)

    sql.finish(job_id, 1, other)
    sql.finish(job_id, 33, worker)
    sql.finish(job_id, 5, worker)
    sql.finish(uuid4(), 1, worker)

    assert (sql.slices(job_id), sql.tasks(job_id)) == before


def test_finishing_twice_changes_nothing(sql: Sql, job_id: UUID) -> None:
    sql.at()
    worker = sql.worker()
    record_all(sql, job_id, 1, worker)
    sql.finish(job_id, 1, worker)
    before = sql.job(job_id), sql.slices(job_id), sql.tasks(job_id)

    sql.finish(job_id, 1, worker)

    assert (sql.job(job_id), sql.slices(job_id), sql.tasks(job_id)) == before


def test_the_last_slice_completes_the_job(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(8)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = sql.worker()
    slices = [first for first, _, _ in sql.slices(job_id)]
    assert len(slices) > 1
    for first in slices:
        record_all(sql, job_id, first, worker)

    for first in slices:
        assert sql.job(job_id)["status"] == "processing"
        sql.finish(job_id, first, worker)

    job = sql.job(job_id)
    assert (job["status"], job["processed_items"], job["progress_percent"]) == ("completed", 8, 100)
    assert sql.rows("select worker_id from batch.job_progress where job_id = %s", job_id) == [(0,)]


def test_a_cancelled_job_s_slice_is_closed_and_its_shares_folded(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.record(worker, processed(job_id, 1, 1))
    sql.run("select batch.cancel_job(%s)", job_id)

    sql.finish(job_id, 1, worker)

    assert slice_row(sql, job_id, 1) == ("done", None, True)
    assert sql.tasks(job_id) == []
    assert sql.rows("select worker_id from batch.job_progress where job_id = %s", job_id) == [(0,)]
    assert sql.job(job_id)["processed_items"] == 1
    assert sql.rows("select * from batch.audit()") == []


def slice_size(sql: Sql, job_id: UUID) -> int:
    return int(sql.value("select slice_size from batch.jobs where id = %s", job_id))


def test_the_next_slice_is_sized_by_the_pace_of_this_one(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.at("2026-06-30 12:00:00+00")
    record_all(sql, job_id, 1, worker)
    sql.at("2026-06-30 12:00:02+00")

    sql.finish(job_id, 1, worker)

    assert slice_size(sql, job_id) == 64


def test_the_pace_is_that_of_the_last_turn_and_not_of_all_turns(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.at("2026-06-30 12:00:00+00")
    sql.take(job_id, 1, worker)
    sql.at("2026-06-30 12:00:08+00")
    sql.record(worker, *(processed(job_id, 1, seq) for seq in range(1, 25)))
    sql.finish(job_id, 1, worker)
    sql.at("2026-06-30 12:01:00+00")
    sql.take(job_id, 1, worker)
    sql.at("2026-06-30 12:01:04+00")
    sql.record(worker, *(processed(job_id, 1, seq) for seq in range(25, 33)))

    sql.finish(job_id, 1, worker)

    assert slice_size(sql, job_id) == 8


def test_items_that_end_beside_each_other_make_no_smaller_slices(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.at("2026-06-30 12:00:00+00")
    sql.take(job_id, 1, worker)
    sql.at("2026-06-30 12:00:10+00")
    together = [processed(job_id, 1, seq, processingMs=9000) for seq in range(1, 33)]
    sql.record(worker, *together)

    sql.finish(job_id, 1, worker)

    assert slice_size(sql, job_id) == 32
    assert [last - first + 1 for first, last, _ in sql.slices(job_id)][-1] == 32


@pytest.mark.parametrize(
    ("processing_ms", "size"),
    [
        (250, 2),  # one at a time: half a second's worth
        (1000, 8),  # four at a time
        (2000, 16),
        (8000, 20),  # all 32; every worker finds two slices
    ],
)
def test_the_last_slices_hold_twice_what_is_worked_on_at_a_time(
    sql: Sql, job_id: UUID, processing_ms: int, size: int
) -> None:
    worker = sql.worker()
    sql.run("update batch.jobs set lanes = 20, total_items = 104 where id = %s", job_id)
    sql.at("2026-06-30 12:00:00+00")
    sql.take(job_id, 1, worker)
    sql.at("2026-06-30 12:00:08+00")
    results = [
        processed(job_id, 1, seq, processingMs=processing_ms, ageMs=0) for seq in range(1, 33)
    ]
    sql.record(worker, *results)

    sql.finish(job_id, 1, worker)

    opened = [last - first + 1 for first, last, _ in sql.slices(job_id) if first > 64]
    assert opened[0] == size


def test_a_turn_that_ended_nothing_says_nothing_about_the_pace(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.at("2026-06-30 12:00:00+00")
    sql.take(job_id, 1, worker)
    sql.record(worker, *(processed(job_id, 1, seq) for seq in range(1, 33)))
    sql.run("update batch.slices set state = 'queued', worker_id = null where first_seq = 1")
    sql.at("2026-06-30 12:05:00+00")
    assert sql.take(job_id, 1, worker) == []

    sql.finish(job_id, 1, worker)

    assert slice_size(sql, job_id) == 32
    assert slice_row(sql, job_id, 1)[0] == "done"
