"""The database drops its connections: workers survive it and compute nothing twice."""

from __future__ import annotations

from tests.scene import Scene, wait_until

TERMINATE_ALL = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


def test_workers_survive_losing_all_their_connections(scene: Scene) -> None:
    scene.add("text goes on\nhold go", count=12)
    worker = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    scene.sql.run(TERMINATE_ALL)
    scene.workers.release("go")

    job = scene.wait_for(job_id, status="completed")
    assert job["processed_items"] == 12
    assert len(scene.workers.started()) == 12
    assert worker.poll() is None
    scene.assert_sound(job_id)


def test_a_job_created_after_the_listening_connection_was_lost_is_still_noticed(
    scene: Scene,
) -> None:
    scene.workers.start()
    wait_until(lambda: scene.sql.value("select count(*) from batch.workers"), "a worker")
    scene.sql.run(TERMINATE_ALL)
    scene.add("text noticed")

    job_id = scene.create()

    scene.wait_for(job_id, status="completed")
