"""The database stops, restarts or freezes: workers survive it and compute nothing twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedPostgres
from tests.database import open_sql
from tests.processes import frozen, processes_of
from tests.scene import Scene, Workers, wait_until

JUDGE = (
    "select max(alive_since) < clock_timestamp() - %s::interval and min(last_seen_at) >"
    " clock_timestamp() - interval '1 s' and count(*) = 2 from batch.workers"
)
HEARD = (
    "select max(last_seen_at) > pg_postmaster_start_time() + interval '0.5 s' from batch.workers"
)
SILENCE = (
    "select extract(epoch from clock_timestamp() - min(last_seen_at))::float8 from batch.workers"
)


@pytest.fixture
def workers(own_server: EmbeddedPostgres, tmp_path: Path) -> Iterator[Workers]:
    """Over the server that the test stops and starts."""
    workers = Workers(own_server.url, tmp_path)
    yield workers
    workers.end()


def test_workers_survive_a_restart_and_record_what_they_had_computed(
    own_server: EmbeddedPostgres, workers: Workers
) -> None:
    with open_sql(own_server.url) as sql:
        scene = Scene(sql, workers)
        scene.add("text computed\nhold go", count=12)
        worker = workers.start()
        job_id = scene.create()
        wait_until(lambda: len(workers.started()) == 4, "items to begin")
    own_server.stop()
    workers.release("go")
    wait_until(lambda: "results wait for the database" in workers.said(), "them to end")

    own_server.start()

    with open_sql(own_server.url) as sql:
        scene.sql = sql
        job = scene.wait_for(job_id, status="completed")
        assert job["processed_items"] == 12
        assert len(workers.started()) == 12
        scene.assert_sound(job_id)
    assert worker.poll() is None


def test_an_item_that_takes_long_keeps_no_worker_from_new_jobs_after_an_outage(
    own_server: EmbeddedPostgres, workers: Workers
) -> None:
    with open_sql(own_server.url) as sql:
        scene = Scene(sql, workers)
        scene.add("text at last\nhold go")
        workers.start()
        long = scene.create()
        wait_until(workers.started, "the item to begin")
        scene.add("text meanwhile")
    own_server.stop()
    wait_until(lambda: "the queue is away" in workers.said(), "the outage to be noticed")
    own_server.start()

    with open_sql(own_server.url) as sql:
        scene.sql = sql
        scene.wait_for(scene.create(), processed_items=1)

        workers.release("go")
        scene.wait_for(long, status="completed", processed_items=1)


def test_a_worker_that_gets_through_late_loses_nothing_while_the_database_restarts_again_and_again(
    own_server: EmbeddedPostgres, workers: Workers
) -> None:
    timeout = "BACKSCROLL_WORKER_TIMEOUT=4"
    with open_sql(own_server.url) as sql:
        scene = Scene(sql, workers)
        scene.add("text late\nhold go", count=4)
        late = workers.start(timeout)
        job_id = scene.create()
        wait_until(lambda: len(workers.started()) == 4, "items to begin")
        workers.start(timeout)
        wait_until(lambda: sql.value(JUDGE, "4 s"), "the other to be alive for long enough")

    late.send_signal(signal.SIGSTOP)
    silence = 0.0
    while silence < 5:
        own_server.stop()
        own_server.start()
        with open_sql(own_server.url) as sql:
            wait_until(lambda: sql.value(HEARD), "the other to be heard")
            silence = float(sql.value(SILENCE))
    late.send_signal(signal.SIGCONT)

    with open_sql(own_server.url) as sql:
        scene.sql = sql
        wait_until(lambda: sql.value(SILENCE) < 1, "it to be heard again")
        workers.release("go")
        scene.wait_for(job_id, status="completed", processed_items=4)
        assert len(workers.started()) == 4
        scene.assert_sound(job_id)


def test_who_died_while_the_database_restarted_is_missed(
    own_server: EmbeddedPostgres, workers: Workers
) -> None:
    with open_sql(own_server.url) as sql:
        scene = Scene(sql, workers)
        scene.add("text in hand\nhold go", count=4)
        victim = workers.start()
        job_id = scene.create()
        wait_until(lambda: len(workers.started()) == 4, "items to begin")
        workers.start()
        wait_until(lambda: sql.value("select count(*) from batch.workers") == 2, "the other")
    own_server.stop()
    victim.kill()
    victim.wait()
    workers.release("go")

    own_server.start()

    with open_sql(own_server.url) as sql:
        scene.sql = sql
        scene.wait_for(job_id, status="completed", processed_items=4)
        assert len(workers.started()) == 4 + 4
        scene.assert_sound(job_id)


def test_workers_lose_nothing_to_each_other_while_the_database_is_frozen(
    own_server: EmbeddedPostgres, workers: Workers
) -> None:
    with open_sql(own_server.url) as sql:
        scene = Scene(sql, workers)
        scene.add("text at last\nhold go", count=4)
        workers.start()
        job_id = scene.create()
        wait_until(lambda: len(workers.started()) == 4, "items to begin")
        workers.start()
        wait_until(lambda: sql.value(JUDGE, "1 s"), "the other to be alive for long enough")

        with frozen(processes_of(sql)):
            # Three times as long as a worker may be silent. Nobody can be asked meanwhile.
            time.sleep(3)
        wait_until(lambda: sql.value(JUDGE, "1 s"), "the other to be alive for as long again")
        workers.release("go")

        scene.wait_for(job_id, status="completed", processed_items=4)
        assert len(workers.started()) == 4
        scene.assert_sound(job_id)
