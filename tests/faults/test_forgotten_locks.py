"""Somebody's forgotten transaction holds a lock: only what it is about waits for it."""

from __future__ import annotations

from tests.database import Sql
from tests.scene import Scene, wait_until


def test_a_locked_message_holds_up_its_own_result_alone(scene: Scene, other_sql: Sql) -> None:
    scene.add("text waited for", count=30)
    locked = other_sql.value("select id from public.messages order by id limit 1")
    with other_sql.uncommitted():
        other_sql.run("update public.messages set text_content = 'x' where id = %s", locked)
        worker = scene.workers.start()
        job_id = scene.create()

        wait_until(lambda: scene.sql.job(job_id)["processed_items"] == 29, "the others to end")
        assert scene.sql.rows("select * from batch.audit()") == []

    job = scene.wait_for(job_id, status="completed")
    assert job["processed_items"] == 30
    assert len(scene.workers.started()) == 30
    worker.terminate()
    assert worker.wait(30) == 0
    scene.assert_sound(job_id)


def test_a_locked_job_holds_up_no_other(scene: Scene, other_sql: Sql) -> None:
    scene.add("text of both", count=10)
    scene.workers.start()
    locked = scene.create()
    scene.wait_for(locked, status="completed")
    scene.add("text of more", count=30)
    locked = scene.create(lanes=30)
    scene.sql.run("select batch.plan_job(%s)", locked)

    with other_sql.uncommitted():
        other_sql.run("select from batch.jobs where id = %s for update", locked)
        jobs = [scene.create(force=True, limit=10) for _ in range(3)]
        for job_id in jobs:
            scene.wait_for(job_id, status="completed", processed_items=10)

    scene.wait_for(locked, status="completed")
    scene.assert_sound(locked)


def test_a_locked_share_of_a_job_s_progress_holds_up_no_other(scene: Scene, other_sql: Sql) -> None:
    scene.add("text known")
    scene.add("text later\nhold go")
    scene.sql.run("update public.messages set platform_timestamp = '2020-01-01'")
    scene.workers.start()
    locked = scene.create()
    wait_until(lambda: scene.sql.job(locked)["processed_items"] == 1, "a share to be there")

    with other_sql.uncommitted():
        other_sql.run("select from batch.job_progress where job_id = %s for update", locked)
        scene.workers.release("go")
        wait_until(lambda: "somebody has locked" in scene.workers.said(), "the result to wait")
        scene.add("text of another")
        scene.wait_for(scene.create(limit=1), status="completed", processed_items=1)

    scene.wait_for(locked, status="completed", processed_items=2)
    scene.assert_sound(locked)


def test_a_worker_that_is_told_to_stop_stops_although_its_results_are_locked_out(
    scene: Scene, other_sql: Sql
) -> None:
    scene.add("text waited for")
    with other_sql.uncommitted():
        other_sql.run("update public.messages set text_content = 'x'")
        worker = scene.workers.start("BACKSCROLL_STOP_GRACE=0.5")
        job_id = scene.create()
        wait_until(lambda: "somebody has locked their messages" in scene.workers.said(), "it")

        worker.terminate()

        assert worker.wait(30) == 0
    scene.workers.start()
    scene.wait_for(job_id, status="completed", processed_items=1)
    scene.assert_sound(job_id)
