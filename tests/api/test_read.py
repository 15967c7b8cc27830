"""GET one job: the row, its status, its details; and POST cancel."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.conftest import JOBS, assert_problem, assert_wrong_fields, created
from tests.database import Chat, Sql, add_chat, failed, processed

STATUS_KEYS = {
    "jobId", "instanceId", "status", "isFinal", "totalItems", "processedItems", "failedItems",
    "skippedItems", "progressPercent", "currentItem", "totalCostUsd", "totalTokens",
    "estimatedCompletion", "startedAt", "completedAt",
}  # fmt: skip
SUMMARY_KEYS = {
    "audioProcessed", "imagesProcessed", "videosProcessed", "documentsProcessed",
    "downloadFailed", "processingFailed",
}  # fmt: skip
ROUTES = [("GET", ""), ("GET", "/status"), ("GET", "/details"), ("POST", "/cancel")]


def ended_job(sql: Sql, processed_items: int, failed_items: int) -> UUID:
    """A completed job with this many processed items and after them the failed ones."""
    chat = add_chat(sql)
    chat.add_many(processed_items + failed_items)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = sql.worker()
    while queued := [s for s in sql.slices(job_id) if s[2] == "queued"]:
        first_seq = queued[0][0]
        for seq in sql.take(job_id, first_seq, worker):
            result = processed if seq <= processed_items else failed
            sql.record(worker, result(job_id, first_seq, seq))
        sql.finish(job_id, first_seq, worker)
    return job_id


def running_job(sql: Sql, items: int = 4) -> tuple[UUID, Chat]:
    chat = add_chat(sql)
    chat.add_many(items)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)), chat


@pytest.mark.parametrize(("method", "tail"), ROUTES)
@pytest.mark.parametrize(
    "job",
    [
        "00000000-0000-4000-8000-000000000000",
        "7",
        "x",
        "%00",
        "%ff",
        "null",
        "' or 1=1 --",
        "0" * 500,
        "é",
    ],
)
def test_a_job_that_does_not_exist_is_not_found(
    api: httpx.Client, method: str, tail: str, job: str
) -> None:
    answer = api.request(method, f"{JOBS}/{job}{tail}")

    assert assert_problem(answer, 404)["detail"].startswith("no batch job ")


def test_the_status_has_exactly_the_promised_keys(api: httpx.Client, api_sql: Sql) -> None:
    job_id = ended_job(api_sql, 3, 1)

    status = api.get(f"{JOBS}/{job_id}/status").json()

    assert set(status) == STATUS_KEYS
    assert UUID(status["jobId"]) == job_id
    assert (status["status"], status["totalItems"]) == ("completed", 4)
    assert (status["processedItems"], status["failedItems"]) == (3, 1)
    assert status["progressPercent"] == 100
    assert status["totalTokens"] == 3


def test_cost_is_written_exactly(api: httpx.Client, api_sql: Sql) -> None:
    job_id = ended_job(api_sql, 3, 0)

    answer = api.get(f"{JOBS}/{job_id}/status")

    assert '"totalCostUsd" : 0.00000003' in answer.text


def test_a_running_job_shows_how_far_it_is(api: httpx.Client, api_sql: Sql) -> None:
    job_id, _ = running_job(api_sql)
    worker = api_sql.worker()
    api_sql.take(job_id, 1, worker)
    api_sql.record(worker, processed(job_id, 1, 1))

    status = api.get(f"{JOBS}/{job_id}/status").json()

    assert (status["status"], status["progressPercent"]) == ("processing", 25)
    assert status["estimatedCompletion"].endswith("Z")
    assert status["completedAt"] is None


def test_the_details_have_exactly_the_promised_keys(api: httpx.Client, api_sql: Sql) -> None:
    job_id = ended_job(api_sql, 2, 1)

    details = api.get(f"{JOBS}/{job_id}/details").json()

    promised = {"jobId", "status", "processedItems", "failedItems", "resultsSummary"}
    assert set(details) == promised | {
        "nextProcessedCursor", "nextFailedCursor", "estimate", "actual",
    }  # fmt: skip
    assert details["resultsSummary"].keys() == SUMMARY_KEYS
    assert details["resultsSummary"]["imagesProcessed"] == 2
    assert [item["seq"] for item in details["processedItems"]] == [1, 2]
    (failure,) = details["failedItems"]
    assert (failure["errorCode"], failure["error"]) == ("file_unreadable", "for a test")
    assert failure["messageId"]


def test_both_lists_of_the_details_are_paged_each_by_its_own_cursor(
    api: httpx.Client, api_sql: Sql
) -> None:
    job_id = ended_job(api_sql, 7, 5)
    seen: dict[str, list[int]] = {"processedItems": [], "failedItems": []}
    query: dict[str, Any] = {"limit": 3}

    while True:
        page = api.get(f"{JOBS}/{job_id}/details", params=query).json()
        for name in seen:
            # A list that has ended begins again: its cursor is no longer sent.
            if name == "processedItems" or "failedCursor" in query or len(query) == 1:
                seen[name] += [item["seq"] for item in page[name]]
        query = {"limit": 3}
        if page["nextFailedCursor"]:
            query["failedCursor"] = page["nextFailedCursor"]
        if not page["nextProcessedCursor"]:
            break
        query["processedCursor"] = page["nextProcessedCursor"]

    assert seen == {"processedItems": [1, 2, 3, 4, 5, 6, 7], "failedItems": [8, 9, 10, 11, 12]}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("processedCursor=x", "processedCursor"),
        ("failedCursor=bm9uc2Vuc2U", "failedCursor"),
        ("status=failed", "status"),
    ],
)
def test_details_name_a_wrong_parameter(
    api: httpx.Client, api_sql: Sql, query: str, field: str
) -> None:
    job_id = ended_job(api_sql, 1, 0)

    answer = api.get(f"{JOBS}/{job_id}/details?{query}")

    assert_wrong_fields(answer, field)


@pytest.mark.parametrize("tail", ["", "/status", "/report.csv", "/report.ndjson", "/stream"])
def test_a_parameter_that_would_do_nothing_is_refused(
    api: httpx.Client, api_sql: Sql, tail: str
) -> None:
    job_id = ended_job(api_sql, 1, 1)

    answer = api.get(f"{JOBS}/{job_id}{tail}", params={"status": "failed"})

    assert_wrong_fields(answer, "status")


def test_a_pending_job_is_cancelled(api: httpx.Client) -> None:
    job_id = created(api.post(JOBS, json={"jobType": "time_based_batch", "daysBack": 7}))

    answer = api.post(f"{JOBS}/{job_id}/cancel")

    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["status"]) == (str(job_id), "cancelled")
    assert answer.json()["completedAt"]


def test_a_processing_and_a_paused_job_are_cancelled(api: httpx.Client, api_sql: Sql) -> None:
    processing, _ = running_job(api_sql)
    paused, _ = running_job(api_sql)
    api_sql.run("select batch.pause_job(%s)", paused)

    answers = [api.post(f"{JOBS}/{job_id}/cancel") for job_id in (processing, paused)]

    assert [answer.json()["status"] for answer in answers] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("status", ["completed", "cancelled", "failed"])
def test_an_ended_job_cannot_be_cancelled(api: httpx.Client, api_sql: Sql, status: str) -> None:
    if status == "completed":
        job_id = ended_job(api_sql, 1, 0)
    else:
        job_id, _ = running_job(api_sql)
    if status == "cancelled":
        api.post(f"{JOBS}/{job_id}/cancel")
    if status == "failed":
        api_sql.run("select batch.fail_job(%s, 'for a test')", job_id)
    before = api.get(f"{JOBS}/{job_id}").json()

    answer = api.post(f"{JOBS}/{job_id}/cancel")

    assert status in assert_problem(answer, 409)["detail"]
    assert api.get(f"{JOBS}/{job_id}").json() == before
