"""Small jobs beside huge ones: whose turn it is."""

from __future__ import annotations

from tests.database import add_chat
from tests.scene import Scene, wait_until

TURN_SECONDS = 6.0


def test_a_small_job_begins_beside_ten_huge_ones_within_two_turns(scene: Scene) -> None:
    # Many messages share a file; forced jobs make its text anew for each.
    (scene.workers.root / "huge.txt").write_text("text of many\ntake 0.1")
    scene.chat.add_many(600, "text/plain", media_local_path="huge.txt")
    huge = [scene.create(force=True) for _ in range(10)]
    scene.workers.start()
    for job_id in huge:
        wait_until(
            lambda job_id=job_id: scene.sql.job(job_id)["processed_items"] > 0, "it to have begun"
        )
    small = add_chat(scene.sql)
    for number in range(10):
        (scene.workers.root / f"small-{number}.txt").write_text(f"text number {number}")
        small.add("text/plain", media_local_path=f"small-{number}.txt")

    job_id = scene.create(chatId=str(small.id))

    job = scene.wait_for(job_id, status="completed")
    waited = scene.sql.value(
        "select extract(epoch from min(r.started_at) - j.created_at)"
        " from batch.jobs as j join batch.item_results as r on r.job_id = j.id"
        " where j.id = %s group by j.id",
        job_id,
    )
    assert job["processed_items"] == 10
    assert waited < 2 * TURN_SECONDS
    assert {scene.sql.job(other)["status"] for other in huge} == {"processing"}
