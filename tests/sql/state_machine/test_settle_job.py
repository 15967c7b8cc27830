"""batch.settle_job: ends what has come to its end, and nothing else."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql, add_chat, processed

SETTLE = "select batch.settle_job(%s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(2)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    sql.run("update batch.jobs set lanes = 1 where id = %s", job_id)
    return job_id


def progress_rows(sql: Sql, job_id: UUID) -> list[int]:
    return [
        worker
        for (worker,) in sql.rows(
            "select worker_id from batch.job_progress where job_id = %s", job_id
        )
    ]


def pulses(sql: Sql, job_id: UUID) -> int:
    return int(sql.value("select count(*) from batch.job_pulses where job_id = %s", job_id))


def test_a_job_with_open_slices_goes_on(sql: Sql, job_id: UUID) -> None:
    sql.run(SETTLE, job_id)

    assert sql.job(job_id)["status"] == "processing"


def test_a_cancelled_job_keeps_its_shares_while_a_worker_has_a_slice(
    sql: Sql, job_id: UUID
) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.record(worker, processed(job_id, 1, 1))
    sql.run("select batch.cancel_job(%s)", job_id)

    sql.run(SETTLE, job_id)

    assert progress_rows(sql, job_id) == [worker]
    assert pulses(sql, job_id) == 1


def test_an_ended_job_is_folded_into_one_row(sql: Sql, job_id: UUID) -> None:
    sql.work_off(job_id)
    before = sql.job(job_id)

    sql.run(SETTLE, job_id)

    assert progress_rows(sql, job_id) == [0]
    assert pulses(sql, job_id) == 0
    assert sql.job(job_id) == before


def test_a_paused_job_does_not_end(sql: Sql, job_id: UUID) -> None:
    sql.run("select batch.pause_job(%s)", job_id)
    sql.run("update batch.slices set state = 'done' where job_id = %s", job_id)

    sql.run(SETTLE, job_id)

    assert sql.job(job_id)["status"] == "paused"
