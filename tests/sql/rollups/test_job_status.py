"""batch.job_status and batch.job_json: one job as the REST API answers."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, failed, processed


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    """A job half done: one item processed, one failed, two to go; all in one slice."""
    sql.at("2026-06-30 12:00:00+00")
    chat = add_chat(sql)
    chat.add_many(4)
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.at("2026-06-30 12:00:10+00")
    sql.record(worker, processed(job_id, 1, 1, cost="0.00000001", tokens=3), failed(job_id, 1, 2))
    return job_id


def test_the_status_says_where_a_job_stands(sql: Sql, job_id: UUID) -> None:
    assert sql.value("select batch.job_status(%s)", job_id) == {
        "jobId": str(job_id),
        "instanceId": str(sql.job(job_id)["instance_id"]),
        "status": "processing",
        "isFinal": False,
        "totalItems": 4,
        "processedItems": 1,
        "failedItems": 1,
        "skippedItems": 0,
        "progressPercent": 50.0,
        "currentItem": None,
        "totalCostUsd": 1e-08,
        "totalTokens": 3,
        "estimatedCompletion": "2026-06-30T12:00:20.000Z",
        "startedAt": "2026-06-30T12:00:00.000Z",
        "completedAt": None,
    }


def test_money_is_written_in_full(sql: Sql, job_id: UUID) -> None:
    text = sql.value("select batch.job_status(%s)::text", job_id)

    assert '"totalCostUsd" : 0.00000001' in text


def test_the_id_may_be_typed_as_a_literal(sql: Sql, job_id: UUID) -> None:
    (status,) = sql.row(f"select batch.job_status('{job_id}')")

    assert status["jobId"] == str(job_id)


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    job_id = uuid4()

    for function in ("job_status", "job_json"):
        with sql.refused("BJ404") as caught:
            sql.value(f"select batch.{function}(%s)", job_id)
        assert caught[0].diag.message_primary == f"no batch job {job_id}"


def test_a_job_s_json_has_every_column_of_the_contract(sql: Sql, job_id: UUID) -> None:
    job = sql.value("select batch.job_json(%s::uuid)", job_id)

    assert set(job) == {
        "id", "jobType", "instanceId", "chatId", "requestParams", "status", "totalFound",
        "totalItems", "processedItems", "failedItems", "skippedItems", "currentItem",
        "progressPercent", "totalCostUsd", "totalTokens", "resultsSummary", "errorMessage",
        "estimatedCompletion", "createdAt", "startedAt", "completedAt", "reusedItems",
        "unpricedItems", "maxCostUsd", "pauseReason", "failureThreshold", "priority", "lanes",
        "callbackUrl", "metadata", "retryOf",
    }  # fmt: skip
    assert job["id"] == str(job_id)
    assert job["createdAt"] == "2026-06-30T12:00:00.000Z"
    assert job["resultsSummary"]["processingFailed"] == 1
