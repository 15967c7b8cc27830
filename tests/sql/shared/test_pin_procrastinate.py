"""pin_procrastinate.sql: Procrastinate's functions can be called from anywhere."""

from __future__ import annotations

from tests.database import Sql


def test_every_function_of_procrastinate_finds_its_tables_by_itself(sql: Sql) -> None:
    unpinned = sql.rows(
        "select oid::regprocedure from pg_proc"
        " where pronamespace = 'procrastinate'::regnamespace"
        " and proconfig is distinct from '{\"search_path=procrastinate, pg_temp\"}'"
    )

    assert unpinned == []


def test_a_task_can_be_deferred_with_an_empty_search_path(sql: Sql) -> None:
    sql.run("set search_path = ''")

    sql.run("select batch.defer_task('plan_job', 9, '{}')")

    assert sql.tasks() == [("plan_job", None)]
