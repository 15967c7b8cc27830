"""pg_dump in the middle of a job, and a restore: the job goes on there and counts right."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from app.embedded import EmbeddedPostgres
from app.migrate import migrate
from tests.conftest import _clone
from tests.database import open_sql
from tests.scene import Scene, Workers, wait_until


@pytest.fixture
def restored_url(server: EmbeddedPostgres) -> Iterator[str]:
    yield from _clone(server, None)


def test_a_job_goes_on_in_a_restored_database(
    server: EmbeddedPostgres, database_url: str, restored_url: str, scene: Scene, tmp_path: Path
) -> None:
    scene.add("text second\nhold go", count=3)
    scene.sql.run("update public.messages set platform_timestamp = '2020-01-01'")
    scene.add("text first", count=20)
    worker = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: scene.sql.job(job_id)["processed_items"] == 20, "the first to be done")
    # Not sooner: its items would take the other's places, and make texts that the other skips.
    waiting = scene.create(force=True)

    def database(url: str) -> str:
        return str(conninfo_to_dict(url)["dbname"])

    host = str(conninfo_to_dict(database_url)["host"])
    common = ["--host", host, "--username", "postgres"]
    dump = tmp_path / "dump"
    subprocess.run(
        [server.programs / "pg_dump", *common, "-Fc", "-f", dump, database(database_url)],
        check=True,
    )
    worker.kill()
    worker.wait()
    subprocess.run(
        [server.programs / "pg_restore", *common, "-d", database(restored_url), dump], check=True
    )
    assert not [line for line in migrate(restored_url).done if "migration" in line]

    workers = Workers(restored_url, scene.workers.root)
    try:
        workers.release("go")
        workers.start()
        with open_sql(restored_url) as sql:
            scene.sql = sql
            assert scene.wait_for(waiting, status="completed")["processed_items"] == 23
            job = scene.wait_for(job_id, status="completed")
            # The other job may have made some of its texts before it came to them.
            assert job["processed_items"] + job["skipped_items"] == 23
            scene.assert_sound(job_id)
            assert sql.value(
                "select has_function_privilege('backscroll_api', 'batch.list_jobs(jsonb, uuid[])',"
                " 'execute')"
            )
    finally:
        workers.end()
