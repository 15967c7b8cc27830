"""batch.clock: one clock for everything, which tests can stop."""

from __future__ import annotations

from tests.database import NOW, Sql


def test_the_clock_is_the_start_of_the_statement(sql: Sql) -> None:
    clock, statement, transaction = sql.row(
        "select batch.clock(), statement_timestamp(), transaction_timestamp()"
    )

    assert clock == statement
    assert clock > transaction


def test_a_session_can_set_the_clock(sql: Sql) -> None:
    sql.at(NOW)

    assert sql.value("select batch.clock() = %s::timestamptz", NOW)


def test_a_clock_that_was_set_and_emptied_runs_again(sql: Sql) -> None:
    sql.at(NOW)
    sql.at("")

    assert sql.value("select batch.clock() = statement_timestamp()")
