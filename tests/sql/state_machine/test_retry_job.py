"""batch.retry_job: a new job of another job's failed items."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, failed, processed

RETRY = "select batch.retry_job(%s, %s, %s)"


@pytest.fixture
def chat(sql: Sql) -> Chat:
    chat = add_chat(sql)
    chat.add_many(6)
    return chat


def ended_job(sql: Sql, chat: Chat, fails: tuple[int, ...] = (2, 5), **request: Any) -> UUID:
    """A completed job of which these items have failed."""
    job_id = sql.in_one_slice(
        sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), **request)
    )
    worker = sql.worker()
    taken = sql.take(job_id, 1, worker)
    sql.record(worker, *((failed if seq in fails else processed)(job_id, 1, seq) for seq in taken))
    sql.finish(job_id, 1, worker)
    assert sql.job(job_id)["status"] == "completed"
    return job_id


def retry(sql: Sql, job_id: UUID, instances: Any = None, **overrides: Any) -> UUID:
    return UUID(str(sql.value(RETRY, job_id, json.dumps(overrides), instances)))


def messages(sql: Sql, job_id: UUID, *seqs: int) -> list[UUID]:
    return [
        message
        for seq, message in sql.rows(
            "select seq, message_id from batch.items where job_id = %s order by seq", job_id
        )
        if not seqs or seq in seqs
    ]


def test_exactly_the_failed_items_are_tried_again(sql: Sql, chat: Chat) -> None:
    first = ended_job(sql, chat)
    chat.add()

    again = retry(sql, first)
    sql.run("select batch.plan_job(%s)", again)

    assert messages(sql, again) == messages(sql, first, 2, 5)
    job = sql.job(again)
    assert (job["total_found"], job["total_items"], job["retry_of"]) == (2, 2, first)


def test_its_parameters_are_those_of_the_first_except_what_is_given(sql: Sql, chat: Chat) -> None:
    first = ended_job(
        sql, chat, language="pt", priority=5, maxCostUsd=1.5, metadata={"for": "ana"}, limit=6
    )

    again = sql.job(retry(sql, first, priority=7, maxCostUsd=None))

    params = again["request_params"]
    assert params["language"] == "pt"
    assert (again["priority"], again["max_cost_usd"], again["metadata"]) == (
        7,
        None,
        {"for": "ana"},
    )
    assert params["retryOf"] == str(first)
    assert "limit" not in params


def test_what_has_its_text_by_now_is_left_alone(sql: Sql, chat: Chat) -> None:
    first = ended_job(sql, chat)
    (done, _) = messages(sql, first, 2, 5)
    sql.run("update public.messages set image_description = 'x' where id = %s", done)

    again = retry(sql, first)
    sql.run("select batch.plan_job(%s)", again)

    job = sql.job(again)
    assert (job["total_found"], job["total_items"], job["skipped_items"]) == (2, 1, 1)


def test_only_content_types_that_are_asked_for_are_tried(sql: Sql, chat: Chat) -> None:
    again = retry(sql, ended_job(sql, chat), contentTypes=["audio"])
    sql.run("select batch.plan_job(%s)", again)

    assert (sql.job(again)["status"], sql.job(again)["total_items"]) == ("completed", 0)


def test_a_retry_can_be_retried(sql: Sql, chat: Chat) -> None:
    first = ended_job(sql, chat)
    second = retry(sql, first)
    sql.run("select batch.plan_job(%s)", second)
    worker = sql.worker()
    for first_seq, _, _ in sql.slices(second):
        for seq in sql.take(second, first_seq, worker):
            sql.record(worker, failed(second, first_seq, seq))
        sql.finish(second, first_seq, worker)

    third = retry(sql, second)
    sql.run("select batch.plan_job(%s)", third)

    assert messages(sql, third) == messages(sql, first, 2, 5)


def test_a_job_that_has_not_ended_is_refused(sql: Sql, chat: Chat) -> None:
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    with sql.refused("BJ409"):
        retry(sql, job_id)


def test_a_job_without_failures_is_refused(sql: Sql, chat: Chat) -> None:
    job_id = ended_job(sql, chat, fails=())

    with sql.refused("BJ409"):
        retry(sql, job_id)


def test_a_job_that_does_not_exist_is_refused(sql: Sql) -> None:
    with sql.refused("BJ404"):
        retry(sql, uuid4())


@pytest.mark.parametrize(
    ("overrides", "field"),
    [({"jobType": "time_based_batch"}, "jobType"), ({"chatId": "x"}, "chatId"),
     ({"lanes": 0}, "lanes"), ({"dryRun": True}, "dryRun")],
)  # fmt: skip
def test_what_cannot_be_overridden_is_named(
    sql: Sql, chat: Chat, overrides: dict[str, Any], field: str
) -> None:
    job_id = ended_job(sql, chat)

    found = sql.problems(RETRY, job_id, json.dumps(overrides), None)

    assert [name for name, _ in found] == [field]


def test_a_job_of_a_span_of_time_retries_its_own_instance(sql: Sql, chat: Chat) -> None:
    job_id = sql.in_one_slice(
        sql.plan(jobType="time_based_batch", daysBack=3650, instanceId=str(chat.instance_id))
    )
    worker = sql.worker()
    for seq in sql.take(job_id, 1, worker):
        sql.record(worker, failed(job_id, 1, seq))
    sql.finish(job_id, 1, worker)

    again = retry(sql, job_id, [chat.instance_id])

    assert sql.job(again)["instance_id"] == chat.instance_id
