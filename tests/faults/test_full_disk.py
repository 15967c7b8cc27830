"""The database's disk is full: nothing is lost, and everything goes on once there is room."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.migrate import migrate
from tests.database import open_sql
from tests.scene import Scene, Workers, wait_until

SIZE = "300m"
SMALL = {
    "max_wal_size": "64MB", "min_wal_size": "32MB", "shared_buffers": "32MB",
    "wal_recycle": "off", "wal_init_zero": "on",
}  # fmt: skip


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 300 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> Path:
    """Writes a file until nothing fits any more."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))
    return ballast


def test_results_wait_until_there_is_room_again(small_disk: Path, tmp_path: Path) -> None:
    server = EmbeddedPostgres(small_disk / "home", options=SMALL)
    workers = Workers(server.url, tmp_path)
    try:
        server.start()
        migrate(server.url)
        with open_sql(server.url) as sql:
            scene = Scene(sql, workers)
            # Too much to fit into what the server has open already.
            scene.add("text " + "".join(f"{n:06}" for n in range(40_000)) + "\nhold go", count=60)
            workers.start()
            job_id = scene.create()
            wait_until(lambda: len(workers.started()) == 4, "items to begin")
            ballast = fill(small_disk)
            workers.release("go")
            wait_until(lambda: "wait for the database" in workers.said(), "the disk to be full")

        ballast.unlink()

        def is_up() -> bool:
            try:
                with psycopg.connect(server.url):
                    return True
            except psycopg.OperationalError:
                # PostgreSQL ends when its log cannot be written; its keeper starts it again.
                with contextlib.suppress(EmbeddedPostgresError):
                    server.start()
                return False

        wait_until(is_up, "the server to be up")
        with open_sql(server.url) as sql:
            scene.sql = sql
            job = scene.wait_for(job_id, status="completed")
            assert job["processed_items"] == 60
            assert len(workers.started()) == 60
            scene.assert_sound(job_id)
    finally:
        workers.end()
        server.stop()
