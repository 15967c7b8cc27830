"""A worker's machine has a wrong clock: every time that is stored is the database's."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scene import Scene

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed (Debian: faketime)")
@pytest.mark.parametrize("shift", ["-400d", "+400d"])
def test_results_carry_the_database_s_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, shift: str
) -> None:
    monkeypatch.setenv("LD_PRELOAD", str(LIBRARIES[0]))
    monkeypatch.setenv("FAKETIME", shift)
    assert abs(float(_time_of_a_new_process()) - time.time()) > 300 * 86400
    scene.workers.start()
    monkeypatch.delenv("LD_PRELOAD")
    scene.add("text on time", count=10)

    job_id = scene.create()

    scene.wait_for(job_id, status="completed", processed_items=10)
    scene.assert_sound(job_id)
    assert (
        scene.sql.rows(
            "select r.seq from batch.item_results r join batch.jobs j on j.id = r.job_id"
            " where not (r.started_at >= j.created_at and r.finished_at <= clock_timestamp()"
            "            and r.finished_at <= j.completed_at)"
        )
        == []
    )
    assert scene.sql.value("select bool_and(last_seen_at <= clock_timestamp()) from batch.workers")


def _time_of_a_new_process() -> str:
    return subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
