"""The database is migrated to another release while workers of an older one run."""

from __future__ import annotations

from tests.scene import Scene, wait_until


def test_a_worker_of_another_release_gives_back_what_it_holds_and_says_why_it_stops(
    scene: Scene,
) -> None:
    scene.add("text in hand\nhold go", count=6)
    worker = scene.workers.start("BACKSCROLL_STOP_GRACE=0.5")
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    scene.sql.run(
        "insert into batch.installations (version, checksum, procrastinate_version)"
        " values ('9.9.9', 'another', '9.9.9')"
    )

    assert worker.wait(30) != 0
    assert "migrated to another release" in scene.workers.said()
    assert {state for _, _, state in scene.sql.slices(job_id)} == {"queued"}
    assert scene.workers.start().wait(30) != 0
    scene.sql.run("delete from batch.installations where version = '9.9.9'")
    scene.workers.release("go")
    scene.workers.start()
    scene.wait_for(job_id, status="completed", processed_items=6)
    scene.assert_sound(job_id)
