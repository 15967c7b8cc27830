"""batch.job_details: what became of a job's items, in pages."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, failed, processed

CALL = "select batch.job_details(%s, %s)"


@pytest.fixture
def chat(sql: Sql) -> Chat:
    return add_chat(sql)


@pytest.fixture
def job_id(sql: Sql, chat: Chat) -> UUID:
    """A completed job of 20 items: every third failed, the others processed."""
    chat.add_many(20)
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    worker = sql.worker()
    for seq in sql.take(job_id, 1, worker):
        make = failed if seq % 3 == 0 else processed
        sql.record(worker, make(job_id, 1, seq))
    sql.finish(job_id, 1, worker)
    return job_id


def details(sql: Sql, job_id: UUID, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = sql.value(CALL, job_id, json.dumps(query))
    return found


def test_processed_and_failed_stand_apart_in_the_job_s_order(sql: Sql, job_id: UUID) -> None:
    found = details(sql, job_id)

    assert found["jobId"] == str(job_id)
    assert [item["seq"] for item in found["failedItems"]] == [3, 6, 9, 12, 15, 18]
    assert [item["seq"] for item in found["processedItems"]] == [
        seq for seq in range(1, 21) if seq % 3
    ]
    assert found["resultsSummary"]["imagesProcessed"] == 14
    assert found["resultsSummary"]["processingFailed"] == 6
    assert (found["nextProcessedCursor"], found["nextFailedCursor"]) == (None, None)


def test_an_item_tells_what_became_of_it(sql: Sql, chat: Chat, job_id: UUID) -> None:
    found = details(sql, job_id)
    good, bad = found["processedItems"][0], found["failedItems"][0]

    assert (good["externalId"], good["chatId"]) == ("1", str(chat.id))
    assert (good["contentType"], good["status"], good["errorCode"]) == ("image", "processed", None)
    assert (good["provider"], good["model"], good["tokens"]) == ("local", "test", 1)
    assert (bad["status"], bad["errorCode"], bad["error"]) == (
        "failed", "file_unreadable", "for a test",
    )  # fmt: skip


@pytest.mark.parametrize("limit", ["1", "5", "14", "200"])
@pytest.mark.parametrize("kind", ["processed", "failed"])
def test_pages_show_every_item_once(sql: Sql, job_id: UUID, kind: str, limit: str) -> None:
    seen: list[int] = []
    query: dict[str, str] = {"limit": limit}

    while True:
        page = details(sql, job_id, **query)
        assert len(page[f"{kind}Items"]) <= int(limit)
        seen += [item["seq"] for item in page[f"{kind}Items"]]
        cursor = page[f"next{kind.capitalize()}Cursor"]
        if cursor is None:
            break
        query[f"{kind}Cursor"] = cursor

    wanted = [seq for seq in range(1, 21) if (seq % 3 == 0) == (kind == "failed")]
    assert seen == wanted


def test_the_two_lists_are_paged_apart(sql: Sql, job_id: UUID) -> None:
    first = details(sql, job_id, limit="2")

    second = details(sql, job_id, limit="2", failedCursor=first["nextFailedCursor"])

    assert [item["seq"] for item in second["failedItems"]] == [9, 12]
    assert second["processedItems"] == first["processedItems"]


def test_what_a_chat_has_lost_is_null(sql: Sql, chat: Chat, job_id: UUID) -> None:
    sql.run("delete from public.messages where chat_id = %s", chat.id)

    item = details(sql, job_id)["processedItems"][0]

    assert (item["externalId"], item["chatId"]) == (None, None)
    assert item["messageId"] is not None


def test_a_job_without_results_has_empty_lists(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    found = details(sql, job_id)

    assert (found["status"], found["processedItems"], found["failedItems"]) == ("pending", [], [])


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        details(sql, uuid4())


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"processedCursor": "x"}, "processedCursor"),
        ({"failedCursor": ""}, "failedCursor"),
        ({"failedCursor": "e30"}, "failedCursor"),
        ({"cursor": "e30"}, "cursor"),
        ({"page": "2"}, "page"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    sql: Sql, job_id: UUID, query: dict[str, str], field: str
) -> None:
    problems = sql.problems(CALL, job_id, json.dumps(query))

    assert [name for name, _ in problems] == [field]


@pytest.mark.parametrize("cursor", ["seq-x", "seq-", "seq-1e99", "seq-1234567890", "id-5", "5"])
def test_a_cursor_that_somebody_made_up_is_refused(sql: Sql, job_id: UUID, cursor: str) -> None:
    problems = sql.problems(CALL, job_id, json.dumps({"failedCursor": cursor}))

    assert problems == [("failedCursor", "is not a cursor that an earlier page gave")]
