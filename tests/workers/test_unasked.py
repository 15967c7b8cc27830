"""Items of which nobody is asked, since others of their kind ended at once, for nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.scene import Scene, wait_until


@pytest.fixture
def quick_scene(scene: Scene) -> Scene:
    """A worker that has found out that documents are quick."""
    (scene.workers.root / "together").touch()
    scene.add("text quick", count=600)
    scene.workers.start()
    scene.wait_for(scene.create(), status="completed", processed_items=600)
    return scene


def file(scene: Scene, name: str, script: str) -> UUID:
    """A message with a file of its own."""
    (scene.workers.root / name).write_text(script)
    return scene.chat.add("text/plain", media_local_path=name)


def among_quick_ones(scene: Scene, script: str) -> UUID:
    """A job of items that are begun unasked; the file `unasked` does what the script says."""
    scene.add("text quick", count=3)
    file(scene, "unasked", script)
    return scene.create()


def asked_about(scene: Scene, script: str) -> tuple[Any, ...]:
    """The result of an item of which it is asked whether the same bytes have a text."""
    (scene.workers.root / "together").unlink()
    message = file(scene, "asked", script)
    job_id = scene.create()
    scene.wait_for(job_id, status="completed", processed_items=1)
    (result,) = scene.sql.rows(
        "select m.document_extraction, r.is_reused, r.cost_usd"
        " from batch.item_results as r join batch.items as i using (job_id, seq)"
        " join public.messages as m on m.id = i.message_id"
        " where job_id = %s and m.id = %s",
        job_id,
        message,
    )
    return result


@pytest.mark.parametrize("what", ["cost 1", "take 0.01"])
def test_what_costs_something_or_takes_long_all_the_same_is_remembered(
    quick_scene: Scene, what: str
) -> None:
    script = f"text made once\n{what}"
    job_id = among_quick_ones(quick_scene, script)
    quick_scene.wait_for(job_id, status="completed", processed_items=4)

    result = asked_about(quick_scene, script)

    assert result == ("made once", True, 0)
    quick_scene.assert_sound(job_id)


def test_a_text_is_not_remembered_by_bytes_that_came_later(quick_scene: Scene) -> None:
    old, new = (f"text {text}\ncost 1\nturn now" for text in ("old", "renewed"))
    job_id = among_quick_ones(quick_scene, old)
    wait_until(lambda: "unasked" in quick_scene.workers.started(), "it to begin")
    (quick_scene.workers.root / "unasked").write_text(new)
    (quick_scene.workers.root / "now").touch()
    quick_scene.wait_for(job_id, status="completed", processed_items=4)

    result = asked_about(quick_scene, new)

    assert result == ("renewed", False, 1)


def test_what_has_a_text_by_the_time_that_a_provider_would_be_asked_is_given_that(
    quick_scene: Scene,
) -> None:
    script = "text paid once\ncost 1\nturn now"
    (quick_scene.workers.root / "now").touch()
    assert asked_about(quick_scene, script) == ("paid once", False, 1)
    (quick_scene.workers.root / "together").touch()

    job_id = among_quick_ones(quick_scene, script)

    job = quick_scene.wait_for(job_id, status="completed", processed_items=4)
    assert (job["total_cost_usd"], job["reused_items"]) == (0, 1)
    quick_scene.assert_sound(job_id)
