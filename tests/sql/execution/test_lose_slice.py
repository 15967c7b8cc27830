"""batch.lose_slice: what a dead worker had in hand is suspect, and given up after three deaths."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, processed


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(5)
    return sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))


def admit(sql: Sql, worker: int, job_id: UUID, *seqs: int, forced: bool = False) -> None:
    """Takes these items in hand."""
    questions = [
        {
            "jobId": str(job_id), "seq": seq, "sha256": f"{seq:064x}", "contentType": "image",
            "language": None, "models": [], "isForced": forced, "isPaid": False, "mayUse": [],
        }
        for seq in seqs
    ]  # fmt: skip
    assert {
        verdict
        for (verdict,) in sql.rows(
            "select verdict from batch.admit_items(%s, %s)", worker, json.dumps(questions)
        )
    } == {"go"}


def lose(sql: Sql, job_id: UUID, *seqs: int, forced: bool = False) -> None:
    """A worker takes the slice, then these items in hand, and dies."""
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    admit(sql, worker, job_id, *seqs, forced=forced)
    sql.run("select batch.lose_slice(%s, 1, %s)", job_id, worker)


def suspects(sql: Sql, job_id: UUID) -> list[int]:
    """Takes the slice once more; the items that come as suspect."""
    return [
        seq
        for (seq,) in sql.rows(
            "select seq from batch.take_slice(%s, 1, %s) where is_suspect", job_id, sql.worker()
        )
    ]


@pytest.mark.parametrize("forced", [False, True])
def test_what_was_in_hand_is_suspect_and_the_rest_is_not(
    sql: Sql, job_id: UUID, forced: bool
) -> None:
    lose(sql, job_id, 2, 4, forced=forced)

    assert suspects(sql, job_id) == [2, 4]


def test_after_two_deaths_an_item_is_to_be_alone(sql: Sql, job_id: UUID) -> None:
    lose(sql, job_id, 1, 2, 3)
    lose(sql, job_id, 2)

    taken = sql.rows(
        "select seq, is_suspect, is_alone from batch.take_slice(%s, 1, %s)", job_id, sql.worker()
    )

    assert taken == [
        (1, True, False),
        (2, True, True),
        (3, True, False),
        (4, False, False),
        (5, False, False),
    ]


def test_of_what_need_not_be_asked_about_all_that_has_not_ended_is_suspect_once(
    sql: Sql,
) -> None:
    chat = add_chat(sql)
    for mime_type in ("image/png", "image/png", "image/png", "text/plain"):
        chat.add(mime_type)
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    kinds = dict(sql.rows("select seq, content_type::text from batch.items"))
    pictures = [seq for seq, kind in sorted(kinds.items()) if kind == "image"]
    assert len(pictures) == 3

    def lose_unasked(ended: int | None) -> None:
        worker = sql.worker()
        sql.run(
            "select from batch.take_slice(%s, 1, %s, array['image']::batch.content_type[])",
            job_id,
            worker,
        )
        if ended is not None:
            sql.record(worker, processed(job_id, 1, ended, isUnasked=True))
        sql.run("select batch.lose_slice(%s, 1, %s)", job_id, worker)

    lose_unasked(pictures[0])
    lose_unasked(None)

    # The second worker had to ask about them, and claimed nothing.
    assert sql.rows("select seq, losses from batch.item_losses order by seq") == [
        (seq, 1) for seq in pictures[1:]
    ]


def test_what_was_recorded_is_not(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    admit(sql, worker, job_id, 1, 2)
    sql.record(worker, processed(job_id, 1, 1))

    sql.run("select batch.lose_slice(%s, 1, %s)", job_id, worker)

    assert suspects(sql, job_id) == [2]


def test_a_slice_that_was_given_back_in_order_makes_no_suspects(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    admit(sql, worker, job_id, 1, 2)

    sql.finish(job_id, 1, worker)

    assert suspects(sql, job_id) == []


def test_after_three_deaths_an_item_fails_and_its_neighbours_do_not(sql: Sql, job_id: UUID) -> None:
    lose(sql, job_id, 1, 2, 3)
    lose(sql, job_id, 2)
    lose(sql, job_id, 2)

    worker = sql.worker()
    assert sql.take(job_id, 1, worker) == [1, 3, 4, 5]

    assert sql.rows("select seq, error_code from batch.item_results where job_id = %s", job_id) == [
        (2, "worker_lost")
    ]
    assert sql.counts(job_id) == {"processingFailed": 1}
    assert sql.rows("select * from batch.audit()") == []


def test_who_does_not_hold_the_slice_loses_nothing(sql: Sql, job_id: UUID) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    admit(sql, worker, job_id, 1)

    sql.run("select batch.lose_slice(%s, 1, %s)", job_id, sql.worker())

    assert sql.slices(job_id) == [(1, 5, "running")]
    sql.run("select batch.lose_slice(%s, 1, %s)", job_id, worker)
    sql.run("select batch.lose_slice(%s, 1, %s)", job_id, worker)
    assert sql.value("select losses from batch.item_losses where job_id = %s", job_id) == 1
