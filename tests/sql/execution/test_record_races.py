"""Two sessions that report results at once: who waits for whom, and what counts."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, beside, failed, open_sql, processed
from tests.sql.execution.reported import taken
from tests.sql.execution.two_sessions import audit, cancel, in_turn


@pytest.fixture
def chat(own_sql: Sql) -> Chat:
    return add_chat(own_sql)


def test_items_that_two_workers_report_at_once_count_once(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(3)
    worker, heir = own_sql.worker(), own_sql.worker()
    job_id = taken(own_sql, chat, worker)

    def hand_over_then_report() -> None:
        other_sql.record(heir, *(processed(job_id, 1, seq) for seq in (3, 2, 1)))

    # The first worker's report is on its way when its slice is given to the second.
    with own_sql.uncommitted():
        own_sql.record(worker, *(processed(job_id, 1, seq, cost="0.5") for seq in (1, 2)))
        other_sql.finish(job_id, 1, worker)
        other_sql.take(job_id, 1, heir)
        running = beside(hand_over_then_report)
        running.__enter__()
        own_sql.await_blocked(other_sql)
    running.__exit__(None, None, None)
    other_sql.finish(job_id, 1, heir)

    job = own_sql.job(job_id)
    assert (job["status"], job["processed_items"]) == ("completed", 3)
    assert own_sql.rows("select seq, worker_id from batch.item_results order by seq") == [
        (1, worker), (2, worker), (3, heir),
    ]  # fmt: skip
    assert own_sql.value("select count(*) from public.media_content") == 3
    assert audit(own_sql) == []


def test_what_is_sent_again_while_it_is_being_recorded_counts_once(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(3)
    worker = own_sql.worker()
    job_id = taken(own_sql, chat, worker)

    in_turn(
        own_sql, other_sql,
        lambda: own_sql.record(worker, *(failed(job_id, 1, seq) for seq in (1, 2))),
        lambda: other_sql.record(worker, *(failed(job_id, 1, seq) for seq in (1, 2, 3))),
    )  # fmt: skip

    assert own_sql.job(job_id)["failed_items"] == 3
    assert audit(own_sql) == []


def test_what_is_sent_again_waits_for_nobody(own_sql: Sql, other_sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = own_sql.worker()
    job_id = taken(own_sql, chat, worker)
    own_sql.record(worker, failed(job_id, 1, 1))

    with own_sql.uncommitted():
        own_sql.run("select from batch.job_progress where job_id = %s for update", job_id)
        # It would be refused after two seconds of waiting.
        other_sql.record(worker, failed(job_id, 1, 1))

    assert own_sql.job(job_id)["failed_items"] == 1


def test_a_transaction_that_cannot_see_what_was_recorded_meanwhile_does_not_try_for_ever(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add()
    worker, heir = own_sql.worker(), own_sql.worker()
    job_id = taken(own_sql, chat, worker)
    other_sql.run("set statement_timeout = '10s'")

    with ExitStack() as unseen:
        unseen.enter_context(own_sql.uncommitted())
        own_sql.record(worker, failed(job_id, 1, 1))
        other_sql.finish(job_id, 1, worker)
        other_sql.take(job_id, 1, heir)
        with other_sql.uncommitted():
            other_sql.run("set transaction isolation level repeatable read")
            other_sql.value("select count(*) from batch.item_results")
            unseen.close()

            with other_sql.refused("40001"):
                other_sql.record(heir, failed(job_id, 1, 1))

    assert own_sql.rows("select worker_id from batch.item_results") == [(worker,)]


def test_reports_of_two_jobs_over_the_same_messages_lock_them_in_one_order(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    # Of messages of one instant the one with the higher id is the first item.
    low, high = sorted(chat.add() for _ in range(2))
    worker, other = own_sql.worker(), own_sql.worker()
    first = taken(own_sql, chat, worker, force=True)
    second = taken(own_sql, chat, other, force=True)

    with own_sql.uncommitted():
        own_sql.run("select from public.messages where id = %s for update", low)
        running = beside(
            lambda: other_sql.record(other, processed(second, 1, 1), processed(second, 1, 2))
        )
        running.__enter__()
        own_sql.await_blocked(other_sql)
        # It waits for the lower one, and has not locked the higher one before it.
        own_sql.run("set local lock_timeout = '5s'")
        own_sql.record(worker, processed(first, 1, 1), processed(first, 1, 2))
    running.__exit__(None, None, None)

    assert (
        own_sql.rows(
            "select image_description from public.messages where id = any (%s)", [low, high]
        )
        == [("some text",)] * 2
    )
    assert audit(own_sql) == []


def test_an_open_cancel_does_not_hold_up_the_first_results_of_a_worker(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add()
    worker = own_sql.worker()
    job_id = taken(own_sql, chat, worker)
    other_sql.run("set lock_timeout = '5s'")

    with own_sql.uncommitted():
        cancel(own_sql, job_id)
        other_sql.record(worker, processed(job_id, 1, 1))

    assert own_sql.job(job_id)["processed_items"] == 1


def test_counts_are_right_while_a_worker_s_share_is_folded(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(3)
    worker = own_sql.worker()
    job_id = taken(own_sql, chat, worker)
    own_sql.record(worker, processed(job_id, 1, 1))

    in_turn(
        own_sql, other_sql,
        lambda: own_sql.run("select batch.fold_progress(%s)", job_id),
        lambda: other_sql.record(worker, processed(job_id, 1, 2)),
    )  # fmt: skip
    in_turn(
        own_sql, other_sql,
        lambda: own_sql.record(worker, processed(job_id, 1, 3)),
        lambda: other_sql.run("select batch.fold_progress(%s)", job_id),
    )  # fmt: skip

    assert own_sql.job(job_id)["processed_items"] == 3
    assert audit(own_sql) == []


def test_a_worker_s_results_and_current_item_go_to_the_right_jobs(own_sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = own_sql.worker()
    job_id = taken(own_sql, chat, worker)

    own_sql.run(
        "select batch.record_results(%s, %s, %s)",
        worker,
        json.dumps([processed(job_id, 1, 1)]),
        json.dumps({str(job_id): "last.jpg"}),
    )

    assert own_sql.job(job_id)["current_item"] == "last.jpg"


def of_the_same_bytes(job_id: UUID, seq: int, **more: Any) -> dict[str, Any]:
    """A result of the same bytes as every other."""
    return processed(job_id, 1, seq, sha256="aa", **more)


def in_two_chats(sql: Sql, chat: Chat) -> list[tuple[UUID, int]]:
    """Two jobs of two items each, over a chat each, with the workers that have them in hand."""
    jobs = []
    for each in (chat, add_chat(sql)):
        each.add_many(2, "text/plain")
        worker = sql.worker()
        jobs.append((taken(sql, each, worker), worker))
    return jobs


def test_what_two_make_of_the_same_bytes_at_once_is_remembered_once(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    (one, worker), (two, other_worker) = in_two_chats(own_sql, chat)

    in_turn(
        own_sql, other_sql,
        lambda: own_sql.record(worker, of_the_same_bytes(one, 1)),
        lambda: other_sql.record(other_worker, of_the_same_bytes(two, 1)),
    )  # fmt: skip

    assert [own_sql.job(each)["processed_items"] for each in (one, two)] == [1, 1]
    assert own_sql.rows(
        "select mc.id is not null from batch.made_texts as t"
        " left join public.media_content as mc on mc.id = t.media_content_id"
    ) == [(True,)]
    assert audit(own_sql) == []


def test_what_does_not_yield_locks_its_messages_first_too(
    own_sql: Sql, other_sql: Sql, database_url: str, chat: Chat
) -> None:
    chat.add_many(2)
    worker, other = own_sql.worker(), own_sql.worker()
    forced = taken(own_sql, chat, worker, force=True)
    usual = taken(own_sql, chat, other)
    free = {"cost": "0", "tokens": 0}

    # It has locked both messages, and remembers the first text while it waits with the second.
    with open_sql(database_url) as third, ExitStack() as stack:
        with third.uncommitted():
            third.run(
                "insert into batch.made_texts"
                " values ('\\xaa', 'description', '', 'test', %s, now())",
                uuid4(),
            )
            both = [processed(usual, 1, 1, sha256="bb", **free)]
            both.append(processed(usual, 1, 2, sha256="aa", **free))
            first = stack.enter_context(beside(lambda: other_sql.record(other, *both)))
            third.await_blocked(other_sql)
            one = processed(forced, 1, 1, sha256="bb", **free)
            second = stack.enter_context(beside(lambda: own_sql.record(worker, one)))
            third.await_blocked(own_sql)
        first.result(20)
        second.result(20)

    assert own_sql.job(usual)["processed_items"] == 2
    assert own_sql.job(forced)["processed_items"] == 1
    assert audit(own_sql) == []


def test_who_reuses_a_text_holds_up_nobody_with_the_same_bytes(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    (one, worker), (two, other_worker) = in_two_chats(own_sql, chat)
    own_sql.record(worker, of_the_same_bytes(one, 1))

    with own_sql.uncommitted():
        own_sql.record(worker, of_the_same_bytes(one, 2, isReused=True))
        # It would be refused after two seconds of waiting.
        other_sql.record(other_worker, of_the_same_bytes(two, 1, isReused=True))

    assert [own_sql.job(each)["reused_items"] for each in (one, two)] == [1, 1]
    assert audit(own_sql) == []
