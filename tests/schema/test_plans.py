"""What the hot functions read, on 200,000 messages: through indexes, never a whole table.

PostgreSQL counts scans table by table, also those inside functions; that says more than plans
of statements taken out of them. Each function is called often enough for PostgreSQL to settle
on a general plan where it is going to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from app.embedded import EmbeddedPostgres
from tests.conftest import _clone
from tests.database import NOW, Sql, add_chat, open_sql, processed

LARGE = ("messages", "media_content", "items", "item_results", "jobs")
OFTEN = 7

FILL = """
insert into public.instances (name, channel)
select 'instance ' || n, 'whatsapp-baileys' from generate_series(1, 5) as n;

insert into public.chats (instance_id, external_id, chat_type, channel)
select i.id, n || ' of ' || i.name, 'group', i.channel
from public.instances as i, generate_series(1, 80) as n;

insert into public.messages (
  chat_id, external_id, message_type, has_media, media_mime_type, platform_timestamp
)
select c.id, n, 'x', n % 4 <> 0,
  (array['image/jpeg', 'audio/ogg; codecs=opus', 'application/pdf', 'video/mp4'])[1 + n % 3],
  timestamp '2026-06-30 11:00' - n * interval '1 day'
from public.chats as c, generate_series(1, 500) as n;

insert into public.media_content (media_id, processing_type, content)
select m.id, batch.processing_type_of(batch.content_type_of(m.media_mime_type)), 'text'
from public.messages as m
where m.has_media and m.external_id::int > 250;

