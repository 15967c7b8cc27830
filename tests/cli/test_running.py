"""serve, worker and up: they start, work, stop when told, and leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from app.cli.development_key import development_key
from app.cli.environment import DatabaseAddress
from app.embedded import EmbeddedPostgres
from app.migrate import migrate
from tests.api.conftest import key_header
from tests.api.test_limits import await_a_waiter
from tests.database import Sql, add_chat, open_sql
from tests.processes import (
    BACKSCROLL,
    PATIENCE_SECONDS,
    Program,
    answers,
    awaited,
    backscroll,
    free_port,
    is_alive,
    running,
)


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder; a PostgreSQL that a test leaves in it is stopped."""
    folder = Path(tempfile.mkdtemp(prefix="backscroll-test-"))
    yield folder
    if postgres_of(folder):
        with EmbeddedPostgres(folder):
            pass
    shutil.rmtree(folder)


@pytest.fixture
def bind() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def api(bind: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{bind}", trust_env=False) as client:
        yield client


def postgres_of(home: Path) -> int | None:
    """The process id of the PostgreSQL that runs in this data folder."""
    try:
        pid = int((home / "postgres-18" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None
    return pid if is_alive(pid) else None


def assert_gone(pids: list[int]) -> None:
    awaited(lambda: not [pid for pid in pids if is_alive(pid)])


def stop(program: Program, how: str) -> int:
    return program.press_ctrl_c() if how == "Ctrl-C" else program.stop(signal.SIGTERM)


@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C"])
def test_serve_answers_until_it_is_told_to_stop(
    database_url: str, bind: str, api: httpx.Client, how: str
) -> None:
    with running([*BACKSCROLL, "serve", "--bind", bind], DATABASE_URL=database_url) as serve:
        awaited(lambda: answers(api))
        pids = serve.processes()

        status = stop(serve, how)

        assert status == 0, serve.said()
        assert_gone(pids)
        assert "Traceback" not in serve.said()
        assert f"the API listens on http://{bind}" in serve.said()


@pytest.mark.parametrize("is_embedded", [False, True])
def test_a_second_ctrl_c_stops_serve_at_once(
    stopped_server: EmbeddedPostgres, home: Path, bind: str, api: httpx.Client, is_embedded: bool
) -> None:
    server = EmbeddedPostgres(home) if is_embedded else stopped_server
    setting = {"BACKSCROLL_HOME": str(home)} if is_embedded else {"DATABASE_URL": server.url}
    setting["BACKSCROLL_API_STOP_GRACE"] = "60"
    with (
        server,
        running([*BACKSCROLL, "serve", "--bind", bind], **setting) as serve,
        ThreadPoolExecutor(1) as beside,
    ):
        awaited(lambda: answers(api, "/healthz"))
        migrate(server.url)
        pids = serve.processes()
        with open_sql(server.url) as sql, sql.uncommitted():
            api.headers.update(key_header(server.url))
            sql.run("lock table public.messages in access exclusive mode")
            request = {"jobType": "time_based_batch", "daysBack": 7}
            answer = beside.submit(
                api.post, "/api/v1/batch-jobs/estimate", json=request, timeout=PATIENCE_SECONDS
            )
            await_a_waiter(server.url)
            os.killpg(serve.process.pid, signal.SIGINT)
            awaited(lambda: not answers(api, "/healthz"))
            assert serve.process.poll() is None, "it waits for the request in flight"
            began = time.monotonic()

            serve.press_ctrl_c()

            assert time.monotonic() - began < 5
            assert isinstance(answer.exception(20), httpx.TransportError)
        assert_gone(pids)


@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C"])
def test_a_worker_works_until_it_is_told_to_stop(database_url: str, own_sql: Sql, how: str) -> None:
    job_id = own_sql.create(jobType="time_based_batch", daysBack=7)

    with running([*BACKSCROLL, "worker"], DATABASE_URL=database_url) as worker:
        awaited(lambda: own_sql.job(job_id)["status"] == "completed")
        pids = worker.processes()

        status = stop(worker, how)

        assert status == 0, worker.said()
        assert_gone(pids)
        assert "Traceback" not in worker.said()
    assert own_sql.value("select count(*) from batch.workers where stopped_at is null") == 0


def test_up_runs_a_job_over_http_and_ctrl_c_stops_all_of_it(
    home: Path, bind: str, api: httpx.Client
) -> None:
    (home / "media").mkdir()
    (home / "media" / "note.txt").write_text("The lantern is in the attic.")

    with running([*BACKSCROLL, "up", "--bind", bind], BACKSCROLL_HOME=str(home)) as up:
        awaited(lambda: answers(api))
        up.wait_until_it_says("is ready for")
        key = (home / "development.key").read_text().strip()
        api.headers["x-api-key"] = key
        with open_sql(EmbeddedPostgres(home).url) as sql:
            chat = add_chat(sql)
            chat.add("text/plain", media_local_path="note.txt")
        request = {"jobType": "targeted_chat_sync", "chatId": chat.external_id}
        job_id = api.post("/api/v1/batch-jobs", json=request).json()["id"]
        path = f"/api/v1/batch-jobs/{job_id}"
        awaited(lambda: api.get(f"{path}/status").json()["status"] == "completed")

        job = api.get(path).json()
        found = backscroll("psql", "-Atc", "table media_content", BACKSCROLL_HOME=str(home))
        pids = [*up.processes(), postgres_of(home) or 0]
        status = up.press_ctrl_c()

        assert (job["processedItems"], job["failedItems"]) == (1, 0)
        assert "The lantern is in the attic." in found.stdout
        assert status == 0, up.said()
        assert_gone(pids)
        assert postgres_of(home) is None
        assert "Traceback" not in up.said()
        assert f"key       {key}\n" in up.said()


def test_up_on_a_server_of_the_users_own_stops_on_sigterm(
    empty_database_url: str, bind: str, api: httpx.Client
) -> None:
    command = [*BACKSCROLL, "up", "--bind", bind, "--concurrency", "4"]
    with running(command, DATABASE_URL=empty_database_url) as up:
        awaited(lambda: answers(api))
        up.wait_until_it_says("is ready for 4 items")
        up.wait_until_it_says("key       make one: backscroll keys create")
        pids = up.processes()

        status = up.stop(signal.SIGTERM)

        assert status == 0, up.said()
        assert_gone(pids)


def test_the_development_key_is_kept_as_long_as_it_opens_something(home: Path) -> None:
    file = home / "development.key"
    with EmbeddedPostgres(home) as postgres:
        migrate(postgres.url)
        address = DatabaseAddress(postgres.url, postgres.url, postgres.programs)

        first = development_key(address, home)
        again = development_key(address, home)
        with open_sql(postgres.url) as sql:
            sql.run("select batch.revoke_api_key(%s)", first)
        second = development_key(address, home)

        assert first == again != second
        assert file.read_text() == f"{second}\n"
        assert file.stat().st_mode & 0o777 == 0o600
        with open_sql(postgres.url) as sql:
            assert sql.rows("select name, scopes from batch.find_api_key(%s)", second[3:15]) == [
                ("development", ["admin"])
            ]


def test_up_ends_with_a_reason_when_one_of_its_services_does(
    database_url: str, bind: str, api: httpx.Client
) -> None:
    with running([*BACKSCROLL, "up", "--bind", bind], DATABASE_URL=database_url) as up:
        awaited(lambda: answers(api))
        up.wait_until_it_says("is ready for")
        pids = up.processes()
        (worker,) = [
            pid for pid in pids if b"\0worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        os.kill(worker, signal.SIGKILL)

        status = up.process.wait(PATIENCE_SECONDS)

        assert status == 1
        assert "the worker ended by itself with status -9" in up.said()
        assert_gone(pids)


def test_after_a_kill_nothing_is_left_and_the_next_start_works(
    home: Path, bind: str, api: httpx.Client
) -> None:
    command = [*BACKSCROLL, "up", "--bind", bind]
    with running(command, BACKSCROLL_HOME=str(home)) as killed:
        awaited(lambda: answers(api))
        services = killed.processes()[1:]
        killed.stop(signal.SIGKILL)

        with running(command, BACKSCROLL_HOME=str(home)) as up:
            awaited(lambda: answers(api))
            up.wait_until_it_says("is ready for")
            assert_gone(services)

            # Another command leaves the server to those who use it.
            assert backscroll("jobs", "list", BACKSCROLL_HOME=str(home)).returncode == 0
            assert postgres_of(home)
            assert up.stop() == 0
        assert postgres_of(home) is None


def test_a_port_that_is_taken_is_said_in_one_line(database_url: str, bind: str) -> None:
    host, _, port = bind.partition(":")
    with socket.create_server((host, int(port))):
        ended = backscroll("serve", "--bind", bind, DATABASE_URL=database_url)

    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    assert f"cannot listen on {bind}: Address already in use" in line


def test_a_worker_says_when_there_is_no_folder_for_media(database_url: str, home: Path) -> None:
    folder = home / "meida"

    with running(
        [*BACKSCROLL, "worker"], DATABASE_URL=database_url, BACKSCROLL_MEDIA_ROOT=str(folder)
    ) as worker:
        worker.wait_until_it_says("is ready")

        assert f"there is no folder {folder} (BACKSCROLL_MEDIA_ROOT)" in worker.said()


def test_a_worker_waits_for_a_database_that_is_away(home: Path) -> None:
    postgres = EmbeddedPostgres(home)
    with running([*BACKSCROLL, "worker"], DATABASE_URL=postgres.url) as worker:
        worker.wait_until_it_says("waiting for the database")

        assert worker.stop() == 0

    with pytest.raises(psycopg.OperationalError), open_sql(postgres.url):
        pass
