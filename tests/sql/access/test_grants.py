"""Each role does its work, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, processed

ROLES = ("backscroll_api", "backscroll_worker", "backscroll_reader")
DENIED = "42501"


@contextmanager
def acting_as(sql: Sql, role: str) -> Iterator[None]:
    sql.run(f"set role {role}")
    yield
    sql.run("reset role")


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(3)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def test_the_api_s_role_does_all_that_the_api_does(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(3)
    key_id, _ = sql.row("select * from batch.create_api_key('x')")
    body = json.dumps({"jobType": "targeted_chat_sync", "chatId": str(chat.id)})

    with acting_as(sql, "backscroll_api"):
        job_id, _ = sql.row("select * from batch.create_job_once(%s, null, %s, 'k')", body, key_id)
        sql.run("select batch.estimate_job(%s, null)", body)
        sql.run("select * from batch.find_api_key('x')")
        for call in (
            "job_json(%s::uuid)", "job_status(%s)", "job_details(%s)", "list_items(%s)",
            "list_events(%s)", "report_items(%s, 0, 10)", "visible_job(%s, null)",
            "change_job(%s, '{\"lanes\": 2}')", "cancel_job(%s)",
        ):  # fmt: skip
            sql.run(f"select batch.{call}", job_id)
        sql.run("select batch.list_jobs()")
        assert sql.value("select status from batch.batch_jobs where id = %s", job_id) == "cancelled"
        sql.run("select * from batch.spending")
        assert sql.value("select batch.installed_version()")


def test_the_worker_s_role_does_all_that_workers_do(sql: Sql, job_id: UUID) -> None:
    with acting_as(sql, "backscroll_worker"):
        worker = sql.worker()
        sql.run("select * from procrastinate.procrastinate_fetch_job_v2(null, null)")
        (first, *_) = sql.tasks(job_id)
        assert first[1] is not None
        (seq, *others) = sql.take(job_id, first[1], worker)
        sql.record(worker, *(processed(job_id, first[1], each) for each in (seq, *others)))
        sql.finish(job_id, first[1], worker)
        sql.run("select batch.sweep(%s, '10 seconds')", worker)
        sql.run("select * from batch.heartbeat(%s, '10 seconds')", worker)
        sql.run("select * from batch.take_provider_shares(%s, 'groq', 1, 0)", worker)
        sql.run("select batch.stop_worker(%s)", worker)

    assert sql.job(job_id)["processed_items"] == 1 + len(others)


def test_the_reader_s_role_reads(sql: Sql, job_id: UUID) -> None:
    with acting_as(sql, "backscroll_reader"):
        for relation in (
            "batch_jobs", "spending", "jobs", "items", "item_results", "slices", "job_progress",
            "job_events", "model_prices", "workers", "error_codes",
        ):  # fmt: skip
            sql.run(f"select * from batch.{relation}")
        sql.run("select batch.job_status(%s)", job_id)
        assert sql.rows("select * from batch.audit()") == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "select * from batch.api_keys",
        "select * from batch.idempotency_keys",
        "select batch.create_api_key('mine', '{admin}')",
        "select batch.move_job(gen_random_uuid(), 'completed')",
        "update batch.jobs set status = 'completed'",
        "insert into batch.model_prices default values",
        "delete from batch.item_results",
        "select * from public.messages",
        "update public.messages set transcription = 'x'",
        "create table batch.mine (id int)",
        "truncate batch.items",
    ],
)
def test_no_role_does_more(sql: Sql, role: str, statement: str) -> None:
    with sql.refused(DENIED), acting_as(sql, role):
        sql.run(statement)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("backscroll_api", "select * from batch.jobs"),
        ("backscroll_api", "select batch.record_results(1, '[]')"),
        ("backscroll_api", "select * from procrastinate.procrastinate_jobs"),
        ("backscroll_worker", "select batch.find_api_key('x')"),
        ("backscroll_worker", "select batch.cancel_job(gen_random_uuid())"),
        ("backscroll_reader", "select batch.cancel_job(gen_random_uuid())"),
        ("backscroll_reader", "select batch.take_slice(gen_random_uuid(), 1, 1)"),
        ("backscroll_reader", "delete from procrastinate.procrastinate_jobs"),
    ],
)
def test_no_role_does_another_s_work(sql: Sql, role: str, statement: str) -> None:
    with sql.refused(DENIED), acting_as(sql, role):
        sql.run(statement)


def test_nobody_else_does_anything(sql: Sql) -> None:
    sql.run("create role somebody")

    with sql.refused(DENIED), acting_as(sql, "somebody"):
        sql.run("select batch.list_jobs()")


def test_every_function_that_needs_the_owner_s_rights_pins_its_search_path(sql: Sql) -> None:
    assert (
        sql.rows(
            "select p.oid::regprocedure::text from pg_proc p"
            " where p.pronamespace = 'batch'::regnamespace and p.prosecdef"
            " and not coalesce(p.proconfig::text like '%%search_path%%', false)"
        )
        == []
    )
