"""Courtesy: a worker that has slices waiting leaves the next to those that have none."""

from __future__ import annotations

import asyncio
from typing import Any, cast
from uuid import UUID

import pytest
from procrastinate.testing import InMemoryConnector

from app.database import Database
from tests.database import add_chat, open_sql
from workers.items import ItemWork
from workers.places import Places
from workers.recorder import Recorder
from workers.results import Item, Result
from workers.running import RunningSlice, RunningSlices
from workers.slices import SliceRunner
from workers.tasks import _Jobs


class HeldWork:
    """Its items begin, and end when they are let go."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[int] = asyncio.Queue()
        self.go = asyncio.Semaphore(0)

    def unasked(self) -> list[str]:
        return []

    async def work_at_once(self, job_id: UUID, first_seq: int, items: list[Item]) -> list[Result]:
        return []

    async def prepare(self, job_id: UUID, items: list[Item], **more: Any) -> dict[int, Any]:
        return {}

    async def work(self, running: RunningSlice, item: Item, ready: None) -> Result:
        self.begun.put_nowait(item.seq)
        await self.go.acquire()
        result = Result(running.job_id, running.first_seq, item.seq, started=0.0)
        return result.failed("no_text", "none")


def test_a_slice_is_backlog_until_all_its_items_have_begun(database_url: str) -> None:
    async def main(worker: int) -> None:
        database = Database(database_url, "tests")
        await database.open()
        running, work = RunningSlices(1, 1), HeldWork()
        recorder = Recorder(database, worker, running.stop_job)
        recording = asyncio.create_task(recorder.run())
        slices = SliceRunner(
            database,
            recorder,
            running,
            worker,
            cast(ItemWork, work),
            places=Places(1, {"image": 1}),
        )

        async def begun() -> int:
            return await asyncio.wait_for(work.begun.get(), 60)

        assert slices.backlog == 0
        whole = asyncio.create_task(slices.run(job_id, 1, 2))
        assert await begun() == 1
        assert slices.backlog == 1

        work.go.release()
        assert await begun() == 2
        assert slices.backlog == 0

        work.go.release()
        await asyncio.wait_for(whole, 60)
        assert slices.backlog == 0
        recorder.close()
        await asyncio.wait_for(recording, 60)
        await database.close()

    with open_sql(database_url) as sql:
        chat = add_chat(sql)
        chat.add_many(2)
        job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
        asyncio.run(main(sql.worker()))
        assert sql.slices(job_id) == [(1, 2, "done")]


@pytest.mark.parametrize(("backlog", "pause"), [(0, 0.0), (1, 0.0), (2, 0.01), (5, 0.04)])
def test_the_more_wait_the_longer_the_next_is_left_to_others(
    monkeypatch: pytest.MonkeyPatch, backlog: int, pause: float
) -> None:
    pauses = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("workers.tasks.asyncio.sleep", sleep)
    jobs = _Jobs(InMemoryConnector(), lambda: backlog)

    async def main() -> None:
        assert await jobs.fetch_job(["backscroll"], await jobs.register_worker()) is None

    asyncio.run(main())

    assert pauses == [pytest.approx(pause)]
