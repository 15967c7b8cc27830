"""Items that kill the process that works on them: they fail, their neighbours do not."""

from __future__ import annotations

from uuid import UUID

from tests.scene import Scene, wait_until


def keep_a_worker_running(scene: Scene, job_id: UUID) -> int:
    """Starts workers, each when the last one has died, until the job has ended. How many died."""

    def has_ended() -> bool:
        return bool(scene.sql.job(job_id)["status"] == "completed")

    died = 0
    while True:
        worker = scene.workers.start()
        wait_until(
            lambda worker=worker: worker.poll() is not None or has_ended(),
            f"the job to end or another worker to die; {died} have died",
        )
        if has_ended():
            return died
        died += 1


def results(scene: Scene, job_id: UUID) -> dict[str, int]:
    return dict(
        scene.sql.rows(
            "select coalesce(error_code, status::text), count(*)::int"
            " from batch.item_results where job_id = %s group by 1",
            job_id,
        )
    )


def test_an_item_that_kills_three_workers_fails_and_its_neighbours_do_not(scene: Scene) -> None:
    scene.add("text harmless", count=6)
    scene.add("die NOW")
    scene.add("text harmless", count=6)

    job_id = scene.create()

    assert keep_a_worker_running(scene, job_id) == 3
    assert results(scene, job_id) == {"processed": 12, "worker_lost": 1}
    scene.assert_sound(job_id)


def test_among_files_that_were_opened_together_too(scene: Scene) -> None:
    (scene.workers.root / "together").touch()
    scene.add("text harmless", count=20)
    scene.add("die NOW")
    scene.add("text harmless", count=20)

    job_id = scene.create()

    assert keep_a_worker_running(scene, job_id) == 3
    assert results(scene, job_id) == {"processed": 40, "worker_lost": 1}
    scene.assert_sound(job_id)


def test_of_several_each_is_found_out(scene: Scene) -> None:
    scene.add("text harmless", count=5)
    scene.add("die NOW", count=2)
    scene.add("text harmless", count=5)

    job_id = scene.create(force=True)

    assert keep_a_worker_running(scene, job_id) <= 6
    assert results(scene, job_id) == {"processed": 10, "worker_lost": 2}
    scene.assert_sound(job_id)
