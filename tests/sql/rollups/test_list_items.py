"""batch.list_items and batch.report_items: every item of a job, ended or not."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, failed, processed

LIST = "select batch.list_items(%s, %s)"


@pytest.fixture
def chat(sql: Sql) -> Chat:
    return add_chat(sql)


@pytest.fixture
def job_id(sql: Sql, chat: Chat) -> UUID:
    """Items 1 to 6: processed, failed twice in two ways, skipped, and two that wait."""
    chat.add_many(5)
    chat.add("audio/ogg", sent="2026-01-01", external_id="a sound")
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.record(
        worker,
        processed(job_id, 1, 1, text="A lantern.", cost="0.00012345", tokens=12),
        failed(job_id, 1, 2),
        failed(job_id, 1, 3, code="media_missing"),
        {"jobId": str(job_id), "firstSeq": 1, "seq": 4, "status": "skipped"},
    )
    return job_id


def items(sql: Sql, job_id: UUID, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sql.value(LIST, job_id, json.dumps(query))["items"]
    return found


def seqs(sql: Sql, job_id: UUID, **query: str) -> list[int]:
    return [item["seq"] for item in items(sql, job_id, **query)]


def test_an_item_is_told_with_its_message_its_chat_and_what_became_of_it(
    sql: Sql, chat: Chat, job_id: UUID
) -> None:
    first, second, *_, last = items(sql, job_id)

    assert (first["externalId"], first["chatId"]) == ("1", str(chat.id))
    assert (first["status"], first["provider"], first["model"]) == ("processed", "local", "test")
    assert (str(first["costUsd"]), first["tokens"]) == ("0.00012345", 12)
    assert (second["status"], second["errorCode"]) == ("failed", "file_unreadable")
    assert (last["status"], last["contentType"]) == ("pending", "audio")
    assert last["costUsd"] is last["finishedAt"] is None
    assert "text" not in first


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"status": "processed"}, [1]),
        ({"status": "failed"}, [2, 3]),
        ({"status": "skipped"}, [4]),
        ({"status": "pending"}, [5, 6]),
        ({"status": "pending, failed"}, [2, 3, 5, 6]),
        ({"contentType": "audio"}, [6]),
        ({"contentType": "audio,image", "status": "failed"}, [2, 3]),
        ({"errorCode": "media_missing"}, [3]),
        ({"errorCode": "media_missing,file_unreadable"}, [2, 3]),
        ({"errorCode": "media_missing", "status": "processed"}, []),
        ({"errorCode": "nothing_known"}, []),
        ({"status": "", "contentType": ""}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_it_can_be_narrowed(
    sql: Sql, job_id: UUID, query: dict[str, str], expected: list[int]
) -> None:
    assert seqs(sql, job_id, **query) == expected


@pytest.mark.parametrize("query", [{}, {"status": "failed"}, {"status": "failed,pending"}])
def test_its_pages_together_are_the_whole(sql: Sql, job_id: UUID, query: dict[str, str]) -> None:
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = sql.value(
            LIST, job_id,
            json.dumps(query | {"limit": "1"} | ({"cursor": cursor} if cursor else {})),
        )  # fmt: skip
        found += [item["seq"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break

    assert found == seqs(sql, job_id, **query)


def test_the_text_is_that_which_this_job_made(sql: Sql, job_id: UUID) -> None:
    sql.run(
        "insert into public.media_content (media_id, processing_type, content, created_at)"
        " select i.message_id, 'description', 'later', '2030-01-01'"
        " from batch.items i where i.job_id = %s and i.seq = 1",
        job_id,
    )

    first, second, *_ = items(sql, job_id, text="true")

    assert (first["text"], second["text"]) == ("A lantern.", None)
    assert list(first)[-1] == "text"


def test_the_text_of_a_message_whose_media_content_is_gone_is_its_own(
    sql: Sql, job_id: UUID
) -> None:
    sql.run("delete from public.media_content")

    assert items(sql, job_id, text="true")[0]["text"] == "A lantern."


def test_what_a_chat_has_lost_since_is_null(sql: Sql, chat: Chat, job_id: UUID) -> None:
    sql.run("delete from public.messages where chat_id = %s", chat.id)

    first = items(sql, job_id, text="true")[0]

    assert first["externalId"] is first["chatId"] is None
    assert first["messageId"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "done"}, "status"),
        ({"contentType": "gif"}, "contentType"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"text": "yes"}, "text"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "eyJzZXEiOiAieCJ9"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"chatId": "x"}, "chatId"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    sql: Sql, job_id: UUID, query: dict[str, str], field: str
) -> None:
    assert [name for name, _ in sql.problems(LIST, job_id, json.dumps(query))] == [field]


def test_a_job_that_does_not_exist_has_no_items(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.run(LIST, uuid4(), "{}")


def test_a_report_is_all_items_in_order_a_part_at_a_time(sql: Sql, job_id: UUID) -> None:
    report = "select seq, item from batch.report_items(%s, %s, %s, true)"

    first, rest = sql.rows(report, job_id, 0, 4), sql.rows(report, job_id, 4, 4)

    assert [seq for seq, _ in first + rest] == [1, 2, 3, 4, 5, 6]
    assert [item for _, item in first + rest] == items(sql, job_id, text="true")


def test_an_item_says_where_its_medium_was_to_be_had(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add("text/plain", sent="2026-01-03", media_local_path="a/note.txt")
    chat.add(
        "image/png",
        sent="2026-01-02",
        media_local_path="",
        media_url="https://me:secret@media.example/b.png?key=secret",
    )
    chat.add("image/png", sent="2026-01-01")
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    listed = sql.value("select batch.list_items(%s)", job_id)["items"]

    assert [item["file"] for item in listed] == ["a/note.txt", "https://media.example/b.png", None]
