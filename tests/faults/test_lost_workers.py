"""Workers that are killed or frozen: their slices go on elsewhere, and nothing counts twice."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.database import Sql
from tests.scene import Scene, wait_until


def test_the_slices_of_a_killed_worker_are_finished_by_another(scene: Scene) -> None:
    scene.add("text in hand\nhold go", count=24)
    victim = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    victim.kill()
    victim.wait()
    scene.workers.start()
    scene.workers.release("go")

    job = scene.wait_for(job_id, status="completed")
    assert job["processed_items"] == 24
    assert len(scene.workers.started()) == 24 + 4
    scene.assert_sound(job_id)


def test_what_a_killed_worker_had_in_hand_does_not_wait_for_each_other(scene: Scene) -> None:
    scene.add("text in hand\nhold go", count=4)
    victim = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    victim.kill()
    victim.wait()
    scene.workers.start()

    wait_until(lambda: len(scene.workers.started()) == 8, "all of them to begin again")
    scene.workers.release("go")
    scene.wait_for(job_id, status="completed", processed_items=4)
    scene.assert_sound(job_id)


def test_what_a_killed_worker_had_among_temporary_files_is_removed_by_the_next(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    scene.add("text in hand\nhold go")
    victim = scene.workers.start()
    scene.create()
    wait_until(scene.workers.started, "the item to begin")
    (left,) = temporary.iterdir()
    victim.kill()
    victim.wait()

    scene.workers.start()

    wait_until(lambda: not left.exists(), "it to be removed")
    (others,) = temporary.iterdir()
    assert others.stat().st_mode & 0o077 == 0


def test_what_a_killed_worker_had_recorded_is_not_done_again(scene: Scene) -> None:
    # Fewer than the worker's four places, so that they hold up none of the others.
    scene.add("text last\nhold go", count=3)
    scene.sql.run("update public.messages set platform_timestamp = '2020-01-01'")
    scene.add("text first", count=20)
    victim = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: scene.sql.job(job_id)["processed_items"] == 20, "the first to be done")

    victim.kill()
    victim.wait()
    scene.workers.release("go")
    scene.workers.start()

    job = scene.wait_for(job_id, status="completed")
    assert job["processed_items"] == 23
    begun = scene.workers.started()
    assert all(begun.count(name) == 1 for name in begun if name > "00002.txt")
    scene.assert_sound(job_id)


def test_the_estimate_that_a_killed_worker_was_making_is_made(scene: Scene, other_sql: Sql) -> None:
    scene.add("text planned")
    making = (
        "select pid from pg_stat_activity where wait_event_type = 'Lock'"
        " and query like '%%keep_estimate%%' and datname = current_database()"
    )
    with other_sql.uncommitted():
        # Only estimates read it here: the items are free.
        other_sql.run("lock table batch.model_prices in access exclusive mode")
        victim = scene.workers.start()
        job_id = scene.create()
        wait_until(lambda: scene.sql.rows(making), "the estimate to be begun")
        victim.kill()
        victim.wait()
        # Else the server would make it yet.
        scene.sql.run(f"select pg_terminate_backend(pid) from ({making}) as m")
        wait_until(lambda: not scene.sql.rows(making), "it to be gone")

    scene.workers.start()

    scene.wait_for(job_id, status="completed")
    wait_until(lambda: scene.sql.job(job_id)["estimate"], "the estimate to be kept")


def test_a_frozen_worker_that_wakes_changes_nothing_it_no_longer_holds(scene: Scene) -> None:
    scene.add("text frozen\nhold go", count=8)
    frozen = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")
    frozen.send_signal(signal.SIGSTOP)
    scene.workers.start()
    wait_until(
        lambda: scene.sql.value(
            "select count(*) from batch.slices where job_id = %s and attempts > 1", job_id
        ),
        "the slices to be given to the other worker",
    )
    scene.workers.release("go")
    scene.wait_for(job_id, status="completed")
    before = scene.sql.rows("select * from batch.item_results order by seq")

    frozen.send_signal(signal.SIGCONT)

    frozen.terminate()
    assert frozen.wait(30) == 0
    assert scene.sql.rows("select * from batch.item_results order by seq") == before
    assert scene.sql.job(job_id)["processed_items"] == 8
    scene.assert_sound(job_id)


def test_a_job_created_while_no_worker_runs_waits_and_is_done(scene: Scene) -> None:
    scene.add("text waited for")
    job_id = scene.create()
    assert scene.sql.job(job_id)["status"] == "pending"

    scene.workers.start()

    scene.wait_for(job_id, status="completed", processed_items=1)


def test_work_whose_queue_was_emptied_is_queued_again(scene: Scene) -> None:
    scene.add("text found again", count=5)
    # Forced, so that neither is given the texts of the other.
    planned, created = scene.create(force=True), scene.create(force=True)
    scene.sql.run("select batch.plan_job(%s)", planned)
    scene.sql.run("delete from procrastinate.procrastinate_jobs")

    scene.workers.start()

    scene.wait_for(planned, status="completed", processed_items=5)
    scene.wait_for(created, status="completed", processed_items=5)


def test_a_worker_that_was_frozen_while_it_asked_begins_nothing_of_a_job_cancelled_since(
    scene: Scene, other_sql: Sql
) -> None:
    scene.add("text not wanted", count=4)
    waiting = (
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        " and query like '%%admit_items%%' and datname = current_database()"
    )
    with other_sql.uncommitted():
        other_sql.run("lock table batch.claims in exclusive mode")
        frozen = scene.workers.start()
        job_id = scene.create()
        wait_until(lambda: scene.sql.value(waiting), "the worker to ask for its items")
        frozen.send_signal(signal.SIGSTOP)
    wait_until(
        lambda: scene.sql.value("select count(*) from batch.claims where job_id = %s", job_id),
        "it to be told to go on",
    )
    scene.sql.run("select batch.cancel_job(%s)", job_id)
    # By the worker's own clock the answer is old when it is read.
    time.sleep(2.5)

    frozen.send_signal(signal.SIGCONT)

    scene.wait_until_idle(job_id)
    assert scene.workers.started() == []
    assert scene.sql.rows("select * from batch.claims") == []
