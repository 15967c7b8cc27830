"""The API and workers log in as roles of their own, each with just what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg import sql as names
from psycopg.conninfo import make_conninfo

from tests.api.conftest import JOBS, key_header, served
from tests.database import Sql, add_chat, open_sql
from tests.processes import BACKSCROLL, awaited, running
from tests.scene import Scene, Workers, wait_until


@pytest.fixture
def logins(own_sql: Sql, database_url: str) -> Iterator[dict[str, str]]:
    """For each role, the address of a login that is its member and nothing else."""
    addresses = {}
    for role in ("backscroll_api", "backscroll_worker", "backscroll_reader"):
        login = f"{role}_{uuid4().hex[:8]}"
        own_sql.connection.execute(
            names.SQL("create role {} login in role {}").format(
                names.Identifier(login), names.Identifier(role)
            )
        )
        addresses[role] = make_conninfo(database_url, user=login)
    yield addresses
    for address in addresses.values():
        login = str(psycopg.conninfo.conninfo_to_dict(address)["user"])
        awaited(
            lambda login=login: (
                not own_sql.rows("select 1 from pg_stat_activity where usename = %s", login)
            )
        )
        own_sql.connection.execute(names.SQL("drop role {}").format(names.Identifier(login)))


@pytest.fixture
def scene(own_sql: Sql, logins: dict[str, str], tmp_path: Path) -> Iterator[Scene]:
    """A chat whose media are scripts, and workers that log in as what workers may do."""
    workers = Workers(logins["backscroll_worker"], tmp_path)
    yield Scene(own_sql, workers)
    workers.end()


@pytest.fixture
def api(logins: dict[str, str], database_url: str) -> Iterator[httpx.Client]:
    """The API, logged in as what it may do."""
    with served(logins["backscroll_api"], key_header(database_url)) as (client, program):
        yield client
        assert "Traceback" not in program.said()
        assert "permission denied" not in program.said()


def test_a_whole_job_from_create_to_report(scene: Scene, api: httpx.Client) -> None:
    scene.add("text allowed\ncost 0.00000001", count=8)
    scene.add("fail file_encrypted")
    scene.workers.start()
    request = {"jobType": "targeted_chat_sync", "chatId": str(scene.chat.id)}
    assert api.get("/readyz").status_code == 200
    assert api.post(f"{JOBS}/estimate", json=request).status_code == 200

    created = api.post(JOBS, json=request, headers={"idempotency-key": "once"})

    assert created.status_code == 201, created.text
    job_id = created.json()["id"]
    path = f"{JOBS}/{job_id}"
    awaited(lambda: api.get(f"{path}/status").json()["status"] == "completed")
    for what in ("", "/status", "/details", "/items", "/events", "/report.csv", "/report.ndjson"):
        assert api.get(f"{path}{what}").status_code == 200, what
    assert [job["id"] for job in api.get(JOBS).json()["items"]] == [job_id]
    assert "permission denied" not in scene.workers.said()
    scene.assert_sound(UUID(job_id))


def test_a_job_is_paused_resumed_changed_and_cancelled(scene: Scene, api: httpx.Client) -> None:
    scene.add("text allowed\nhold go", count=12)
    scene.workers.start()
    request = {"jobType": "targeted_chat_sync", "chatId": str(scene.chat.id)}
    path = f"{JOBS}/{api.post(JOBS, json=request).json()['id']}"
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    assert api.post(f"{path}/pause").json()["status"] == "paused"
    assert api.patch(path, json={"lanes": 2}).status_code == 200
    assert api.post(f"{path}/resume").json()["status"] == "processing"
    assert api.post(f"{path}/cancel").json()["status"] == "cancelled"

    scene.workers.release("go")
    awaited(lambda: api.get(path).json()["processedItems"] >= 4)
    assert "permission denied" not in scene.workers.said()


def test_a_worker_sweeps_up_after_another_that_died(scene: Scene) -> None:
    scene.add("text allowed\nhold go", count=4)
    first = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    first.kill()
    scene.workers.release("go")
    scene.workers.start()

    scene.wait_for(job_id, status="completed")
    assert "permission denied" not in scene.workers.said()
    scene.assert_sound(job_id)


def test_the_real_worker_reads_files_and_stops(
    own_sql: Sql, logins: dict[str, str], tmp_path: Path
) -> None:
    chat = add_chat(own_sql)
    (tmp_path / "note.txt").write_text("The lantern is in the attic.")
    chat.add("text/plain", media_local_path="note.txt")
    settings = {
        "DATABASE_URL": logins["backscroll_worker"],
        "BACKSCROLL_MEDIA_ROOT": str(tmp_path),
    }

    with running([*BACKSCROLL, "worker"], **settings) as worker:
        job_id = own_sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
        awaited(lambda: own_sql.job(job_id)["status"] == "completed")
        stopped, said = worker.stop(), worker.said()

    assert stopped == 0
    assert "permission denied" not in said
    assert own_sql.job(job_id)["processed_items"] == 1


def test_readers_see_jobs_also_where_nothing_can_be_written(
    scene: Scene, logins: dict[str, str]
) -> None:
    """As on a read replica."""
    job_id = scene.create()

    with open_sql(logins["backscroll_reader"]) as replica:
        replica.run("set default_transaction_read_only = on")
        for call in ("job_json(%s)", "job_status(%s)", "job_details(%s)", "list_items(%s)"):
            assert replica.value(f"select batch.{call}", job_id), call
        assert len(replica.value("select batch.list_jobs()")["items"]) == 1
        assert replica.rows("select * from batch.audit()") == []
        assert replica.rows("select * from batch.batch_jobs where id = %s", job_id)
        assert replica.rows("select * from batch.spending") == []


def test_the_connections_of_a_process_are_as_many_as_the_documentation_says(
    own_sql: Sql, scene: Scene
) -> None:
    scene.workers.start()

    wait_until(lambda: own_sql.value("select count(*) from batch.workers"), "a worker")

    def as_documented() -> bool:
        working, listening = own_sql.row(
            "select count(*) filter (where application_name <> 'backscroll listen'),"
            " count(*) filter (where application_name = 'backscroll listen')"
            " from pg_stat_activity where usename like 'backscroll_worker_%%'"
            " and datname = current_database()"
        )
        return 5 <= working <= 10 and listening == 2

    awaited(as_documented)
