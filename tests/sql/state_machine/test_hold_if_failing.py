"""batch.hold_if_failing: a job of which too many items fail pauses, once a hundred have ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, failed, processed


@pytest.fixture
def worker(sql: Sql) -> int:
    return sql.worker()


def job_of(sql: Sql, items: int, worker: int, **request: Any) -> UUID:
    """A job in hand, all its items in one slice."""
    chat = add_chat(sql)
    chat.add_many(items)
    job_id = sql.in_one_slice(
        sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), **request)
    )
    sql.take(job_id, 1, worker)
    return job_id


def end(sql: Sql, job_id: UUID, worker: int, seqs: range, fails: int) -> None:
    """Records these items, the first of them failed."""
    sql.record(
        worker,
        *(
            (failed if place < fails else processed)(job_id, 1, seq)
            for place, seq in enumerate(seqs)
        ),
    )
    sql.run("select batch.pulse_jobs(%s)", [job_id])


def test_it_pauses_when_more_fail_than_are_allowed(sql: Sql, worker: int) -> None:
    job_id = job_of(sql, 200, worker, failureThreshold=0.5)

    end(sql, job_id, worker, range(1, 101), fails=51)

    job = sql.job(job_id)
    assert (job["status"], job["pause_reason"]) == ("paused", "failures")
    assert "51 of 100 items failed" in job["error_message"]


@pytest.mark.parametrize(
    ("threshold", "ended", "fails"),
    [(0.5, 100, 50), (0.5, 99, 99), (1, 100, 100), (None, 150, 150)],
)
def test_it_goes_on_otherwise(
    sql: Sql, worker: int, threshold: float | None, ended: int, fails: int
) -> None:
    job_id = job_of(sql, 200, worker, failureThreshold=threshold)

    end(sql, job_id, worker, range(1, ended + 1), fails)

    assert sql.job(job_id)["status"] == "processing"


def test_it_is_judged_before_another_slice_opens(sql: Sql, worker: int) -> None:
    job_id = job_of(sql, 200, worker, failureThreshold=0.1)
    sql.run("update batch.slices set last_seq = 100 where job_id = %s", job_id)
    sql.run("update batch.jobs set next_seq = 101 where id = %s", job_id)
    sql.record(worker, *(failed(job_id, 1, seq) for seq in range(1, 101)))

    sql.finish(job_id, 1, worker)

    assert sql.job(job_id)["status"] == "paused"
    assert [state for _, _, state in sql.slices(job_id)] == ["done"]


def test_after_a_resume_only_what_ends_then_is_judged(sql: Sql, worker: int) -> None:
    job_id = job_of(sql, 400, worker, failureThreshold=0.5)
    end(sql, job_id, worker, range(1, 101), fails=100)
    sql.run("select batch.resume_job(%s)", job_id)

    end(sql, job_id, worker, range(101, 200), fails=99)
    assert sql.job(job_id)["status"] == "processing"
    end(sql, job_id, worker, range(200, 201), fails=1)

    assert sql.job(job_id)["status"] == "paused"


def test_a_user_s_pause_starts_no_new_count(sql: Sql, worker: int) -> None:
    job_id = job_of(sql, 200, worker, failureThreshold=0.5)
    end(sql, job_id, worker, range(1, 61), fails=60)
    sql.run("select batch.pause_job(%s)", job_id)
    sql.run("select batch.resume_job(%s)", job_id)

    end(sql, job_id, worker, range(61, 101), fails=0)

    assert sql.job(job_id)["status"] == "paused"
