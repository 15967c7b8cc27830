"""batch.list_events: a job's life, who did what and when."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from tests.database import NOW, Sql, add_chat

LIST = "select batch.list_events(%s, %s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    sql.at(NOW)
    sql.run("select set_config('batch.actor', 'ana (API key)', true)")
    chat = add_chat(sql)
    chat.add_many(3)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    for move in ("pause", "resume", "cancel"):
        sql.run(f"select batch.{move}_job(%s)", job_id)
    return job_id


def test_they_are_told_in_order_with_who_and_when(sql: Sql, job_id: UUID) -> None:
    events = sql.value(LIST, job_id, "{}")["items"]

    assert [event["type"] for event in events] == [
        "created", "planned", "paused", "resumed", "cancelled",
    ]  # fmt: skip
    assert {event["actor"] for event in events} == {"ana (API key)"}
    assert {event["createdAt"] for event in events} == {"2026-06-30T12:00:00.000Z"}
    assert events[1]["details"] == {"totalFound": 3, "totalItems": 3, "skippedItems": 0}


def test_their_pages_together_are_the_whole(sql: Sql, job_id: UUID) -> None:
    first = sql.value(LIST, job_id, json.dumps({"limit": "3"}))
    rest = sql.value(LIST, job_id, json.dumps({"limit": "3", "cursor": first["nextCursor"]}))

    assert rest["nextCursor"] is None
    assert first["items"] + rest["items"] == sql.value(LIST, job_id, "{}")["items"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"limit": "x"}, "limit"), ({"cursor": "x"}, "cursor"), ({"chatId": "x"}, "chatId")],
)
def test_a_parameter_that_cannot_be_used_is_named(
    sql: Sql, job_id: UUID, query: dict[str, str], field: str
) -> None:
    assert [name for name, _ in sql.problems(LIST, job_id, json.dumps(query))] == [field]


def test_a_job_that_does_not_exist_has_no_events(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.run(LIST, uuid4(), "{}")
