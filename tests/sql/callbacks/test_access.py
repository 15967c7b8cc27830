"""Workers take and record callbacks, the API lists and redelivers them, and not the other way."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from tests.database import Sql
from tests.sql.callbacks.conftest import Callbacks

TAKE = "select * from batch.take_callbacks(1, 1, '30 seconds')"
RECORD = "select batch.record_callback_attempt(%s, 1, 5, 200)"
LIST = "select batch.list_callbacks(%s)"
REDELIVER = "select batch.redeliver_callbacks(%s)"


def test_a_worker_takes_and_records(callbacks: Callbacks, sql: Sql) -> None:
    callbacks.ended_job()
    sql.run("set local role backscroll_worker")

    ((callback_id, *_),) = sql.rows(TAKE)

    assert sql.value(RECORD, callback_id) == "delivered"


def test_the_api_lists_and_redelivers(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.ended_job()
    sql.run("set local role backscroll_api")

    assert sql.value(REDELIVER, job_id)["items"] == sql.value(LIST, job_id)["items"]


def test_a_reader_reads(callbacks: Callbacks, sql: Sql) -> None:
    job_id = callbacks.ended_job()
    sql.run("set local role backscroll_reader")

    assert len(sql.value(LIST, job_id)["items"]) == 1
    assert sql.value("select count(*) from batch.callbacks") == 1
    assert sql.value("select count(*) from batch.callback_attempts") == 0


@pytest.mark.parametrize(
    ("role", "query", "parameters"),
    [
        ("backscroll_api", TAKE, []),
        ("backscroll_api", RECORD, [uuid4()]),
        ("backscroll_reader", TAKE, []),
        ("backscroll_reader", REDELIVER, [uuid4()]),
        ("backscroll_worker", REDELIVER, [uuid4()]),
        ("backscroll_worker", "select count(*) from batch.callbacks", []),
        ("backscroll_api", "select count(*) from batch.callbacks", []),
    ],
)
def test_none_does_what_is_anothers(
    sql: Sql, role: str, query: str, parameters: list[object]
) -> None:
    sql.run(f"set local role {role}")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql.rows(query, *parameters)
