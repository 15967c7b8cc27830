"""batch.take_callbacks: hands out what is due, once, and again if it was lost."""

from __future__ import annotations

from tests.database import Sql
from tests.sql.callbacks.conftest import URL, Callbacks

LATER = "2026-06-30 12:00:31+00"


def test_what_is_due_is_handed_out_with_all_that_is_to_be_sent(
    callbacks: Callbacks, sql: Sql
) -> None:
    job_id = callbacks.ended_job()

    row = sql.row("select * from batch.take_callbacks(%s, 10, '30 seconds')", callbacks.worker)

    callback_id, attempt, url, payload, sent_at = row
    assert str(callback_id) == callbacks.one(job_id)["id"]
    assert (attempt, url) == (1, URL)
    assert payload == sql.value("select payload from batch.callbacks")
    assert sent_at == sql.value("select batch.clock()")


def test_what_is_in_hand_is_not_handed_out_again(callbacks: Callbacks) -> None:
    callbacks.ended_job()

    assert len(callbacks.take()) == 1
    assert callbacks.take() == []
    assert callbacks.take(worker=callbacks.sql.worker()) == []


def test_what_is_not_due_waits(callbacks: Callbacks, sql: Sql) -> None:
    callbacks.ended_job()
    sql.run("update batch.callbacks set next_attempt_at = batch.clock() + interval '1 second'")
    assert callbacks.take() == []

    sql.at("2026-06-30 12:00:01+00")

    assert len(callbacks.take()) == 1


def test_the_longest_due_come_first_and_no_more_than_wanted(callbacks: Callbacks, sql: Sql) -> None:
    jobs = [callbacks.ended_job() for _ in range(3)]
    sql.run(
        "update batch.callbacks set next_attempt_at = next_attempt_at - interval '1 minute'"
        " where job_id = %s",
        jobs[2],
    )

    taken = [str(callback_id) for callback_id, _ in callbacks.take(2)]

    assert taken == [callbacks.one(jobs[2])["id"], callbacks.one(jobs[0])["id"]]


def test_what_a_lost_worker_had_in_hand_is_handed_out_again(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.ended_job()
    ((callback_id, _),) = callbacks.take()
    sql.at(LATER)

    assert callbacks.take(worker=sql.worker()) == [(callback_id, 2)]

    first, second = callbacks.one(job_id)["attempts"]
    assert first["error"] == "the worker was lost before it could say how it ended"
    assert (first["durationMs"], second["error"]) == (None, None)


def test_one_host_gets_eight_at_a_time_and_holds_up_no_other(callbacks: Callbacks) -> None:
    for number in range(12):
        callbacks.ended_job(f"http://Slow.example:8080/{number}")
    quick = callbacks.ended_job("http://slow.example/another-port")

    taken = callbacks.take()

    assert len(taken) == 9
    assert callbacks.one(quick)["attemptCount"] == 1
    assert callbacks.take() == []
    callbacks.record(taken[0], 200)
    assert len(callbacks.take()) == 1


def test_two_workers_in_the_same_moment_never_take_the_same(own_sql: Sql, other_sql: Sql) -> None:
    mine, theirs = Callbacks(own_sql), Callbacks(other_sql)
    for number in range(4):
        mine.ended_job(f"http://host{number}.example/")

    with own_sql.uncommitted():
        first = mine.take(2)
        second = theirs.take()

    assert len(first) == len(second) == 2
    assert not set(first) & set(second)
