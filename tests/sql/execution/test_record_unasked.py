"""batch.record_results: what was made without asking is judged when it is recorded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.database import Chat, Sql, add_chat, failed, processed
from tests.sql.execution.reported import stored, taken


@pytest.fixture
def chat(sql: Sql) -> Chat:
    return add_chat(sql)


def at_once(job_id: UUID, seq: int, **more: Any) -> dict[str, Any]:
    """A result of which nobody was asked whether it may be made."""
    return processed(job_id, 1, seq, cost="0", tokens=0, isUnasked=True, model="text", **more)


def test_what_was_made_unasked_counts_like_any_other(sql: Sql, chat: Chat) -> None:
    chat.add("text/plain")
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    for _ in range(2):
        sql.record(worker, at_once(job_id, 1, text="the text"))

    assert stored(sql, job_id) == [(1, "processed", Decimal(0))]
    assert sql.rows("select document_extraction from public.messages") == [("the text",)]
    assert sql.value("select count(*) from public.media_content") == 1
    assert sql.value("select count(*) from batch.made_texts") == 0


@pytest.mark.parametrize("change", ["cancel_job", "pause_job"])
def test_what_was_made_unasked_does_not_count_once_its_job_is_stopped(
    sql: Sql, chat: Chat, change: str
) -> None:
    chat.add("text/plain")
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.run(f"select batch.{change}(%s)", job_id)

    sql.record(worker, at_once(job_id, 1), processed(job_id, 1, 1) | {"seq": 2})
    sql.record(worker, failed(job_id, 1, 1) | {"isUnasked": True})

    assert stored(sql, job_id) == []
    assert sql.value("select count(*) from public.media_content") == 0


def test_a_message_that_has_a_text_by_now_is_skipped_if_nobody_asked(sql: Sql, chat: Chat) -> None:
    message = chat.add("text/plain")
    worker = sql.worker()
    job_id, forced = taken(sql, chat, worker), taken(sql, chat, worker, force=True)
    sql.run("update public.messages set document_extraction = 'old' where id = %s", message)

    sql.record(worker, at_once(job_id, 1))
    sql.record(worker, at_once(forced, 1, text="new"))

    assert (stored(sql, job_id), stored(sql, forced)) == (
        [(1, "skipped", Decimal(0))], [(1, "processed", Decimal(0))]
    )  # fmt: skip
    assert sql.value("select document_extraction from public.messages") == "new"
    assert sql.rows("select * from batch.audit()") == []


@pytest.mark.parametrize("asked_is_last", [True, False])
def test_of_one_asked_about_and_one_unasked_the_second_is_skipped(
    sql: Sql, chat: Chat, asked_is_last: bool
) -> None:
    chat.add("text/plain")
    worker, other = sql.worker(), sql.worker()
    asked, unasked = taken(sql, chat, worker), taken(sql, chat, other)
    results = [
        (other, at_once(unasked, 1)), (worker, processed(asked, 1, 1, cost="0", tokens=0))
    ]  # fmt: skip

    for by, result in results if asked_is_last else results[::-1]:
        sql.record(by, result)

    outcomes = [stored(sql, asked)[0][1], stored(sql, unasked)[0][1]]
    assert outcomes == (["skipped", "processed"] if asked_is_last else ["processed", "skipped"])
    assert sql.value("select count(*) from public.media_content") == 1
    assert sql.rows("select * from batch.audit()") == []


def test_what_was_paid_for_counts_although_the_message_has_a_text_by_now(
    sql: Sql, chat: Chat
) -> None:
    message = chat.add("text/plain")
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.run("update public.messages set document_extraction = 'old' where id = %s", message)

    sql.record(worker, processed(job_id, 1, 1, cost="0.5"))

    assert stored(sql, job_id) == [(1, "processed", Decimal("0.5"))]


def test_what_is_skipped_after_all_does_not_count_as_reused(sql: Sql, chat: Chat) -> None:
    message = chat.add("text/plain")
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.run("update public.messages set document_extraction = 'old' where id = %s", message)

    sql.record(worker, processed(job_id, 1, 1, cost="0", tokens=0, isReused=True))

    assert stored(sql, job_id) == [(1, "skipped", Decimal(0))]
    assert sql.job(job_id)["reused_items"] == 0
    assert sql.rows("select * from batch.audit()") == []


def test_of_two_jobs_over_a_message_in_one_call_the_second_is_skipped(sql: Sql, chat: Chat) -> None:
    chat.add("text/plain")
    worker = sql.worker()
    jobs = sorted(taken(sql, chat, worker) for _ in range(2))

    sql.record(worker, *(at_once(each, 1) for each in reversed(jobs)))

    assert [stored(sql, each)[0][1] for each in jobs] == ["processed", "skipped"]
    assert sql.value("select count(*) from public.media_content") == 1
    assert sql.rows("select * from batch.audit()") == []


@pytest.mark.parametrize("paid_is_first", [True, False])
def test_of_one_paid_for_and_one_unasked_in_one_call_the_paid_one_is_the_message_s(
    sql: Sql, chat: Chat, paid_is_first: bool
) -> None:
    chat.add("text/plain")
    worker = sql.worker()
    one, two = sorted(taken(sql, chat, worker) for _ in range(2))
    paid, unasked = (one, two) if paid_is_first else (two, one)

    sql.record(worker, at_once(unasked, 1), processed(paid, 1, 1, cost="0.5", text="paid for"))

    assert [stored(sql, each)[0][1] for each in (paid, unasked)] == ["processed", "skipped"]
    assert sql.rows("select document_extraction from public.messages") == [("paid for",)]
    assert sql.rows("select content from public.media_content") == [("paid for",)]
    assert sql.rows("select * from batch.audit()") == []
