"""The view batch.batch_jobs: the contract with every reader."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from tests.database import Chat, Sql, add_chat, failed, processed

CONTRACT = """
id uuid
job_type text
instance_id uuid
request_params jsonb
status text
total_found integer
total_items integer
processed_items integer
failed_items integer
skipped_items integer
current_item text
progress_percent numeric(5,2)
total_cost_usd numeric(16,8)
total_tokens bigint
results_summary jsonb
error_message text
estimated_completion timestamp with time zone
created_at timestamp with time zone
started_at timestamp with time zone
completed_at timestamp with time zone
"""


@pytest.fixture
def chat(sql: Sql) -> Chat:
    return add_chat(sql)


def taken(sql: Sql, chat: Chat, worker: int) -> UUID:
    """A planned job, its items in one slice that `worker` has taken."""
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    sql.take(job_id, 1, worker)
    return job_id


def test_its_columns_and_types_are_the_contract(sql: Sql) -> None:
    columns = [
        f"{name} {kind}"
        for name, kind in sql.rows(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = 'batch.batch_jobs'::regclass and attnum > 0 order by attnum"
        )
    ]

    contract = CONTRACT.strip().splitlines()
    assert columns[: len(contract)] == contract


def test_it_is_found_without_its_schema(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    assert sql.value("select id from batch_jobs") == job_id


def test_a_pending_job_has_done_nothing(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    job = sql.job(job_id)
    counts = [job[f"{name}_items"] for name in ("total", "processed", "failed", "skipped")]
    assert counts == [0, 0, 0, 0]
    assert (job["progress_percent"], job["total_cost_usd"], job["total_tokens"]) == (0, 0, 0)
    assert (job["current_item"], job["estimated_completion"]) == (None, None)
    assert set(job["results_summary"].values()) == {0}


def test_the_results_summary_names_every_kind_of_outcome(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    assert set(sql.job(job_id)["results_summary"]) == {
        "audioProcessed", "imagesProcessed", "videosProcessed", "documentsProcessed",
        "downloadFailed", "processingFailed",
    }  # fmt: skip


def test_processed_and_failed_are_disjoint(sql: Sql, chat: Chat) -> None:
    chat.add_many(5)
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(
        worker,
        processed(job_id, 1, 1),
        failed(job_id, 1, 2),
        failed(job_id, 1, 3, "media_not_found"),
    )

    job = sql.job(job_id)
    assert (job["processed_items"], job["failed_items"]) == (1, 2)
    assert job["progress_percent"] == Decimal("60.00")


def test_progress_says_100_only_when_every_item_has_ended(sql: Sql, chat: Chat) -> None:
    chat.add_many(3)
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    percents = []

    for seq in (1, 2, 3):
        sql.record(worker, processed(job_id, 1, seq))
        percents.append(sql.job(job_id)["progress_percent"])

    assert percents == [Decimal("33.33"), Decimal("66.66"), Decimal(100)]


def test_a_job_whose_items_all_failed_is_completed(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.record(worker, failed(job_id, 1, 1))
    sql.finish(job_id, 1, worker)

    job = sql.job(job_id)
    assert (job["status"], job["failed_items"], job["progress_percent"]) == ("completed", 1, 100)


def test_skipped_are_those_left_alone_and_those_that_another_job_did(sql: Sql, chat: Chat) -> None:
    chat.add(image_description="seen before")
    message = chat.add()
    chat.add(sent="2020-01-01")
    worker = sql.worker()
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    assert sql.job(job_id)["skipped_items"] == 1

    sql.run("update public.messages set image_description = 'meanwhile' where id = %s", message)
    sql.take(job_id, 1, worker)

    job = sql.job(job_id)
    assert (job["skipped_items"], job["total_items"]) == (2, 2)
    assert job["progress_percent"] == 50


def test_the_shares_of_all_workers_are_summed(sql: Sql, chat: Chat) -> None:
    chat.add_many(100)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    for first, _, _ in sql.slices(job_id)[:3]:
        worker = sql.worker()
        sql.take(job_id, first, worker)
        sql.record(worker, processed(job_id, first, first, cost="0.1", tokens=5))

    job = sql.job(job_id)
    assert (job["processed_items"], job["total_tokens"]) == (3, 15)
    assert job["total_cost_usd"] == Decimal("0.3")


def test_the_current_item_is_the_newest_of_all_workers(sql: Sql, chat: Chat) -> None:
    chat.add()
    job_id = taken(sql, chat, sql.worker())
    for second, worker in enumerate((sql.worker(), sql.worker())):
        sql.at(f"2026-06-30 12:00:0{second}+00")
        sql.run(
            "select batch.record_results(%s, '[]', jsonb_build_object(%s::text, %s::text))",
            worker, job_id, f"item {second}",
        )  # fmt: skip

    assert sql.job(job_id)["current_item"] == "item 1"


def test_the_completion_is_estimated_from_the_pace_so_far(sql: Sql, chat: Chat) -> None:
    chat.add_many(4)
    worker = sql.worker()
    sql.at("2026-06-30 12:00:00+00")
    job_id = taken(sql, chat, worker)
    assert sql.job(job_id)["estimated_completion"] is None
    sql.at("2026-06-30 12:00:10+00")
    sql.record(worker, processed(job_id, 1, 1))

    assert sql.value(
        "select estimated_completion = '2026-06-30 12:00:40+00' from batch_jobs where id = %s",
        job_id,
    )


def test_a_pause_does_not_slow_down_the_estimate(sql: Sql, chat: Chat) -> None:
    chat.add_many(4)
    worker = sql.worker()
    sql.at("2026-06-30 12:00:00+00")
    job_id = taken(sql, chat, worker)
    sql.at("2026-06-30 12:00:10+00")
    sql.record(worker, processed(job_id, 1, 1))
    sql.run("select batch.pause_job(%s)", job_id)
    assert sql.job(job_id)["estimated_completion"] is None
    sql.at("2026-06-30 13:00:00+00")
    sql.run("select batch.resume_job(%s)", job_id)

    assert sql.value(
        "select estimated_completion = '2026-06-30 13:00:30+00' from batch_jobs where id = %s",
        job_id,
    )
