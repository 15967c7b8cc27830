"""The same items as PgQueuer jobs: `python pgqueuer_peer.py install|enqueue|work`.

As its documentation has it for throughput: asyncpg and uvloop, large batches (jobs are fetched and
marked as done by the batch), and no limit of concurrency in SQL. What a job writes, it writes in
one round trip over a pool.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries

BATCH = int(os.environ.get("BENCH_BATCH", "100"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "16"))
TEXT = "a" * 200
JOB = "00000000-0000-0000-0000-000000000001"
ITEM = (Path(__file__).parent / "item.sql").read_text()


async def install() -> None:
    connection = await asyncpg.connect()
    await Queries.from_asyncpg_connection(connection).install()
    print("installed", flush=True)
    await connection.close()


async def enqueue() -> None:
    connection = await asyncpg.connect()
    rows = await connection.fetch("select seq, message_id::text from bench_items order by seq")
    async with connection.transaction():
        await Queries.from_asyncpg_connection(connection).enqueue(
            ["item"] * len(rows),
            [f"{row['seq']} {row['message_id']}".encode() for row in rows],
            [0] * len(rows),
        )
    print("enqueued", flush=True)
    await connection.close()


async def work() -> None:
    async with asyncpg.create_pool(min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        connection = await asyncpg.connect()
        queue = PgQueuer.from_asyncpg_connection(connection)

        @queue.entrypoint("item")  # type: ignore[untyped-decorator]
        async def item(job: Job) -> None:
            seq, message_id = (job.payload or b"").decode().split()
            await pool.execute(ITEM, int(seq), message_id, TEXT, JOB)

        print("ready", flush=True)
        await queue.run(batch_size=BATCH, dequeue_timeout=timedelta(seconds=1))


if __name__ == "__main__":
    uvloop.run({"install": install, "enqueue": enqueue, "work": work}[sys.argv[1]]())
