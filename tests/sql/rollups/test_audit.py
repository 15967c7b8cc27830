"""batch.audit: silent while the counters are right, and loud about every way to be wrong."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql, add_chat, failed, processed


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    """A completed job with every kind of outcome."""
    chat = add_chat(sql)
    for mime_type in ("audio/ogg", "image/png", "video/mp4", "application/pdf"):
        chat.add(mime_type, sent="2026-06-30 12:00")
    lost = [chat.add(sent=f"2026-01-0{day}") for day in (4, 3, 2, 1)]
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = sql.worker()
    sql.run("update public.messages set image_description = 'x' where id = %s", lost[0])
    sql.run("delete from public.messages where id = %s", lost[1])
    for first, _, _ in sql.slices(job_id):
        for seq in sql.take(job_id, first, worker):
            make = failed if seq > 4 else processed
            sql.record(worker, make(job_id, first, seq, cost="0.00000003"))
        sql.finish(job_id, first, worker)
    return job_id


def audit(sql: Sql) -> list[tuple[UUID, str]]:
    return sql.rows("select job_id, counter from batch.audit()")


def test_a_completed_job_has_right_counters(sql: Sql, job_id: UUID) -> None:
    job = sql.job(job_id)
    assert (job["status"], job["processed_items"], job["failed_items"], job["skipped_items"]) == (
        "completed", 4, 3, 1,
    )  # fmt: skip

    assert audit(sql) == []


def test_counters_are_right_at_every_moment_of_a_job(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(20)
    job_id = sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
    assert audit(sql) == []
    sql.run("select batch.plan_job(%s)", job_id)
    assert audit(sql) == []
    worker = sql.worker()
    for first, _, _ in sql.slices(job_id):
        for seq in sql.take(job_id, first, worker):
            sql.record(worker, processed(job_id, first, seq))
            assert audit(sql) == []
        sql.finish(job_id, first, worker)
        assert audit(sql) == []


TAMPERINGS = [
    ("update batch.jobs set total_items = total_items - 1", {"items", "last item"}),
    ("delete from batch.items where seq = 8", {"items", "last item", "results without an item"}),
    ("update batch.items set seq = 99 where seq = 8", {"last item", "results without an item"}),
    ("update batch.job_progress set audio_processed = 0", {"audio processed"}),
    ("update batch.job_progress set images_processed = 9", {"images processed"}),
    ("update batch.job_progress set videos_processed = 9", {"videos processed"}),
    ("update batch.job_progress set documents_processed = 9", {"documents processed"}),
    ("update batch.job_progress set download_failed = 9", {"downloads failed"}),
    ("update batch.job_progress set processing_failed = 9", {"processings failed"}),
    ("update batch.job_progress set skipped = 9", {"skipped"}),
    ("update batch.jobs set skipped_at_plan = 0, total_found = 99", set()),
    ("update batch.job_progress set cost_usd = cost_usd + 0.00000001", {"cost"}),
    ("update batch.job_progress set tokens_used = 0", {"tokens"}),
    ("update batch.item_results set cost_usd = 7 where seq = 1", {"cost"}),
    ("delete from batch.item_results where status = 'skipped'",
        {"skipped", "results of a completed job"}),
    ("update batch.slices set state = 'queued' where first_seq = 1",
        {"open slices of a completed job"}),
    ("insert into batch.item_results select job_id, 50, 'skipped', null, null, null, null, null, 0,"
     " 0, 0, 1, now(), now() from batch.item_results limit 1",
        {"skipped", "results without an item", "results of a completed job"}),
    ("insert into batch.job_progress (job_id, worker_id, audio_processed, last_seen_at)"
     " select id, 5, 1, now() from batch.jobs", {"audio processed"}),
]  # fmt: skip


@pytest.mark.parametrize(("tampering", "counters"), TAMPERINGS)
def test_tampering_is_found(sql: Sql, job_id: UUID, tampering: str, counters: set[str]) -> None:
    sql.run(tampering)

    assert counters <= {counter for _, counter in audit(sql)}
    assert {job for job, _ in audit(sql)} == ({job_id} if counters else set())


def test_it_tells_what_was_counted_and_what_is_there(sql: Sql, job_id: UUID) -> None:
    sql.run("update batch.job_progress set skipped = 9")

    assert sql.rows("select * from batch.audit()") == [(job_id, "skipped", 9, 1)]
