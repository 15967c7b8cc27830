"""batch.notify_job: what LISTEN batch_jobs hears, and when."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.database import Sql, add_chat, processed


def heard(listener: Sql) -> list[tuple[str, dict[str, Any]]]:
    """(channel, payload) of what has been notified; all of it was committed before."""
    listener.run("select 1")
    return [
        (notification.channel, json.loads(notification.payload))
        for notification in listener.connection.notifies(timeout=0)
    ]


@pytest.fixture
def listener(other_sql: Sql) -> Sql:
    other_sql.run("listen batch_jobs")
    return other_sql


def statuses(listener: Sql) -> list[str]:
    return [payload["status"] for _, payload in heard(listener)]


def test_every_change_of_status_is_heard_at_once(own_sql: Sql, listener: Sql) -> None:
    chat = add_chat(own_sql)
    chat.add()

    job_id = own_sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
    assert statuses(listener) == ["pending"]
    for function, status in (
        ("plan_job", "processing"),
        ("pause_job", "paused"),
        ("resume_job", "processing"),
        ("cancel_job", "cancelled"),
    ):
        own_sql.run(f"select batch.{function}(%s)", job_id)
        assert set(statuses(listener)) == {status}


def test_the_payload_has_the_counts_in_the_names_of_the_rest_api(
    own_sql: Sql, listener: Sql
) -> None:
    chat = add_chat(own_sql)
    chat.add_many(2)
    chat.add(image_description="seen before")
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    heard(listener)

    own_sql.work_off(job_id)

    channel, told = heard(listener)[-1]
    assert channel == "batch_jobs"
    assert told.pop("transaction") > 0
    assert told == own_sql.value("select batch.job_status(%s)", job_id)
    assert (told["status"], told["processedItems"], told["skippedItems"]) == ("completed", 2, 1)


def test_only_the_last_that_is_told_of_a_job_is_final(own_sql: Sql, listener: Sql) -> None:
    chat = add_chat(own_sql)
    chat.add_many(2)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    own_sql.work_off(job_id)

    *earlier, last = [payload["isFinal"] for _, payload in heard(listener)]
    assert not any(earlier)
    assert last


def test_recording_results_notifies_nobody(own_sql: Sql, listener: Sql) -> None:
    chat = add_chat(own_sql)
    chat.add_many(2)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    heard(listener)

    own_sql.record(worker, processed(job_id, 1, 1))

    assert heard(listener) == []


def test_the_last_worker_of_a_cancelled_job_tells_its_final_counts(
    own_sql: Sql, listener: Sql
) -> None:
    chat = add_chat(own_sql)
    chat.add_many(2)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    own_sql.run("select batch.cancel_job(%s)", job_id)
    own_sql.record(worker, processed(job_id, 1, 1))
    heard(listener)

    own_sql.finish(job_id, 1, worker)

    ((_, told),) = heard(listener)
    assert (told["status"], told["processedItems"], told["isFinal"]) == ("cancelled", 1, True)


def test_a_change_that_is_rolled_back_is_not_heard(own_sql: Sql, listener: Sql) -> None:
    with own_sql.connection.transaction(force_rollback=True):
        own_sql.create(jobType="time_based_batch", daysBack=7)

    assert heard(listener) == []


@pytest.mark.parametrize(("order", "has_ended"), [("pause_job", False), ("cancel_job", True)])
def test_workers_are_told_of_jobs_that_want_no_more_work(
    own_sql: Sql, other_sql: Sql, order: str, has_ended: bool
) -> None:
    chat = add_chat(own_sql)
    chat.add()
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    other_sql.run("listen batch_stops")

    own_sql.run(f"select batch.{order}(%s)", job_id)

    assert heard(other_sql) == [("batch_stops", {"jobId": str(job_id), "hasEnded": has_ended})]
