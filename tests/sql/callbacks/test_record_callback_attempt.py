"""batch.record_callback_attempt: what delivers, what is tried again and when, what ends it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.database import Sql
from tests.sql.callbacks.conftest import Callbacks


@pytest.fixture
def job_id(callbacks: Callbacks) -> UUID:
    return callbacks.ended_job()


def wait(sql: Sql) -> timedelta:
    """How long until the next attempt."""
    found: timedelta = sql.value("select next_attempt_at - batch.clock() from batch.callbacks")
    return found


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_2xx_delivers(callbacks: Callbacks, job_id: UUID, status: int) -> None:
    (taken,) = callbacks.take()

    assert callbacks.record(taken, status) == "delivered"

    callback = callbacks.one(job_id)
    assert (callback["state"], callback["nextAttemptAt"]) == ("delivered", None)
    assert callback["endedAt"] == "2026-06-30T12:00:00.000Z"
    assert callback["attempts"] == [
        {
            "number": 1, "startedAt": "2026-06-30T12:00:00.000Z", "durationMs": 12,
            "statusCode": status, "error": None, "response": "said",
        }
    ]  # fmt: skip
    callbacks.make_due()
    assert callbacks.take() == []


@pytest.mark.parametrize("status", [199, 301, 302, 400, 401, 404, 409, 429, 500, 503, None])
def test_anything_else_is_tried_again_in_a_few_seconds(
    callbacks: Callbacks, sql: Sql, job_id: UUID, status: int | None
) -> None:
    (taken,) = callbacks.take()

    assert callbacks.record(taken, status, "why") == "queued"

    assert timedelta(seconds=4) <= wait(sql) <= timedelta(seconds=6)
    assert callbacks.one(job_id)["attempts"][0]["error"] == "why"
    assert callbacks.take() == []
    callbacks.make_due()
    assert callbacks.take() == [(taken[0], 2)]


def test_gone_ends_it_at_once_and_the_jobs_events_say_so(
    callbacks: Callbacks, job_id: UUID
) -> None:
    (taken,) = callbacks.take()

    assert callbacks.record(taken, 410, "the server answered 410 Gone") == "given_up"

    assert callbacks.one(job_id)["state"] == "given_up"
    assert callbacks.events(job_id) == [
        (
            "callback_given_up",
            {
                "callbackId": str(taken[0]), "type": "batch_job.completed", "attempts": 1,
                "error": "the server answered 410 Gone",
            },
        )
    ]  # fmt: skip


def test_it_is_given_up_after_ten_attempts(callbacks: Callbacks, job_id: UUID) -> None:
    states = []
    for _ in range(10):
        callbacks.make_due()
        (taken,) = callbacks.take()
        states.append(callbacks.record(taken, 500, "down"))

    assert states == ["queued"] * 9 + ["given_up"]
    assert callbacks.one(job_id)["attemptCount"] == 10
    assert [type_ for type_, _ in callbacks.events(job_id)] == ["callback_given_up"]
    assert callbacks.take() == []


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [(0, 4, 6), (3600, 3600, 3600), (1e300, 86400, 86400), (float("inf"), 86400, 86400)],
)
def test_retry_after_is_honoured_up_to_a_day(
    callbacks: Callbacks, sql: Sql, job_id: UUID, asked: float, low: int, high: int
) -> None:
    (taken,) = callbacks.take()

    callbacks.record(taken, 503, "busy", retry_after=asked)

    assert timedelta(seconds=low) <= wait(sql) <= timedelta(seconds=high)


def test_recording_twice_changes_nothing(callbacks: Callbacks, sql: Sql, job_id: UUID) -> None:
    (taken,) = callbacks.take()
    callbacks.record(taken, 500, "down")
    before = callbacks.one(job_id)

    assert callbacks.record(taken, 200) == "queued"

    assert callbacks.one(job_id) == before


def test_a_late_word_of_success_is_believed(callbacks: Callbacks, sql: Sql, job_id: UUID) -> None:
    (late,) = callbacks.take()
    sql.at("2026-06-30 12:00:31+00")
    (second,) = callbacks.take(worker=sql.worker())

    assert callbacks.record(late, 200) == "delivered"
    assert callbacks.record(second, 500, "down") == "delivered"

    assert [each["statusCode"] for each in callbacks.one(job_id)["attempts"]] == [200, 500]


def test_a_late_word_of_failure_is_only_noted(callbacks: Callbacks, sql: Sql, job_id: UUID) -> None:
    (late,) = callbacks.take()
    sql.at("2026-06-30 12:00:31+00")
    (second,) = callbacks.take(worker=sql.worker())

    assert callbacks.record(late, 410, "gone") == "queued"

    assert callbacks.take() == []
    assert callbacks.one(job_id)["attempts"][0]["error"] == "gone"
    assert callbacks.record(second, 200) == "delivered"


def test_a_job_that_was_deleted_meanwhile_is_no_trouble(
    callbacks: Callbacks, sql: Sql, job_id: UUID
) -> None:
    (taken,) = callbacks.take()
    sql.run("delete from batch.jobs where id = %s", job_id)

    assert callbacks.record(taken, 200) is None
    assert callbacks.record((uuid4(), 1), 200) is None
