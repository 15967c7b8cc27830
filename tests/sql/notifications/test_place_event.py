"""batch.place_event: positions follow the order of commits, and LISTEN batch_events hears them."""

from __future__ import annotations

import contextlib
import json
from typing import Any
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, beside
from tests.sql.notifications.test_notify_job import heard

EVENTS = "select type from batch.job_events where position is not null order by position"
PLACES = "select array_agg(position order by id) from batch.job_events"


@pytest.fixture
def listener(other_sql: Sql) -> Sql:
    other_sql.run("listen batch_events")
    return other_sql


def job(sql: Sql) -> UUID:
    return sql.create(jobType="time_based_batch", daysBack=7)


def add_event(sql: Sql, job_id: UUID, kind: str, details: dict[str, Any] | None = None) -> None:
    sql.run(
        "insert into batch.job_events (job_id, type, actor, details, created_at)"
        " values (%s, %s, 'test', %s, batch.clock())",
        job_id, kind, json.dumps(details or {}),
    )  # fmt: skip


def test_what_is_written_first_and_committed_last_comes_last(own_sql: Sql, other_sql: Sql) -> None:
    job_id = job(own_sql)

    with own_sql.uncommitted():
        add_event(own_sql, job_id, "written first")
        add_event(other_sql, job_id, "committed first")
        seen_meanwhile = other_sql.rows(EVENTS)

    assert seen_meanwhile == [("created",), ("committed first",)]
    assert own_sql.rows(EVENTS) == [("created",), ("committed first",), ("written first",)]


def test_the_next_position_waits_until_the_one_before_it_can_be_seen(
    own_sql: Sql, other_sql: Sql
) -> None:
    job_id = job(own_sql)

    with contextlib.ExitStack() as until_commit:
        until_commit.enter_context(own_sql.uncommitted())
        add_event(own_sql, job_id, "before")
        own_sql.run("set constraints all immediate")  # as if it were just committing
        with beside(lambda: add_event(other_sql, job_id, "after")):
            own_sql.await_blocked(other_sql)
            until_commit.close()

    assert own_sql.rows(EVENTS) == [("created",), ("before",), ("after",)]


def test_a_transaction_that_somebody_left_open_holds_up_nobody(
    own_sql: Sql, other_sql: Sql
) -> None:
    with own_sql.uncommitted():
        job(own_sql)
        other_sql.run("set lock_timeout = '5s'")

        job(other_sql)

    assert len(own_sql.value(PLACES)) == 2


def test_listeners_hear_the_event_as_the_rest_api_writes_it(own_sql: Sql, listener: Sql) -> None:
    chat = add_chat(own_sql)
    job_id = own_sql.create(
        jobType="time_based_batch", daysBack=7, instanceId=str(chat.instance_id)
    )

    ((channel, told),) = heard(listener)

    (listed,) = own_sql.value("select batch.list_events(%s)", job_id)["items"]
    assert channel == "batch_events"
    assert told == listed
    assert told["id"] == own_sql.value("select max(position) from batch.job_events")
    assert told["instanceId"] == str(chat.instance_id)


def test_of_a_large_event_only_the_place_is_told(own_sql: Sql, listener: Sql) -> None:
    job_id = job(own_sql)
    heard(listener)

    add_event(own_sql, job_id, "large", {"text": "é" * 4000})

    ((_, told),) = heard(listener)
    assert told.keys() == {"id", "jobId", "instanceId"}
    ((event,),) = own_sql.rows(
        "select event from batch.missed_events(%s, %s, null, null, 10)", told["id"] - 1, told["id"]
    )
    assert json.loads(event)["details"] == {"text": "é" * 4000}


def test_an_event_that_is_rolled_back_is_not_heard(own_sql: Sql, listener: Sql) -> None:
    with own_sql.connection.transaction(force_rollback=True):
        job(own_sql)

    assert heard(listener) == []


def test_a_deleted_job_takes_its_event_with_it(own_sql: Sql, listener: Sql) -> None:
    with own_sql.uncommitted():
        own_sql.run("delete from batch.jobs where id = %s", job(own_sql))

    assert heard(listener) == []


def test_the_role_of_the_api_creates_jobs_whose_events_have_positions(own_sql: Sql) -> None:
    own_sql.run("set role backscroll_api")

    own_sql.value(
        "select id from batch.create_job_once(%s, null, null, null, null) as made (id, replayed)",
        json.dumps({"jobType": "time_based_batch", "daysBack": 7}),
    )

    own_sql.run("reset role")
    assert own_sql.value("select count(position) from batch.job_events") == 1
