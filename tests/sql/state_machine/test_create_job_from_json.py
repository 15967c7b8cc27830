"""batch.create_job_from_json: a job is written and its planning queued, together."""

from __future__ import annotations

import json

from tests.database import NOW, Sql, add_chat


def test_a_new_job_waits_for_its_plan(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add()

    job_id = sql.create(jobType="targeted_chat_sync", chatId=chat.external_id)

    job = sql.job(job_id)
    assert (job["status"], job["total_items"], job["started_at"]) == ("pending", 0, None)
    assert sql.tasks(job_id) == [("plan_job", None)]
    assert sql.value("select count(*) from batch.items where job_id = %s", job_id) == 0


def test_creation_is_the_first_event_of_a_job(sql: Sql) -> None:
    sql.at(NOW)

    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    events = sql.rows(
        "select type, actor, details, created_at = %s from batch.job_events where job_id = %s",
        NOW, job_id,
    )  # fmt: skip
    assert events == [
        ("created", "postgres (tests)", {"jobType": "time_based_batch", "daysBack": 7}, True)
    ]


def test_two_requests_alike_are_two_jobs(sql: Sql) -> None:
    first = sql.create(jobType="time_based_batch", daysBack=7)
    second = sql.create(jobType="time_based_batch", daysBack=7)

    assert first != second


def test_a_refused_request_leaves_nothing(sql: Sql) -> None:
    sql.problems("select batch.create_job_from_json(%s)", json.dumps({"jobType": "unknown"}))

    assert sql.value("select count(*) from batch.jobs") == 0
    assert sql.tasks() == []
