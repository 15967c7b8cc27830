"""Two sessions at once: who waits for whom, and what the later one finds.

In each test `own_sql` does something in a transaction that it keeps open; `other_sql` runs into
its locks, is seen waiting, and goes on once the first has committed.
"""

from __future__ import annotations

import pytest

from tests.database import Chat, Sql, add_chat, beside, open_sql, processed
from tests.sql.execution.two_sessions import audit, cancel, in_turn, plan


@pytest.fixture
def chat(own_sql: Sql) -> Chat:
    return add_chat(own_sql)


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
