"""A worker that meets what it cannot understand: it says so at once, and ends as failed."""

from __future__ import annotations

from tests.processes import PATIENCE_SECONDS
from tests.scene import Scene, wait_until


def test_a_worker_that_cannot_record_says_why_and_fails(scene: Scene) -> None:
    scene.add("text one\nhold go", count=2)
    worker = scene.workers.start("BACKSCROLL_STOP_GRACE=0.1")
    scene.create()
    wait_until(lambda: len(scene.workers.started()) == 2, "items to begin")
    scene.sql.run("alter function batch.record_results rename to gone")

    scene.workers.release("go")

    assert worker.wait(PATIENCE_SECONDS) == 1
    said, _, rest = scene.workers.said().partition("this worker cannot go on")
    assert "stops when it has finished" not in said
    assert "UndefinedFunction" in rest
