"""batch.made_texts: of the same bytes, which text is remembered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.database import Chat, Sql, add_chat, processed
from tests.sql.execution.reported import taken


@pytest.fixture
def chat(sql: Sql) -> Chat:
    chat = add_chat(sql)
    chat.add_many(2, "text/plain")
    return chat


def asked(job_id: UUID, seq: int, text: str) -> dict[str, Any]:
    return processed(job_id, 1, seq, text=text, sha256="aa", model="a model")


def free(job_id: UUID, seq: int, text: str) -> dict[str, Any]:
    """What nobody is paid for: it yields to a text that its message has by now."""
    return asked(job_id, seq, text) | {"costUsd": "0"}


def remembered(sql: Sql) -> list[str | None]:
    """The texts that would be given again; None for one that is gone."""
    return [
        text
        for (text,) in sql.rows(
            "select mc.content from batch.made_texts as t"
            " left join public.media_content as mc on mc.id = t.media_content_id"
        )
    ]


@pytest.mark.parametrize("result", [asked, free])
def test_the_text_of_bytes_is_remembered_once(sql: Sql, chat: Chat, result: Any) -> None:
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, result(job_id, 1, "the first"), result(job_id, 2, "the first"))

    assert remembered(sql) == ["the first"]


@pytest.mark.parametrize("result", [asked, free])
def test_what_is_reported_again_is_remembered_as_it_was(sql: Sql, chat: Chat, result: Any) -> None:
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.record(worker, result(job_id, 1, "the first"))

    sql.record(worker, result(job_id, 1, "reported again"))

    assert remembered(sql) == ["the first"]


@pytest.mark.parametrize("result", [asked, free])
def test_a_text_whose_row_is_gone_is_remembered_anew(sql: Sql, chat: Chat, result: Any) -> None:
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.record(worker, result(job_id, 1, "deleted by its owner"))
    sql.run("delete from public.media_content")
    assert remembered(sql) == [None]

    sql.record(worker, result(job_id, 2, "made anew"))

    assert remembered(sql) == ["made anew"]
    assert sql.job(job_id)["reused_items"] == 0


@pytest.mark.parametrize("result", [asked, free])
def test_the_text_of_a_forced_job_takes_the_place_of_the_older(
    sql: Sql, chat: Chat, result: Any
) -> None:
    worker = sql.worker()
    sql.record(worker, result(taken(sql, chat, worker), 1, "the older"))
    forced = taken(sql, chat, worker, force=True)

    sql.record(worker, result(forced, 2, "the newer"))

    assert remembered(sql) == ["the newer"]
    assert sql.job(forced)["reused_items"] == 0


def test_a_text_that_was_given_again_is_not_remembered_in_place_of_the_first(
    sql: Sql, chat: Chat
) -> None:
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.record(worker, asked(job_id, 1, "the first"))

    sql.record(worker, asked(job_id, 2, "given again") | {"isReused": True, "costUsd": "0"})

    assert remembered(sql) == ["the first"]


def test_a_text_that_came_second_is_not_remembered(sql: Sql, chat: Chat) -> None:
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.run("update public.messages set document_extraction = 'by another job'")

    sql.record(worker, free(job_id, 1, "skipped"))

    assert remembered(sql) == []
