"""batch.add_callback: which events a callbackUrl is told, and with what in them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, failed, processed
from tests.sql.callbacks.conftest import URL, Callbacks


def types(callbacks: Callbacks, job_id: UUID) -> list[str]:
    return [callback["type"] for callback in callbacks.of(job_id)]


def told(callbacks: Callbacks, job_id: UUID) -> dict[str, Any]:
    """The job as the last callback shows it."""
    data: dict[str, Any] = callbacks.of(job_id)[-1]["payload"]["data"]
    return data


def test_a_completed_job_is_told_with_its_final_counts(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.job(items=2)
    worker = sql.worker()
    sql.in_one_slice(job_id)
    sql.take(job_id, 1, worker)
    sql.record(worker, processed(job_id, 1, 1), failed(job_id, 1, 2))
    assert types(callbacks, job_id) == []

    sql.finish(job_id, 1, worker)

    callback = callbacks.one(job_id)
    assert callback["type"] == "batch_job.completed"
    assert (callback["url"], callback["state"]) == (URL, "queued")
    assert set(callback["payload"]) == {"type", "timestamp", "data"}
    assert callback["payload"]["type"] == "batch_job.completed"
    assert callback["payload"]["timestamp"] == "2026-06-30T12:00:00.000Z"
    assert callback["payload"]["data"] == sql.value("select batch.job_json(%s::uuid)", job_id)
    assert told(callbacks, job_id)["processedItems"] == 1
    assert told(callbacks, job_id)["failedItems"] == 1


def test_a_job_with_nothing_to_do_is_told_too(callbacks: Callbacks) -> None:
    assert types(callbacks, callbacks.job(items=0)) == ["batch_job.completed"]


def test_a_failed_job_is_told_with_the_reason(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.job()

    sql.run("select batch.fail_job(%s, 'the disk is gone')", job_id)

    assert types(callbacks, job_id) == ["batch_job.failed"]
    assert told(callbacks, job_id)["errorMessage"] == "the disk is gone"


def test_a_pending_job_that_is_cancelled_is_told(callbacks: Callbacks, sql: Sql) -> None:
    chat = add_chat(sql)
    job_id = sql.create(jobType="targeted_chat_sync", chatId=str(chat.id), callbackUrl=URL)

    sql.run("select batch.cancel_job(%s)", job_id)

    assert types(callbacks, job_id) == ["batch_job.cancelled"]


@pytest.mark.parametrize("ending", ["batch.cancel_job(%s)", "batch.fail_job(%s, 'why')"])
def test_an_end_is_told_once_the_last_result_is_counted(
    callbacks: Callbacks, sql: Sql, ending: str
) -> None:
    job_id = callbacks.job(items=2)
    worker = sql.worker()
    sql.in_one_slice(job_id)
    sql.take(job_id, 1, worker)
    sql.run(f"select {ending}", job_id)
    assert types(callbacks, job_id) == []
    sql.record(worker, processed(job_id, 1, 1))

    sql.finish(job_id, 1, worker)

    assert told(callbacks, job_id)["processedItems"] == 1
    assert len(callbacks.of(job_id)) == 1


def test_every_pause_is_told_with_its_reason(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.job()

    sql.run("select batch.pause_job(%s)", job_id)
    sql.run("select batch.pause_job(%s)", job_id)
    assert told(callbacks, job_id)["pauseReason"] is None
    sql.run("select batch.resume_job(%s)", job_id)
    sql.run("select batch.hold_job(%s, 'budget', 'raise it')", job_id)

    assert types(callbacks, job_id) == ["batch_job.paused", "batch_job.paused"]
    assert told(callbacks, job_id)["status"] == "paused"
    assert told(callbacks, job_id)["pauseReason"] == "budget"
    assert told(callbacks, job_id)["errorMessage"] == "raise it"


def test_an_end_is_told_once_however_often_it_is_settled(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.ended_job()

    sql.run("select batch.settle_job(%s)", job_id)
    sql.run("select batch.add_callback(%s)", job_id)

    assert types(callbacks, job_id) == ["batch_job.completed"]


def test_a_job_without_an_address_tells_nothing(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.job(url=None)

    sql.run("select batch.pause_job(%s)", job_id)
    sql.run("select batch.cancel_job(%s)", job_id)

    assert types(callbacks, job_id) == []
    assert callbacks.take() == []


def test_the_payload_is_kept_to_the_byte(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.ended_job()
    before = sql.value("select payload from batch.callbacks where job_id = %s", job_id)
    assert json.loads(before)["data"]["metadata"] == {}

    sql.run('update batch.jobs set metadata = \'{"a": "b"}\' where id = %s', job_id)

    assert sql.value("select payload from batch.callbacks where job_id = %s", job_id) == before


def test_workers_are_told_when_it_is_committed(own_sql: Sql, other_sql: Sql) -> None:
    other_sql.run("listen batch_callbacks")

    job_id = Callbacks(own_sql).ended_job()

    other_sql.run("select 1")
    heard = [(each.channel, each.payload) for each in other_sql.connection.notifies(timeout=0)]
    assert heard == [("batch_callbacks", str(job_id))]
