"""The recorder while the database is away: what it holds is bounded."""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

from app.database import Database
from workers.recorder import Recorder
from workers.results import Result


def test_nothing_more_is_begun_while_too_many_results_wait_for_the_database(
    database_url: str,
) -> None:
    async def main() -> None:
        database = Database(database_url, "tests")
        recorder = Recorder(database, 1, lambda job_id, has_ended: None, most_waiting=3)
        running = asyncio.create_task(recorder.run())
        recorded = []
        for seq in (1, 2, 3):
            await asyncio.wait_for(recorder.room(), 20)
            result = Result(job_id=uuid4(), first_seq=1, seq=seq, started=time.monotonic())
            recorder.report(result.skipped(), lambda seq=seq: recorded.append(seq))
        beginning = asyncio.create_task(recorder.room())
        await asyncio.sleep(0)
        assert (recorder.waiting, beginning.done()) == (3, False)

        await database.open()

        await asyncio.wait_for(beginning, 20)
        recorder.close()
        await asyncio.wait_for(running, 20)
        assert recorded == [1, 2, 3]
        await database.close()

    asyncio.run(main())
