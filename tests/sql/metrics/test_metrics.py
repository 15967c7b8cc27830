"""batch.metrics: what Prometheus is told of the database, and at what price."""

from __future__ import annotations

import json
from typing import Any

from tests.database import Sql, add_chat, failed, processed

Samples = dict[tuple[str, ...], float]


def metrics(sql: Sql) -> Samples:
    """(name, label values in the order of their names ...) -> value."""
    found: Samples = {}
    for name, labels, value in sql.rows("select * from batch.metrics()"):
        key = (name, *(labels[label] for label in sorted(labels)))
        assert key not in found, f"{key} is told twice"
        found[key] = float(value)
    return found


def test_every_status_is_told_also_of_no_jobs(sql: Sql) -> None:
    add_chat(sql).add()
    sql.create(jobType="time_based_batch", daysBack=3650)

    found = metrics(sql)

    assert {key[1]: value for key, value in found.items() if key[0] == "backscroll_jobs"} == {
        "pending": 1, "processing": 0, "paused": 0, "completed": 0, "failed": 0, "cancelled": 0,
    }  # fmt: skip


def test_items_are_counted_by_type_and_stage_with_what_they_cost(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(3)
    job_id = sql.in_one_slice(
        sql.plan(jobType="targeted_chat_sync", chatId=chat.external_id, contentTypes=["image"])
    )
    worker = sql.worker()
    sql.take(job_id, 1, worker)

    sql.record(
        worker,
        processed(job_id, 1, 1, cost="0.5", tokens=7),
        failed(job_id, 1, 2, "download_failed"),
        failed(job_id, 1, 3, "file_unreadable"),
    )

    found = metrics(sql)
    assert found["backscroll_items_processed_total", "image"] == 1
    assert found["backscroll_items_processed_total", "audio"] == 0
    assert found["backscroll_items_failed_total", "download"] == 1
    assert found["backscroll_items_failed_total", "processing"] == 1
    assert found["backscroll_tokens_total",] == 7
    assert found["backscroll_slices", "running"] == 1


def test_the_oldest_task_waits_from_when_it_was_queued(sql: Sql) -> None:
    assert metrics(sql)["backscroll_queue_oldest_task_seconds",] == 0
    sql.create(jobType="time_based_batch", daysBack=7)
    sql.run("update procrastinate.procrastinate_events set at = now() - interval '90 seconds'")

    found = metrics(sql)

    assert 90 <= found["backscroll_queue_oldest_task_seconds",] < 120
    assert found["backscroll_queue_tasks", "todo", "plan_job"] == 1


def test_no_row_an_item_is_read(sql: Sql) -> None:
    sql.run("drop table batch.items, batch.item_results cascade")

    assert metrics(sql)["backscroll_items_skipped_total",] == 0


def test_only_the_living_count_as_workers(sql: Sql) -> None:
    sql.at("2026-06-30 12:00:00+00")
    sql.worker()
    stopped = sql.worker()
    sql.run("select batch.stop_worker(%s)", stopped)
    sql.at("2026-06-30 12:00:31+00")
    sql.worker()

    found = metrics(sql)

    assert found["backscroll_workers",] == 1
    assert found["backscroll_worker_capacity", "document"] == 2


def meter(name: str, value: float, *, is_gauge: bool = False, **labels: str) -> dict[str, Any]:
    return {"name": name, "labels": labels, "value": value, "is_gauge": is_gauge}


def beat(sql: Sql, worker: int, *meters: dict[str, Any]) -> None:
    sql.rows("select * from batch.heartbeat(%s, '10 seconds', %s)", worker, json.dumps(meters))


def test_what_workers_count_is_added_up_and_outlives_them(sql: Sql) -> None:
    first, second = sql.worker(), sql.worker()
    beat(sql, first, meter("c_total", 5, provider="groq"), meter("g", 3, is_gauge=True))
    beat(sql, second, meter("c_total", 2, provider="groq"), meter("g", 4, is_gauge=True))
    assert metrics(sql)["c_total", "groq"] == 7
    assert metrics(sql)["g",] == 7

    sql.run("select batch.stop_worker(%s)", first)
    assert metrics(sql)["c_total", "groq"] == 7
    assert metrics(sql)["g",] == 4

    third = sql.worker()
    beat(sql, third, meter("c_total", 1, provider="groq"))
    assert metrics(sql)["c_total", "groq"] == 8
    assert sql.value("select meters from batch.workers where id = %s", first) == []


def test_retiring_twice_adds_once(sql: Sql) -> None:
    worker = sql.worker()
    beat(sql, worker, meter("c_total", 5))
    sql.run("select batch.stop_worker(%s)", worker)

    sql.run("select batch.retire_meters()")
    sql.run("select batch.retire_meters()")

    assert metrics(sql)["c_total",] == 5


def test_a_worker_that_is_only_silent_keeps_its_counts_for_a_day(sql: Sql) -> None:
    sql.at("2026-06-30 12:00:00+00")
    worker = sql.worker()
    beat(sql, worker, meter("c_total", 5))

    sql.at("2026-07-01 11:00:00+00")
    sql.run("select batch.retire_meters()")
    beat(sql, worker, meter("c_total", 6))

    assert metrics(sql)["c_total",] == 6


def test_a_heartbeat_without_meters_leaves_them(sql: Sql) -> None:
    worker = sql.worker()
    beat(sql, worker, meter("c_total", 5))

    sql.rows("select * from batch.heartbeat(%s, '10 seconds')", worker)

    assert metrics(sql)["c_total",] == 5
