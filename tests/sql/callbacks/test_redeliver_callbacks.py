"""batch.redeliver_callbacks: the same is sent once more, with all its retries before it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Sql
from tests.sql.callbacks.conftest import Callbacks


@pytest.fixture
def job_id(callbacks: Callbacks, sql: Sql) -> UUID:
    """A job that was paused and then completed; both are delivered."""
    job_id = callbacks.job()
    sql.run("select batch.pause_job(%s)", job_id)
    sql.run("select batch.resume_job(%s)", job_id)
    sql.work_off(job_id, callbacks.worker)
    for taken in callbacks.take():
        callbacks.record(taken, 200)
    return job_id


def redeliver(sql: Sql, job_id: UUID, request: Any = None) -> list[dict[str, Any]]:
    answer: dict[str, list[dict[str, Any]]] = sql.value(
        "select batch.redeliver_callbacks(%s, %s)", job_id, json.dumps(request or {})
    )
    return answer["items"]


def test_all_are_sent_again_with_their_ids_and_payloads(
    callbacks: Callbacks, sql: Sql, job_id: UUID
) -> None:
    before = callbacks.of(job_id)

    queued = redeliver(sql, job_id)

    assert queued == callbacks.of(job_id)
    assert [each["state"] for each in queued] == ["queued", "queued"]
    for name in ("id", "type", "payload", "createdAt"):
        assert [each[name] for each in queued] == [each[name] for each in before]
    assert [str(callback_id) for callback_id, _ in callbacks.take()] == [
        each["id"] for each in before
    ]


def test_one_alone_is_sent_again_if_it_is_named(
    callbacks: Callbacks, sql: Sql, job_id: UUID
) -> None:
    paused, completed = callbacks.of(job_id)

    (queued,) = redeliver(sql, job_id, {"id": completed["id"]})

    assert queued["id"] == completed["id"]
    assert callbacks.of(job_id)[0] == paused


def test_what_was_given_up_has_all_its_retries_again(
    callbacks: Callbacks, sql: Sql, job_id: UUID
) -> None:
    redeliver(sql, job_id, {"id": callbacks.of(job_id)[0]["id"]})
    (taken,) = callbacks.take()
    assert callbacks.record(taken, 410, "gone") == "given_up"

    redeliver(sql, job_id, {"id": str(taken[0])})
    states = []
    for _ in range(10):
        callbacks.make_due()
        (taken,) = callbacks.take()
        states.append(callbacks.record(taken, 500, "down"))

    assert states == ["queued"] * 9 + ["given_up"]
    assert taken[1] == 12


def test_what_is_being_sent_is_not_sent_beside_it(
    callbacks: Callbacks, sql: Sql, job_id: UUID
) -> None:
    redeliver(sql, job_id)
    taken = callbacks.take()

    redeliver(sql, job_id)

    assert callbacks.take() == []
    assert {callbacks.record(each, 200) for each in taken} == {"delivered"}


def test_it_goes_to_the_address_that_the_job_has_now(
    callbacks: Callbacks, sql: Sql, job_id: UUID
) -> None:
    sql.run("update batch.jobs set callback_url = 'http://new.example/' where id = %s", job_id)

    assert {each["url"] for each in redeliver(sql, job_id)} == {"http://new.example/"}


def test_the_jobs_events_say_who_did_it(callbacks: Callbacks, sql: Sql, job_id: UUID) -> None:
    sql.run("select set_config('batch.actor', 'alice', true)")

    redeliver(sql, job_id)

    assert sql.row(
        "select actor, details from batch.job_events where type = 'callbacks_redelivered'"
    ) == ("alice", {"callbackId": None, "count": 2})


def test_a_job_without_an_address_is_409(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.job(url=None)

    with sql.refused("BJ409") as caught:
        redeliver(sql, job_id)

    assert "has no callbackUrl" in str(caught[0])


def test_a_job_that_has_told_nothing_is_409(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.job()

    with sql.refused("BJ409") as caught:
        redeliver(sql, job_id)

    assert "has told nothing yet" in str(caught[0])


def test_no_job_and_no_such_callback_are_404(callbacks: Callbacks, sql: Sql, job_id: UUID) -> None:
    of_another = callbacks.one(callbacks.ended_job())["id"]

    with sql.refused("BJ404"):
        redeliver(sql, uuid4())
    with sql.refused("BJ404"):
        redeliver(sql, job_id, {"id": of_another})


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        ([1], [""]),
        ("all", [""]),
        ({"id": "x"}, ["id"]),
        ({"id": 7, "all": True}, ["all", "id"]),
    ],
)
def test_requests_that_cannot_be_used_are_refused(
    sql: Sql, job_id: UUID, request_: Any, fields: list[str]
) -> None:
    problems = sql.problems(
        "select batch.redeliver_callbacks(%s, %s)", job_id, json.dumps(request_)
    )

    assert sorted(field for field, _ in problems) == fields
