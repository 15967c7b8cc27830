"""batch.change_job: priority, lanes and budget of a job that runs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed

CHANGE = "select batch.change_job(%s, %s)"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(2000)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), lanes=2)


def change(sql: Sql, job_id: UUID, **changes: Any) -> None:
    sql.run(CHANGE, job_id, json.dumps(changes))


def open_slices(sql: Sql, job_id: UUID) -> int:
    return sum(state != "done" for _, _, state in sql.slices(job_id))


def test_more_lanes_open_at_once(sql: Sql, job_id: UUID) -> None:
    assert open_slices(sql, job_id) == 2

    change(sql, job_id, lanes=5)

    assert open_slices(sql, job_id) == 5
    assert len([task for task, _ in sql.tasks(job_id) if task == "process_slice"]) == 5


def test_fewer_lanes_are_kept_as_slices_end(sql: Sql, job_id: UUID) -> None:
    change(sql, job_id, lanes=1)
    worker = sql.worker()

    for first_seq, _, _ in sql.slices(job_id):
        taken = sql.take(job_id, first_seq, worker)
        sql.record(worker, *(processed(job_id, first_seq, seq) for seq in taken))
        sql.finish(job_id, first_seq, worker)

    assert open_slices(sql, job_id) == 1


def test_a_paused_job_opens_no_lane(sql: Sql, job_id: UUID) -> None:
    sql.run("select batch.pause_job(%s)", job_id)

    change(sql, job_id, lanes=5)

    assert open_slices(sql, job_id) == 2
    sql.run("select batch.resume_job(%s)", job_id)
    assert open_slices(sql, job_id) == 5


def test_a_new_priority_counts_for_what_waits_in_the_queue_too(sql: Sql, job_id: UUID) -> None:
    def priorities() -> list[int]:
        return [
            priority
            for (priority,) in sql.rows(
                "select priority from procrastinate.procrastinate_jobs"
                " where args ->> 'job_id' = %s and task_name = 'process_slice' order by id",
                str(job_id),
            )
        ]

    before = priorities()
    change(sql, job_id, priority=-3)

    assert priorities() == [priority - 30 for priority in before]
    assert sql.job(job_id)["priority"] == -3


def test_a_budget_can_be_set_raised_and_lifted(sql: Sql, job_id: UUID) -> None:
    for usd in (Decimal("0.5"), Decimal("2.25"), None):
        change(sql, job_id, maxCostUsd=None if usd is None else float(usd))

        assert sql.job(job_id)["max_cost_usd"] == usd


def test_a_job_whose_budget_was_spent_goes_on_when_it_is_raised(sql: Sql, job_id: UUID) -> None:
    change(sql, job_id, maxCostUsd=0)
    sql.run("select batch.hold_job(%s, 'budget', 'spent')", job_id)

    change(sql, job_id, maxCostUsd=1)

    assert sql.job(job_id)["status"] == "processing"


def test_it_is_an_event_of_the_job_once(sql: Sql, job_id: UUID) -> None:
    for _ in range(2):
        change(sql, job_id, lanes=5, priority=1)

    assert sql.rows(
        "select details from batch.job_events where job_id = %s and type = 'changed'", job_id
    ) == [({"lanes": 5, "priority": 1},)]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, [""]),
        ([], [""]),
        ("lanes", [""]),
        ({"lanes": 65}, ["lanes"]),
        ({"lanes": None}, ["lanes"]),
        ({"priority": None}, ["priority"]),
        ({"priority": 0.5}, ["priority"]),
        ({"maxCostUsd": -1}, ["maxCostUsd"]),
        ({"limit": 5}, ["limit"]),
        ({"status": "paused", "lanes": 0}, ["lanes", "status"]),
    ],
)
def test_what_cannot_be_changed_is_named(
    sql: Sql, job_id: UUID, changes: Any, fields: list[str]
) -> None:
    found = sql.problems(CHANGE, job_id, json.dumps(changes))

    assert sorted(field for field, _ in found) == fields


def test_an_ended_job_cannot_be_changed(sql: Sql, job_id: UUID) -> None:
    sql.run("select batch.cancel_job(%s)", job_id)

    with sql.refused("BJ409"):
        change(sql, job_id, lanes=5)


def test_a_job_that_does_not_exist_cannot_be_changed(sql: Sql) -> None:
    with sql.refused("BJ404"):
        change(sql, uuid4(), lanes=5)
