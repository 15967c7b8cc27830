"""batch.actor: who is written into the events of a job."""

from __future__ import annotations

from tests.database import Sql


def test_the_actor_is_the_role_and_the_program(sql: Sql) -> None:
    sql.run("set application_name = 'psql'")

    assert sql.value("select batch.actor()") == "postgres (psql)"


def test_a_program_without_a_name_leaves_the_role_alone(sql: Sql) -> None:
    sql.run("set application_name = ''")

    assert sql.value("select batch.actor()") == "postgres"


def test_a_session_can_name_somebody_else(sql: Sql) -> None:
    sql.run("set batch.actor = 'key alice'")

    assert sql.value("select batch.actor()") == "key alice"
