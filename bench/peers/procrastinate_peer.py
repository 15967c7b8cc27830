"""The same items as Procrastinate jobs, one a job: `python procrastinate_peer.py enqueue|work`.

As its documentation has it for throughput: many jobs at once in one process, a pool of
connections, jobs deferred in bulk, and those that are done deleted. What a job writes, it writes
in one round trip.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import procrastinate
import psycopg_pool
import uvloop

CONCURRENCY = 32
TEXT = "a" * 200
JOB = "00000000-0000-0000-0000-000000000001"
ITEM = (Path(__file__).parent / "item.sql").read_text()
for position, name in enumerate(("seq", "message_id", "content", "job_id"), 1):
    ITEM = ITEM.replace(f"${position}", f"%({name})s")

connector = procrastinate.PsycopgConnector(conninfo="", min_size=4, max_size=CONCURRENCY)
app = procrastinate.App(connector=connector)
pool: psycopg_pool.AsyncConnectionPool


@app.task(name="item", queue="items")
async def item(seq: int, message_id: str) -> None:
    async with pool.connection() as connection:
        values = {"seq": seq, "message_id": message_id, "content": TEXT, "job_id": JOB}
        await connection.execute(ITEM, values, prepare=True)


async def enqueue() -> None:
    async with app.open_async():
        rows = await app.connector.execute_query_all_async(
            "select seq, message_id::text from bench_items order by seq"
        )
        await item.batch_defer_async(*rows)
        print("enqueued", flush=True)


async def work() -> None:
    global pool
    async with (
        psycopg_pool.AsyncConnectionPool(
            "", min_size=CONCURRENCY, max_size=CONCURRENCY, kwargs={"autocommit": True}
        ) as pool,
        app.open_async(),
    ):
        print("ready", flush=True)
        await app.run_worker_async(
            queues=["items"],
            concurrency=CONCURRENCY,
            delete_jobs="successful",
            fetch_job_polling_interval=1.0,
        )


async def install() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        print("installed", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PGAPPNAME", "procrastinate")
    uvloop.run({"install": install, "enqueue": enqueue, "work": work}[sys.argv[1]]())
