"""A database that takes no changes for a while, as after a failover or on a disk that is full."""

from __future__ import annotations

from decimal import Decimal

import httpx

from tests.api.conftest import JOBS, assert_problem, key_header, served
from tests.database import Sql
from tests.faults.test_lost_database import TERMINATE_ALL
from tests.processes import awaited, backscroll
from tests.scene import NO_DEATHS, Scene, wait_until

BODY = {"jobType": "time_based_batch", "daysBack": 7}


def make_read_only(sql: Sql) -> None:
    """All sessions but this one are new, and read-only."""
    set_for_the_database(sql, "set default_transaction_read_only = on")
    sql.run(TERMINATE_ALL)


def make_writable(sql: Sql) -> None:
    """For sessions that begin from now on: those that there are stay read-only."""
    set_for_the_database(sql, "reset default_transaction_read_only")


def set_for_the_database(sql: Sql, change: str) -> None:
    name = sql.value("select quote_ident(current_database())")
    sql.run(f"alter database {name} {change}")


def test_what_was_paid_for_is_recorded_when_the_database_takes_changes_again(scene: Scene) -> None:
    scene.add("text paid\ncost 0.01\nhold go", count=4)
    worker = scene.workers.start(NO_DEATHS)
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    make_read_only(scene.sql)
    scene.workers.release("go")
    wait_until(
        lambda: "results wait for the database" in scene.workers.said(), "results to be refused"
    )
    assert worker.poll() is None
    make_writable(scene.sql)

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["total_cost_usd"]) == (4, Decimal("0.04"))
    assert len(scene.workers.started()) == 4
    scene.assert_sound(job_id)


def test_the_api_refuses_for_a_while_and_works_again(database_url: str, own_sql: Sql) -> None:
    unused = key_header(database_url)
    with served(database_url) as (client, program):
        assert client.post(JOBS, json=BODY).status_code == 201

        make_read_only(own_sql)
        refused: list[httpx.Response] = []
        awaited(lambda: _is_refused_as_read_only(client, refused))
        assert_problem(refused[-1], 503)
        awaited(lambda: client.get(JOBS, headers=unused).status_code == 200)
        make_writable(own_sql)

        awaited(lambda: client.post(JOBS, json=BODY).status_code == 201)
        assert "Traceback" not in program.said()


def _is_refused_as_read_only(client: httpx.Client, refused: list[httpx.Response]) -> bool:
    refused.append(client.post(JOBS, json=BODY))
    assert refused[-1].status_code == 503, refused[-1].text
    return "read-only" in refused[-1].json()["detail"]


def test_commands_and_doctor_say_so(database_url: str, own_sql: Sql) -> None:
    make_read_only(own_sql)

    created = backscroll("jobs", "create", "--days-back", "7", DATABASE_URL=database_url)
    doctor = backscroll("doctor", DATABASE_URL=database_url)

    assert (created.returncode, doctor.returncode) == (1, 1)
    assert created.stderr.startswith("the database is read-only: ")
    assert "fail  writable: the database is read-only" in doctor.stdout
    assert "Traceback" not in doctor.stderr
