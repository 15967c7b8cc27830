"""Somebody's old snapshot (a backup, a forgotten transaction) keeps PostgreSQL from cleaning up.

Then every row that was ever queued stays in the queue's table, dead, and whoever looks for the
next task has to step over it. So there must be few of them: a task carries a slice, not an item.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.database import Sql, add_chat, open_sql

JOBS, ITEMS = 6, 3000
PAGES = 8192


@pytest.fixture
def old_snapshot(database_url: str) -> Iterator[Sql]:
    """A session that keeps seeing the database as it was."""
    with open_sql(database_url, autocommit=False) as session:
        session.run("set transaction isolation level repeatable read")
        session.rows("select count(*) from procrastinate.procrastinate_jobs")
        yield session


def pages_to_fetch(sql: Sql, queue_worker: int) -> int:
    """How many pages Procrastinate reads to find the next task, or that there is none."""
    with sql.connection.transaction(force_rollback=True):
        plan = sql.value(
            "explain (analyze, buffers, format json)"
            " select * from procrastinate.procrastinate_fetch_job_v2('{backscroll}', %s)",
            queue_worker,
        )
    return int(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])


def drain(sql: Sql, queue_worker: int) -> int:
    """Works all jobs off as workers do, task by task. How many tasks it took."""
    worker, tasks = sql.worker(), 0
    while True:
        task = sql.row(
            "select id, args from procrastinate.procrastinate_fetch_job_v2('{backscroll}', %s)",
            queue_worker,
        )
        if task[0] is None:
            return tasks
        tasks += 1
        job_id, first_seq = task[1]["job_id"], task[1].get("first_seq")
        if first_seq is None:
            sql.run("select batch.plan_job(%s)", job_id)
        else:
            taken = sql.take(job_id, first_seq, worker)
            result = {
                "jobId": job_id, "firstSeq": first_seq, "status": "processed", "text": "read",
                "provider": "local", "model": "test", "processingMs": 1,
            }  # fmt: skip
            sql.rows(
                "select * from batch.record_results(%s, %s)",
                worker,
                json.dumps([{**result, "seq": seq} for seq in taken]),
            )
            sql.finish(job_id, first_seq, worker)
        sql.run("select procrastinate.procrastinate_finish_job_v1(%s, 'succeeded', true)", task[0])


def test_draining_under_an_old_snapshot_keeps_the_queue_quick(
    own_sql: Sql, old_snapshot: Sql
) -> None:
    for _ in range(JOBS):
        chat = add_chat(own_sql)
        chat.add_many(ITEMS)
        own_sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
    queue_worker = own_sql.value(
        "insert into procrastinate.procrastinate_workers default values returning id"
    )
    before = pages_to_fetch(own_sql, queue_worker)

    tasks = drain(own_sql, queue_worker)

    assert own_sql.value("select sum(total_items) from batch.jobs") == JOBS * ITEMS
    assert own_sql.rows("select id from batch.jobs where status <> 'completed'") == []
    # A hundredth of the items, however quick they are: slices grow with the pace.
    assert tasks < JOBS * ITEMS / 50
    assert own_sql.value("select count(*) from procrastinate.procrastinate_jobs") == 0
    assert own_sql.value("select count(*) from procrastinate.procrastinate_events") == 0
    own_sql.run("vacuum procrastinate.procrastinate_jobs")
    assert pages_to_fetch(own_sql, queue_worker) < before + 3 * tasks
    # No part of the queue grows with the items: what stands in its tables is small.
    assert own_sql.value(
        "select sum(pg_total_relation_size(c.oid)) from pg_class as c"
        " where c.relnamespace = 'procrastinate'::regnamespace and c.relkind = 'r'"
    ) < 150 * PAGES  # fmt: skip
    assert own_sql.rows("select * from batch.audit()") == []


def test_many_tasks_that_cannot_be_cleaned_up_are_stepped_over_in_milliseconds(
    own_sql: Sql, old_snapshot: Sql
) -> None:
    """An hour of ten tasks a second: many more than jobs make whose slices last seconds."""
    own_sql.run(
        "select batch.defer_task('gone', 0, '{}') from generate_series(1, 36000);"
        " delete from procrastinate.procrastinate_jobs"
    )
    queue_worker = own_sql.value(
        "insert into procrastinate.procrastinate_workers default values returning id"
    )
    own_sql.run("vacuum (analyze) procrastinate.procrastinate_jobs")

    # One page of the index holds some 200 of them, one of the table 60.
    assert pages_to_fetch(own_sql, queue_worker) < 45_000
