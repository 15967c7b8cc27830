"""batch.plan_job: what is selected, in which order, and what is left alone."""

from __future__ import annotations

from tests.database import Sql, add_chat


def test_items_are_numbered_from_the_newest_message_to_the_oldest(sql: Sql) -> None:
    chat = add_chat(sql)
    old = chat.add(sent="2026-01-01")
    new = chat.add(sent="2026-03-01")
    middle = chat.add(sent="2026-02-01")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    items = sql.rows(
        "select seq, message_id from batch.items where job_id = %s order by seq", job_id
    )
    assert items == [(1, new), (2, middle), (3, old)]


def test_a_job_with_nothing_to_do_is_completed_at_once(sql: Sql) -> None:
    chat = add_chat(sql)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    job = sql.job(job_id)
    assert (job["status"], job["total_items"], job["progress_percent"]) == ("completed", 0, 100)
    assert job["started_at"] is not None
    assert job["completed_at"] is not None


def test_the_limit_applies_after_what_is_done_already_is_left_alone(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add(sent="2026-03-03", image_description="seen before")
    second = chat.add(sent="2026-03-02")
    chat.add(sent="2026-03-01")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), limit=1)

    job = sql.job(job_id)
    assert (job["total_found"], job["skipped_items"], job["total_items"]) == (3, 1, 1)
    assert sql.value("select message_id from batch.items where job_id = %s", job_id) == second
