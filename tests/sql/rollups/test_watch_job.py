"""batch.watch_job: what somebody sees who watches a job run."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, failed, processed

START = "2026-06-30 12:00:00+00"


@pytest.fixture
def chat(sql: Sql) -> Chat:
    sql.at(START)
    return add_chat(sql)


def planned(sql: Sql, chat: Chat, count: int = 10) -> UUID:
    chat.add_many(count)
    return sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))


def watched(sql: Sql, job_id: UUID, since: dict[str, Any] | None = None) -> dict[str, Any]:
    seen: dict[str, Any] = sql.value(
        "select batch.watch_job(%s, %s)", job_id, None if since is None else json.dumps(since)
    )
    return seen


def test_a_pending_job_has_neither_pace_nor_workers(sql: Sql, chat: Chat) -> None:
    job_id = sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))

    seen = watched(sql, job_id)

    assert seen["job"]["status"] == "pending"
    assert (seen["endedItems"], seen["itemsPerSecond"], seen["secondsLeft"]) == (0, None, None)
    assert (seen["workers"], seen["lastFailures"], seen["hasEnded"]) == ([], [], False)
    assert seen["lastEvent"]["type"] == "created"


def test_the_pace_is_that_since_an_earlier_answer(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat)
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.at("2026-06-30 12:00:10+00")
    sql.record(worker, processed(job_id, 1, 1))
    earlier = watched(sql, job_id)
    sql.at("2026-06-30 12:00:12+00")
    sql.record(worker, *(processed(job_id, 1, seq) for seq in range(2, 6)))

    seen = watched(sql, job_id, earlier)

    assert earlier["itemsPerSecond"] == 0.1
    assert (seen["endedItems"], seen["itemsPerSecond"]) == (5, 2)
    assert (seen["activeSeconds"], seen["secondsLeft"]) == (12, 12)


def test_workers_are_seen_with_what_they_are_doing(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat)
    worker, idle = sql.worker(), sql.worker()
    sql.take(job_id, 1, worker)
    sql.rows(
        "select * from batch.record_results(%s, %s, %s)",
        worker, json.dumps([processed(job_id, 1, 1)]), json.dumps({str(job_id): "note.ogg"}),
    )  # fmt: skip
    sql.at("2026-06-30 12:00:30+00")

    seen = watched(sql, job_id)

    assert seen["workers"] == [
        {"name": "test", "slices": 1, "endedItems": 1, "currentItem": "note.ogg",
         "silentSeconds": 30.0}
    ]  # fmt: skip
    assert idle
    assert seen["liveWorkers"] == 2


def test_the_last_failures_come_first_with_their_files(sql: Sql, chat: Chat) -> None:
    for number in range(7):
        chat.add(media_local_path=f"notes/{number}.jpg", sent=f"2026-06-01 12:0{number}")
    chat.add(None, media_url="https://media.example/a/b.ogg?token=secret", sent="2026-05-01")
    sql.run("update public.messages set media_mime_type = 'audio/ogg' where media_url is not null")
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    worker = sql.worker()
    for seq in sql.take(job_id, 1, worker):
        sql.record(worker, failed(job_id, 1, seq))

    failures = watched(sql, job_id)["lastFailures"]

    assert [failure["seq"] for failure in failures] == [8, 7, 6, 5, 4]
    assert failures[0]["file"] == "https://media.example/a/b.ogg"
    assert failures[1]["file"] == "notes/0.jpg"
    assert failures[0]["errorCode"] == "file_unreadable"


def test_what_was_skipped_while_it_ran_has_ended_too(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat, 4)
    worker = sql.worker()
    sql.run(
        "update public.messages set image_description = 'made meanwhile' where external_id = '1'"
    )
    sql.take(job_id, 1, worker)

    seen = watched(sql, job_id)

    assert (seen["endedItems"], seen["job"]["skippedItems"]) == (1, 1)


def test_a_paused_job_has_no_pace_and_says_who_paused_it(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat)
    sql.at("2026-06-30 12:00:10+00")
    sql.run("set local batch.actor = 'alice'")
    sql.run("select batch.pause_job(%s)", job_id)
    sql.at("2026-06-30 13:00:00+00")

    seen = watched(sql, job_id)

    assert (seen["itemsPerSecond"], seen["secondsLeft"], seen["activeSeconds"]) == (None, None, 10)
    assert (seen["lastEvent"]["type"], seen["lastEvent"]["actor"]) == ("paused", "alice")


def test_a_cancelled_job_has_ended_when_nobody_has_any_of_it_in_hand(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat)
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.run("select batch.cancel_job(%s)", job_id)
    in_hand = watched(sql, job_id)["hasEnded"]

    sql.finish(job_id, 1, worker)

    assert (in_hand, watched(sql, job_id)["hasEnded"]) == (False, True)


def test_a_dead_worker_does_not_keep_an_ended_job_from_its_end(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat)
    sql.take(job_id, 1, sql.worker())
    sql.run("select batch.cancel_job(%s)", job_id)

    sql.at("2026-06-30 12:00:31+00")

    assert watched(sql, job_id)["hasEnded"]


def test_a_completed_job_has_the_pace_of_all_its_time(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat)
    sql.at("2026-06-30 12:00:05+00")
    sql.work_off(job_id)
    sql.at("2026-06-30 14:00:00+00")

    seen = watched(sql, job_id, {"endedItems": 9, "activeSeconds": 4})

    assert (seen["itemsPerSecond"], seen["activeSeconds"], seen["hasEnded"]) == (2, 5, True)


def test_who_may_only_read_may_watch(sql: Sql, chat: Chat) -> None:
    job_id = planned(sql, chat)
    sql.run("set local role backscroll_reader")

    found = sql.value("select batch.find_job(%s)", str(job_id))

    assert watched(sql, found)["job"]["id"] == str(job_id)


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        watched(sql, uuid4())
