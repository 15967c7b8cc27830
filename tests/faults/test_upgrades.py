"""The database is migrated to another release while workers of an older one run."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from app.database import Database
from app.database_errors import DatabaseAway
from app.migrate import migrate
from tests.database import Sql, beside
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
    assert "cannot go on" not in scene.workers.said()
    assert {state for _, _, state in scene.sql.slices(job_id)} == {"queued"}
    assert scene.workers.start().wait(30) != 0
    scene.sql.run("delete from batch.installations where version = '9.9.9'")
    scene.workers.release("go")
    scene.workers.start()
    scene.wait_for(job_id, status="completed", processed_items=6)
    scene.assert_sound(job_id)


def test_a_call_that_a_migration_overtakes_may_be_tried_again(
    own_sql: Sql, database_url: str
) -> None:
    async def cancel() -> None:
        database = Database(database_url, "overtaken", size=1)
        await database.open()
        try:
            # PostgreSQL finds the function first, and calls it when it has the lock.
            await database.value(
                "with held as materialized (select pg_advisory_lock(7))"
                " select batch.cancel_job((select %s::uuid from held))",
                [uuid4()],
            )
        finally:
            await database.close()

    async def is_away() -> bool:
        try:
            await cancel()
        except DatabaseAway:
            return True
        return False

    own_sql.run("select pg_advisory_lock(7)")
    with beside(lambda: asyncio.run(is_away())) as may_be_tried_again:
        wait_until(
            lambda: own_sql.value(
                "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            ),
            "the call to wait",
        )
        migrate(database_url)
        own_sql.run("select pg_advisory_unlock(7)")

    assert may_be_tried_again.result()
