"""batch.fold_progress: many shares become one, and nobody sees a difference."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql, add_chat, failed, processed

FOLD = "select batch.fold_progress(%s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    sql.at()
    chat = add_chat(sql)
    for mime_type in ("audio/ogg", "image/png", "video/mp4", "application/pdf"):
        chat.add(mime_type)
    chat.add_many(40)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    for first, last, _ in sql.slices(job_id):
        worker = sql.worker()
        sql.take(job_id, first, worker)
        sql.record(
            worker,
            *(processed(job_id, first, seq, cost="0.1") for seq in range(first, last)),
            failed(job_id, first, last, "media_not_found" if first == 1 else "file_empty"),
        )
    return job_id


def workers(sql: Sql, job_id: UUID) -> list[int]:
    return [
        worker
        for (worker,) in sql.rows(
            "select worker_id from batch.job_progress where job_id = %s", job_id
        )
    ]


def test_readers_see_the_same_sums_before_and_after(sql: Sql, job_id: UUID) -> None:
    before = sql.job(job_id)
    assert len(workers(sql, job_id)) > 1

    sql.run(FOLD, job_id)

    assert sql.job(job_id) == before
    assert workers(sql, job_id) == [0]


def test_folding_twice_changes_nothing(sql: Sql, job_id: UUID) -> None:
    before = sql.job(job_id)

    for _ in range(2):
        sql.run(FOLD, job_id)

    assert sql.job(job_id) == before


def test_what_comes_after_folding_is_added_by_the_next(sql: Sql, job_id: UUID) -> None:
    sql.run(FOLD, job_id)
    sql.run(
        "insert into batch.job_progress (job_id, worker_id, skipped, cost_usd, last_seen_at)"
        " values (%s, 77, 2, 0.5, now())",
        job_id,
    )
    before = sql.job(job_id)

    sql.run(FOLD, job_id)

    assert sql.job(job_id) == before
    assert workers(sql, job_id) == [0]


def test_a_job_that_nobody_worked_on_has_no_rows(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    sql.run(FOLD, job_id)

    assert workers(sql, job_id) == []
