"""Two sessions at once: who waits for whom, and what the later one finds.

In each test `own_sql` does something in a transaction that it keeps open; `other_sql` runs into
its locks, is seen waiting, and goes on once the first has committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, beside, failed, open_sql, processed

T = TypeVar("T")


@pytest.fixture
def chat(own_sql: Sql) -> Chat:
    return add_chat(own_sql)


def plan(sql: Sql, chat: Chat, **request: Any) -> UUID:
    """A planned job whose items stand in one slice."""
    return sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), **request))


def in_turn(first: Sql, second: Sql, begin: Callable[[], object], then: Callable[[], T]) -> T:
    """What `then` gives in `second`, which waits until the transaction of `begin` commits."""
    with first.uncommitted():
        begin()
        running = beside(then)
        future = running.__enter__()
        first.await_blocked(second)
    running.__exit__(None, None, None)
    return future.result()


def cancel(sql: Sql, job_id: UUID) -> str:
    return str(sql.value("select status::text from batch.cancel_job(%s)", job_id))


def audit(sql: Sql) -> list[tuple[Any, ...]]:
    return sql.rows("select * from batch.audit()")


def test_once_a_cancel_has_committed_nothing_is_taken(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(5)
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()

    taken = in_turn(
        own_sql, other_sql,
        lambda: cancel(own_sql, job_id),
        lambda: other_sql.take(job_id, 1, worker),
    )  # fmt: skip

    assert taken == []
    assert own_sql.slices(job_id) == [(1, 5, "done")]


def test_once_a_pause_has_committed_nothing_is_taken(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(5)
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()

    taken = in_turn(
        own_sql, other_sql,
        lambda: own_sql.run("select batch.pause_job(%s)", job_id),
        lambda: other_sql.take(job_id, 1, worker),
    )  # fmt: skip

    assert taken == []
    assert own_sql.slices(job_id) == [(1, 5, "queued")]


def test_a_cancel_waits_for_a_slice_that_is_being_taken_and_leaves_it_to_its_worker(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(5)
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()

    status = in_turn(
        own_sql, other_sql,
        lambda: own_sql.take(job_id, 1, worker),
        lambda: cancel(other_sql, job_id),
    )  # fmt: skip

    assert status == "cancelled"
    assert own_sql.slices(job_id) == [(1, 5, "running")]


def test_two_slices_of_a_job_are_taken_without_waiting(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(100)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    first, second = (first for first, _, _ in own_sql.slices(job_id)[:2])
    other_sql.run("set lock_timeout = '5s'")

    with own_sql.uncommitted():
        own_sql.take(job_id, first, own_sql.worker())
        taken = other_sql.take(job_id, second, other_sql.worker())

    assert taken


def test_of_two_workers_that_take_one_slice_one_gets_it(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(5)
    job_id = plan(own_sql, chat)
    worker, other = own_sql.worker(), own_sql.worker()

    taken = in_turn(
        own_sql, other_sql,
        lambda: own_sql.take(job_id, 1, worker),
        lambda: other_sql.take(job_id, 1, other),
    )  # fmt: skip

    assert taken == []
    assert own_sql.rows("select worker_id, attempts from batch.slices") == [(worker, 1)]


def test_a_cancel_does_not_wait_for_the_selection_and_the_plan_then_keeps_nothing(
    own_sql: Sql, other_sql: Sql, database_url: str, chat: Chat
) -> None:
    chat.add_many(5)
    job_id = own_sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
    own_sql.run("set lock_timeout = '5s'")

    with open_sql(database_url) as slow:
        with slow.uncommitted():
            slow.run("lock table public.messages")
            running = beside(lambda: other_sql.run("select batch.plan_job(%s)", job_id))
            running.__enter__()
            slow.await_blocked(other_sql)
            status = cancel(own_sql, job_id)
        running.__exit__(None, None, None)

    assert status == "cancelled"
    assert own_sql.job(job_id)["status"] == "cancelled"
    assert own_sql.value("select count(*) from batch.items") == 0
    assert own_sql.slices(job_id) == []
    assert audit(own_sql) == []


def test_a_cancel_that_commits_while_the_plan_waits_for_it_leaves_nothing_to_do(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(5)
    job_id = own_sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))

    in_turn(
        own_sql,
        other_sql,
        lambda: cancel(own_sql, job_id),
        lambda: other_sql.run("select batch.plan_job(%s)", job_id),
    )

    assert own_sql.job(job_id)["status"] == "cancelled"
    assert own_sql.value("select count(*) from batch.items") == 0
    assert audit(own_sql) == []


def test_a_cancel_while_a_plan_commits_cancels_the_planned_job(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(5)
    job_id = own_sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))

    status = in_turn(
        own_sql, other_sql,
        lambda: own_sql.run("select batch.plan_job(%s)", job_id),
        lambda: cancel(other_sql, job_id),
    )  # fmt: skip

    assert status == "cancelled"
    assert own_sql.job(job_id)["total_items"] == 5
    assert {state for _, _, state in own_sql.slices(job_id)} == {"done"}


def test_two_plans_of_one_job_make_its_items_once(own_sql: Sql, other_sql: Sql, chat: Chat) -> None:
    chat.add_many(5)
    job_id = own_sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))

    in_turn(
        own_sql, other_sql,
        lambda: own_sql.run("select batch.plan_job(%s)", job_id),
        lambda: other_sql.run("select batch.plan_job(%s)", job_id),
    )  # fmt: skip

    assert own_sql.value("select count(*) from batch.items") == 5
    assert audit(own_sql) == []


def test_of_two_cancels_one_is_refused(own_sql: Sql, other_sql: Sql) -> None:
    job_id = own_sql.create(jobType="time_based_batch", daysBack=7)

    def second() -> None:
        with other_sql.refused("BJ409"):
            cancel(other_sql, job_id)

    in_turn(own_sql, other_sql, lambda: cancel(own_sql, job_id), second)

    assert own_sql.value("select count(*) from batch.job_events where type = 'cancelled'") == 1


def test_a_cancel_that_comes_first_is_not_overtaken_by_the_last_slice(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add()
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    own_sql.record(worker, processed(job_id, 1, 1))

    in_turn(
        own_sql, other_sql,
        lambda: cancel(own_sql, job_id),
        lambda: other_sql.finish(job_id, 1, worker),
    )  # fmt: skip

    job = own_sql.job(job_id)
    assert (job["status"], job["processed_items"]) == ("cancelled", 1)
    assert own_sql.rows("select worker_id from batch.job_progress") == [(0,)]


def test_a_cancel_that_comes_after_the_last_slice_is_refused(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add()
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    own_sql.record(worker, processed(job_id, 1, 1))

    def too_late() -> None:
        with other_sql.refused("BJ409"):
            cancel(other_sql, job_id)

    in_turn(own_sql, other_sql, lambda: own_sql.finish(job_id, 1, worker), too_late)

    assert own_sql.job(job_id)["status"] == "completed"


def test_items_that_two_workers_report_at_once_count_once(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(3)
    job_id = plan(own_sql, chat)
    worker, heir = own_sql.worker(), own_sql.worker()
    own_sql.take(job_id, 1, worker)

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
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)

    in_turn(
        own_sql, other_sql,
        lambda: own_sql.record(worker, *(failed(job_id, 1, seq) for seq in (1, 2))),
        lambda: other_sql.record(worker, *(failed(job_id, 1, seq) for seq in (1, 2, 3))),
    )  # fmt: skip

    assert own_sql.job(job_id)["failed_items"] == 3
    assert audit(own_sql) == []


def test_what_is_sent_again_waits_for_nobody(own_sql: Sql, other_sql: Sql, chat: Chat) -> None:
    chat.add()
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
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
    job_id = plan(own_sql, chat)
    worker, heir = own_sql.worker(), own_sql.worker()
    own_sql.take(job_id, 1, worker)
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
    first, second = plan(own_sql, chat, force=True), plan(own_sql, chat, force=True)
    worker, other = own_sql.worker(), own_sql.worker()
    own_sql.take(first, 1, worker)
    own_sql.take(second, 1, other)

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
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    other_sql.run("set lock_timeout = '5s'")

    with own_sql.uncommitted():
        cancel(own_sql, job_id)
        other_sql.record(worker, processed(job_id, 1, 1))

    assert own_sql.job(job_id)["processed_items"] == 1


def test_counts_are_right_while_a_worker_s_share_is_folded(
    own_sql: Sql, other_sql: Sql, chat: Chat
) -> None:
    chat.add_many(3)
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
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
    job_id = plan(own_sql, chat)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)

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
        job_id, worker = plan(sql, each), sql.worker()
        sql.take(job_id, 1, worker)
        jobs.append((job_id, worker))
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
    forced, usual = plan(own_sql, chat, force=True), plan(own_sql, chat)
    worker, other = own_sql.worker(), own_sql.worker()
    own_sql.take(forced, 1, worker)
    own_sql.take(usual, 1, other)
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
