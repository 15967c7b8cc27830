"""Behind a transaction pooler, with the least that it can be configured with, everything works."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.settings import Settings
from tests.api.conftest import JOBS, key_header, served
from tests.database import Sql
from tests.pooler import POOL_SIZE, Pooler, pooled
from tests.processes import BACKSCROLL, awaited, backscroll, running
from tests.scene import Scene, Workers, wait_until

KNOWN = {str(field.validation_alias) for field in Settings.model_fields.values()}

LISTENING = "application_name = 'backscroll listen'"
THROUGH_THE_POOLER = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    f" and application_name like 'backscroll %%' and not {LISTENING}"
)


@pytest.fixture
def pooler(database_url: str) -> Iterator[Pooler]:
    with pooled(database_url) as pooler:
        yield pooler


@pytest.fixture
def scene(own_sql: Sql, pooler: Pooler, tmp_path: Path) -> Iterator[Scene]:
    """A chat whose media are scripts, and workers that reach the database through the pooler."""
    workers = Workers(pooler.url, tmp_path)
    yield Scene(own_sql, workers)
    workers.end()


@pytest.fixture
def api(pooler: Pooler, database_url: str) -> Iterator[httpx.Client]:
    """The API, which reaches the database through the pooler."""
    with served(pooler.url, key_header(database_url)) as (client, program):
        yield client
        assert "Traceback" not in program.said()


def create(api: httpx.Client, scene: Scene) -> str:
    request = {"jobType": "targeted_chat_sync", "chatId": str(scene.chat.id)}
    created = api.post(JOBS, json=request)
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


def wait_for(api: httpx.Client, job_id: str, status: str) -> dict[str, Any]:
    return awaited(lambda: (job := api.get(f"{JOBS}/{job_id}").json())["status"] == status and job)


def test_the_api_and_workers_do_whole_jobs_with_few_connections(
    scene: Scene, api: httpx.Client, database_url: str
) -> None:
    scene.add("text pooled\ncost 0.00000001", count=60)
    workers = scene.workers.start_beside_each_other(2, f"DATABASE_LISTEN_URL={database_url}")
    # A queue and a hearing of stops for each of them.
    listeners = f"select count(*) from pg_stat_activity where {LISTENING}"
    wait_until(lambda: scene.sql.value(listeners) >= 4, "workers that listen")

    job_id = create(api, scene)
    job = wait_for(api, job_id, "completed")

    assert (job["processedItems"], job["failedItems"]) == (60, 0)
    assert scene.sql.value(THROUGH_THE_POOLER) <= POOL_SIZE
    assert len(api.get(f"{JOBS}/{job_id}/report.ndjson").text.splitlines()) == 60
    assert api.get(JOBS).json()["items"][0]["id"] == job_id
    assert api.get(f"{JOBS}/{job_id}/events").status_code == 200
    assert "prepared statement" not in scene.workers.said()
    assert [worker.poll() for worker in workers] == [None, None]
    scene.assert_sound(UUID(job_id))


def test_the_same_queries_many_times_over_disturb_nobody_on_shared_connections(
    scene: Scene, api: httpx.Client
) -> None:
    scene.add("text pooled", count=3)
    job_id = create(api, scene)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: api.get(f"{JOBS}/{job_id}/status"), range(300)))

    assert {answer.status_code for answer in answers} == {200}
    assert scene.sql.value(THROUGH_THE_POOLER) <= POOL_SIZE


def test_cancel_holds_through_the_pooler(
    scene: Scene, api: httpx.Client, database_url: str
) -> None:
    scene.add("text held\nhold go", count=12)
    scene.workers.start(f"DATABASE_LISTEN_URL={database_url}")
    job_id = create(api, scene)
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    cancelled = api.post(f"{JOBS}/{job_id}/cancel")
    scene.wait_for_heartbeats()
    scene.workers.release("go")

    assert cancelled.json()["status"] == "cancelled"
    awaited(lambda: api.get(f"{JOBS}/{job_id}").json()["processedItems"] == 4)
    assert len(scene.workers.started()) == 4
    scene.assert_sound(UUID(job_id))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param((), id="LISTEN through the pooler, which nobody hears"),
        pytest.param(
            ("BACKSCROLL_LISTEN=off",),
            id="no LISTEN",
            marks=pytest.mark.skipif(
                "BACKSCROLL_LISTEN" not in KNOWN, reason="there is no BACKSCROLL_LISTEN yet"
            ),
        ),
    ],
)
def test_without_a_direct_address_polling_finds_jobs_and_what_was_paused(
    scene: Scene, api: httpx.Client, settings: tuple[str, ...]
) -> None:
    scene.add("text polled\nhold go", count=12)
    scene.workers.start(*settings)
    wait_until(lambda: scene.sql.value("select count(*) from batch.workers"), "a worker")
    job_id = create(api, scene)
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    api.post(f"{JOBS}/{job_id}/pause")
    scene.wait_for_heartbeats()
    scene.workers.release("go")
    scene.wait_until_idle(UUID(job_id))
    begun = len(scene.workers.started())
    api.post(f"{JOBS}/{job_id}/resume")

    assert begun == 4
    assert wait_for(api, job_id, "completed")["processedItems"] == 12
    scene.assert_sound(UUID(job_id))


def test_workers_and_the_api_survive_a_pooler_that_is_killed(
    scene: Scene, api: httpx.Client, pooler: Pooler, database_url: str
) -> None:
    scene.add("text goes on\nhold go", count=12)
    worker = scene.workers.start(f"DATABASE_LISTEN_URL={database_url}")
    job_id = create(api, scene)
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    pooler.kill()
    scene.workers.release("go")
    wait_until(lambda: "results wait for the database" in scene.workers.said(), "them to end")
    pooler.start()

    awaited(lambda: api.get("/readyz").status_code == 200)
    job = wait_for(api, job_id, "completed")
    assert job["processedItems"] == 12
    assert len(scene.workers.started()) == 12
    assert worker.poll() is None


def test_the_commands_work_through_the_pooler(empty_database_url: str) -> None:
    with pooled(empty_database_url) as pooler:
        migrated = backscroll("migrate", DATABASE_URL=pooler.url)
        again = backscroll("migrate", DATABASE_URL=pooler.url)
        listed = backscroll("jobs", "list", DATABASE_URL=pooler.url)

        with running([*BACKSCROLL, "worker"], DATABASE_URL=pooler.url) as worker:
            worker.wait_until_it_says("is ready for")
            stopped = worker.stop()

    assert (migrated.returncode, again.returncode) == (0, 0), migrated.stderr + again.stderr
    assert "nothing else to do" in again.stdout
    assert listed.returncode == 0, listed.stderr
    assert stopped == 0


def test_a_request_that_takes_too_long_is_given_up_through_the_pooler_too(
    scene: Scene, pooler: Pooler, database_url: str
) -> None:
    request = {"jobType": "targeted_chat_sync", "chatId": str(scene.chat.id)}
    with (
        served(
            pooler.url, key_header(database_url), BACKSCROLL_API_STATEMENT_TIMEOUT="0.3"
        ) as (api, _),
        scene.sql.uncommitted(),
    ):  # fmt: skip
        scene.sql.run("lock table public.messages in access exclusive mode")

        answer = api.post(f"{JOBS}/estimate", json=request)

        assert answer.status_code == 503
        wait_until(
            lambda: (
                not scene.sql.rows(
                    "select 1 from pg_stat_activity"
                    " where datname = current_database() and wait_event_type = 'Lock'"
                )
            ),
            "the server to give up too",
        )