insert into batch.jobs (
  job_type, days_back, content_types, request_params, status, status_changed_at, created_at,
  completed_at, total_found, total_items
)
select 'time_based_batch', 7, '{image}', '{}', 'completed', t, t, t, 1, 1
from generate_series(1, 20000) as n, lateral (
  select timestamptz '2026-01-01' + n * interval '1 minute'
) as times (t);
"""


@pytest.fixture(scope="module")
def filled_url(server: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """A database with 200,000 messages, 20,000 old jobs and a job over 150,000 items."""
    for url in _clone(server, "backscroll"):
        with open_sql(url) as session:
            session.connection.execute(FILL.encode())
            session.at(NOW)
            old = session.plan(jobType="time_based_batch", daysBack=3650, force=True)
            session.run(
                "insert into batch.item_results (job_id, seq, status, error_code, cost_usd,"
                " tokens_used, worker_id, started_at, finished_at)"
                " select job_id, seq, (case when seq %% 1000 = 0 then 'failed' else 'processed'"
                " end)::batch.result_status, case when seq %% 1000 = 0 then 'file_empty' end,"
                " 0, 0, 0, now(), now() from batch.items where job_id = %s",
                old,
            )
            session.run("update batch.slices set state = 'done' where job_id = %s", old)
            session.run("analyze")
        yield url


@pytest.fixture
def sql(filled_url: str) -> Iterator[Sql]:
    with open_sql(filled_url, autocommit=False) as session:
        session.at(NOW)
        yield session
        session.connection.rollback()


@pytest.fixture
def large_job(sql: Sql) -> UUID:
    return UUID(str(sql.value("select id from batch.jobs where total_items > 100000")))


def scans(sql: Sql) -> dict[str, tuple[int, int]]:
    """Table -> (sequential scans, index scans) of this transaction so far."""
    return {
        table: (sequential, by_index or 0)
        for table, sequential, by_index in sql.rows(
            "select relname, seq_scan, idx_scan from pg_stat_xact_user_tables"
        )
    }


@contextmanager
def reading(sql: Sql, *tables: str) -> Iterator[None]:
    """Expects the block to read `tables` through indexes, and no large table as a whole."""
    before = scans(sql)
    yield
    after = scans(sql)
    gained = {
        table: (after[table][0] - before[table][0], after[table][1] - before[table][1])
        for table in after
    }
    assert {table: gained[table][0] for table in LARGE if gained[table][0]} == {}
    assert [table for table in tables if gained[table][1] == 0] == []


def test_the_measure_notices_a_sequential_scan(sql: Sql) -> None:
    with pytest.raises(AssertionError, match="messages"), reading(sql):
        sql.value("select count(*) from public.messages where text_content = 'x'")
    with pytest.raises(AssertionError, match="jobs"), reading(sql, "jobs"):
        pass


REQUESTS: list[dict[str, Any]] = [
    {"jobType": "targeted_chat_sync", "chatId": "7 of instance 3"},
    {"jobType": "targeted_chat_sync", "chatId": "7 of instance 3", "limit": 10, "force": True},
    {"jobType": "targeted_chat_sync", "chatId": "7 of instance 3", "contentTypes": ["image"]},
    {"jobType": "time_based_batch", "daysBack": 3},
    {"jobType": "time_based_batch", "daysBack": 3, "instanceId": "an instance"},
    {"jobType": "time_based_batch", "daysBack": 60, "chatId": "7 of instance 3"},
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_planning_reads_only_the_messages_in_scope(sql: Sql, request_: dict[str, Any]) -> None:
    if "instanceId" in request_:
        instance = sql.value("select id from public.instances where name = 'instance 3'")
        request_ = request_ | {"instanceId": str(instance)}
    jobs = [sql.create(**request_) for _ in range(OFTEN)]

    with reading(sql, "messages", "jobs"):
        for job_id in jobs:
            sql.run("select batch.plan_job(%s)", job_id)

    assert sql.job(jobs[-1])["total_items"] > 0


@pytest.mark.parametrize("request_", REQUESTS)
def test_estimating_reads_only_the_messages_in_scope(sql: Sql, request_: dict[str, Any]) -> None:
    if "instanceId" in request_:
        instance = sql.value("select id from public.instances where name = 'instance 3'")
        request_ = request_ | {"instanceId": str(instance)}

    with reading(sql, "messages", "item_results"):
        for _ in range(OFTEN):
            found = sql.value("select batch.estimate_job(%s)", json.dumps(request_))

    assert found["totalItems"] > 0


@pytest.mark.parametrize("call", ["batch.job_status(%s)", "batch.job_json(%s::uuid)"])
def test_one_job_is_one_look_up(sql: Sql, large_job: UUID, call: str) -> None:
    with reading(sql, "jobs"):
        for _ in range(OFTEN):
            sql.value(f"select {call}", large_job)

    assert scans(sql).get("items", (0, 0)) == (0, 0)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"limit": "200"},
        {"status": "completed", "createdBefore": "2026-01-05"},
        {"createdAfter": "2026-01-03", "createdBefore": "2026-01-04"},
        {"jobType": "time_based_batch"},
    ],
)
def test_a_page_of_jobs_reads_a_page_of_jobs(sql: Sql, query: dict[str, str]) -> None:
    with reading(sql, "jobs"):
        for _ in range(OFTEN):
            page = sql.value("select batch.list_jobs(%s)", json.dumps(query))
        page = sql.value(
            "select batch.list_jobs(%s)", json.dumps(query | {"cursor": page["nextCursor"]})
        )

    assert page["items"]


def test_details_read_a_page_of_results(sql: Sql, large_job: UUID) -> None:
    with reading(sql, "item_results", "items", "messages"):
        for _ in range(OFTEN):
            first = sql.value("select batch.job_details(%s)", large_job)
        query = {
            "processedCursor": first["nextProcessedCursor"],
            "failedCursor": first["nextFailedCursor"],
        }
        second = sql.value("select batch.job_details(%s, %s)", large_job, json.dumps(query))

    assert second["failedItems"][0]["seq"] == 51_000


def test_a_job_is_found_and_watched_by_index_look_ups(sql: Sql, large_job: UUID) -> None:
    with reading(sql, "jobs", "item_results", "items", "messages"):
        for _ in range(OFTEN):
            found = sql.value("select batch.find_job(%s)", str(large_job)[:12])
            seen = sql.value("select batch.watch_job(%s)", found)

    assert len(seen["lastFailures"]) == 5


def test_slices_are_taken_recorded_and_finished_by_index_look_ups(sql: Sql) -> None:
    job_id = sql.plan(jobType="time_based_batch", daysBack=3650)
    worker = sql.worker()

    with reading(sql, "items", "messages", "media_content", "item_results", "jobs"):
        for _ in range(OFTEN):
            first = next(first for first, _, state in sql.slices(job_id) if state == "queued")
            taken = sql.take(job_id, first, worker)
            sql.record(worker, *(processed(job_id, first, seq) for seq in taken))
            sql.finish(job_id, first, worker)

    assert len(taken) == 64


def test_slices_of_a_job_that_was_never_analysed_are_taken_so_too(sql: Sql) -> None:
    sql.run("delete from pg_statistic where starelid = 'batch.items'::regclass")
    sql.run("update pg_class set reltuples = 1e8 where oid = 'batch.items'::regclass")
    job_id = sql.plan(jobType="time_based_batch", daysBack=3650, force=True)
    sql.run(
        "update batch.slices set last_seq = first_seq + 499, attempts = 1"
        " where job_id = %s and first_seq = 1",
        job_id,
    )

    with reading(sql, "items", "messages", "item_results"):
        taken = sql.take(job_id, 1, sql.worker())

    assert len(taken) == 500


def test_results_of_earlier_attempts_are_not_looked_for_in_the_first(sql: Sql) -> None:
    job_id = sql.plan(jobType="time_based_batch", daysBack=3650)
    worker = sql.worker()
    before = scans(sql)["item_results"]

    sql.take(job_id, 1, worker)

    assert scans(sql)["item_results"] == before


def test_plans_that_are_kept_look_things_up_though_made_while_the_tables_were_small(
    database_url: str,
) -> None:
    with open_sql(database_url, autocommit=False) as sql:
        add_chat(sql).add_many(3)
        job_id = sql.plan(jobType="time_based_batch", daysBack=3650)
        sql.run("analyze")
        worker = sql.worker()

        with reading(sql, "items", "messages", "item_results", "jobs"):
            taken = sql.take(job_id, 1, worker)
            questions = [
                {
                    "jobId": str(job_id), "seq": seq, "sha256": f"{seq:064}", "isPaid": False,
                    "contentType": "image", "models": [], "isForced": False, "mayUse": [],
                }
                for seq in taken
            ]  # fmt: skip
            verdicts = sql.rows(
                "select verdict from batch.admit_items(%s, %s)", worker, json.dumps(questions)
            )
            for _ in range(2):  # results are read where they are sent again
                sql.record(worker, *(processed(job_id, 1, seq) for seq in taken))

    assert verdicts == [("go",)] * len(taken)


def test_heartbeats_pulses_and_sweeps_read_no_large_table(sql: Sql) -> None:
    job_id = sql.plan(jobType="time_based_batch", daysBack=3650)
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.at("2026-06-30 12:01:00+00")

    with reading(sql, "jobs"):
        for _ in range(OFTEN):
            sql.run("select * from batch.heartbeat(%s, '10 minutes')", worker)
            sql.run("select * from batch.pulse_jobs(%s)", [job_id])
            sql.run("select batch.sweep(%s, '30 seconds')", worker)


def test_ending_a_job_reads_none_of_its_items(sql: Sql) -> None:
    job_id = sql.plan(jobType="time_based_batch", daysBack=3650)

    with reading(sql, "jobs"):
        sql.run("select batch.pause_job(%s)", job_id)
        sql.run("select batch.resume_job(%s)", job_id)
        sql.run("select batch.cancel_job(%s)", job_id)


def test_callbacks_are_taken_and_listed_beside_very_many_that_are_delivered(
    sql: Sql, large_job: UUID
) -> None:
    sql.run(
        "insert into batch.callbacks"
        " (job_id, type, url, payload, created_at, state, ended_at, next_attempt_at)"
        " select %s, 'batch_job.paused', 'http://host' || n || '/', '{}', t,"
        " (case when n > 50 then 'delivered' else 'queued' end)::batch.callback_state,"
        " case when n > 50 then t end, case when n <= 50 then t end"
        " from generate_series(1, 30000) as n, lateral (select batch.clock()) as times (t)",
        large_job,
    )
    sql.run("analyze batch.callbacks")
    before = scans(sql)["callbacks"]

    for _ in range(OFTEN):
        taken = sql.rows(
            "select callback_id from batch.take_callbacks(%s, 2, '30 seconds')", sql.worker()
        )
        sql.run("select batch.record_callback_attempt(%s, 1, 5, 200)", taken[0][0])
        sql.value("select batch.list_callbacks(%s)", large_job)

    assert len(taken) == 2
    assert scans(sql)["callbacks"][0] == before[0]
