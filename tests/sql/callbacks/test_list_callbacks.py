"""batch.list_callbacks: what a job has told, in pages."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from tests.database import Sql
from tests.sql.callbacks.conftest import URL, Callbacks

CALL = "select batch.list_callbacks(%s, %s)"


def test_pages_show_every_callback_once_in_the_order_of_events(
    callbacks: Callbacks, sql: Sql
) -> None:
    job_id = callbacks.job()
    for _ in range(4):
        sql.run("select batch.pause_job(%s)", job_id)
        sql.run("select batch.resume_job(%s)", job_id)
    sql.run("select batch.cancel_job(%s)", job_id)
    seen, cursor = [], None

    while True:
        page = sql.value(CALL, job_id, json.dumps({"limit": "2", "cursor": cursor}))
        seen += page["items"]
        if (cursor := page["nextCursor"]) is None:
            break

    assert seen == callbacks.of(job_id)
    assert [each["type"] for each in seen] == ["batch_job.paused"] * 4 + ["batch_job.cancelled"]


def test_other_jobs_callbacks_are_not_shown(callbacks: Callbacks) -> None:
    job_id, _ = callbacks.ended_job(), callbacks.ended_job()

    assert [each["jobId"] for each in callbacks.of(job_id)] == [str(job_id)]


def test_the_last_twenty_attempts_are_shown(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.ended_job()
    for _ in range(25):
        sql.run("update batch.callbacks set attempts_before = attempts")
        callbacks.make_due()
        (taken,) = callbacks.take()
        callbacks.record(taken, 500, "down")

    callback = callbacks.one(job_id)

    assert callback["attemptCount"] == 25
    assert [each["number"] for each in callback["attempts"]] == list(range(6, 26))


def test_a_job_without_an_address_has_none(callbacks: Callbacks) -> None:
    assert callbacks.of(callbacks.job(url=None)) == []


def test_no_job_is_404(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.value("select batch.list_callbacks(%s)", uuid4())


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"limit": "0"}, ["limit"]),
        ({"cursor": "x"}, ["cursor"]),
        ({"cursor": "eyJudW1iZXIiOiJ4In0"}, ["cursor"]),
        ({"colour": "blue", "limit": "x"}, ["colour", "limit"]),
    ],
)
def test_parameters_that_cannot_be_used_are_named(
    callbacks: Callbacks, sql: Sql, query: dict[str, str], fields: list[str]
) -> None:
    problems = sql.problems(CALL, callbacks.job(url=URL), json.dumps(query))

    assert sorted(field for field, _ in problems) == fields
