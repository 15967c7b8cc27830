"""Courtesy: a worker that has slices waiting leaves the next to those that have none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import pytest
from procrastinate.testing import InMemoryConnector

from app.database import Database
from tests.database import Sql, add_chat, open_sql
from workers.items import ItemWork
from workers.places import Company, InHand, Places
from workers.recorder import Recorder
from workers.results import Item, Result
from workers.running import RunningSlice, RunningSlices
from workers.slices import SliceRunner
from workers.small_files import SmallFiles
from workers.tasks import _Jobs


class OnePlace(Places):
    """For one item, however fast it ends."""

    def __init__(self) -> None:
        super().__init__(1, {"image": 1})
        self._place = InHand(Company(), 1, 1)

    def in_hand(self, item: Item) -> InHand:
        return self._place


class HeldWork:
    """Its items begin, and end when they are let go."""

    def __init__(self) -> None:
        self._begun: asyncio.Queue[tuple[UUID, int]] = asyncio.Queue()
        self.seen: asyncio.Queue[int] = asyncio.Queue()
        self.go = asyncio.Semaphore(0)

    async def begun(self) -> tuple[UUID, int]:
        """The next item that has begun."""
        return await asyncio.wait_for(self._begun.get(), 60)

    def unasked(self) -> list[str]:
        return []

    async def work_at_once(self, job_id: UUID, first_seq: int, items: list[Item]) -> list[Result]:
        self.seen.put_nowait(first_seq)
        return []

    async def prepare(self, job_id: UUID, items: list[Item], **more: Any) -> dict[int, Any]:
        return {}

    async def work(self, running: RunningSlice, item: Item, ready: None) -> Result:
        self._begun.put_nowait((running.job_id, item.seq))
        await self.go.acquire()
        result = Result(running.job_id, running.first_seq, item.seq, started=0.0)
        return result.failed("no_text", "none")


@asynccontextmanager
async def one_at_a_time(
    database_url: str, worker: int
) -> AsyncIterator[tuple[SliceRunner, HeldWork]]:
    """Runs slices with a place for one item."""
    database = Database(database_url, "tests")
    await database.open()
    running, work = RunningSlices(1, 1), HeldWork()
    recorder = Recorder(database, worker, running.stop_job)
    recording = asyncio.create_task(recorder.run())
    yield (
        SliceRunner(
            database,
            recorder,
            running,
            worker,
            cast(ItemWork, work),
            small_files=cast(SmallFiles, work),
            places=OnePlace(),
        ),
        work,
    )
    recorder.close()
    await asyncio.wait_for(recording, 60)
    await database.close()


def planned(sql: Sql, items: int) -> UUID:
    chat = add_chat(sql)
    chat.add_many(items)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def test_a_slice_is_backlog_until_all_its_items_have_begun(database_url: str) -> None:
    async def main(worker: int) -> None:
        async with one_at_a_time(database_url, worker) as (slices, work):
            assert slices.backlog == 0
            whole = asyncio.create_task(slices.run(job_id, 1, 2))
            assert await work.begun() == (job_id, 1)
            assert slices.backlog == 1

            work.go.release()
            assert await work.begun() == (job_id, 2)
            assert slices.backlog == 0

            work.go.release()
            await asyncio.wait_for(whole, 60)
            assert slices.backlog == 0

    with open_sql(database_url) as sql:
        job_id = sql.in_one_slice(planned(sql, 2))
        asyncio.run(main(sql.worker()))
        assert sql.slices(job_id) == [(1, 2, "done")]


def test_slices_of_one_job_begin_one_after_the_other_and_jobs_beside_each_other(
    database_url: str,
) -> None:
    async def main(worker: int) -> list[tuple[UUID, int]]:
        async with one_at_a_time(database_url, worker) as (slices, work):
            runs = [asyncio.create_task(slices.run(first, 1, 1))]
            await work.begun()
            for job_id, (first_seq, last_seq, _) in waiting:
                runs.append(asyncio.create_task(slices.run(job_id, first_seq, last_seq)))
            for _ in runs:
                await asyncio.wait_for(work.seen.get(), 60)
            await asyncio.sleep(0)  # until each waits for the place that the first item has

            order = []
            for _ in range(6 + 2):
                work.go.release()
                order.append(await work.begun())
            work.go.release()
            await asyncio.wait_for(asyncio.gather(*runs), 60)
            return order

    with open_sql(database_url) as sql:
        first, large, small = planned(sql, 1), planned(sql, 6), sql.in_one_slice(planned(sql, 2))
        waiting = [(job_id, each) for job_id in (large, small) for each in sql.slices(job_id)]
        assert [each[:2] for _, each in waiting] == [(1, 3), (4, 6), (1, 2)]
        order = asyncio.run(main(sql.worker()))

    of_large = [seq for job_id, seq in order if job_id == large]
    assert of_large in ([1, 2, 3, 4, 5, 6], [4, 5, 6, 1, 2, 3])
    assert [job_id for job_id, _ in order[:4]].count(small) == 2


@pytest.mark.parametrize(
    ("backlogs", "pauses"), [([0], 0), ([1, 0], 1), ([3, 2, 1, 1, 0], 4), ([1] * 50, 10)]
)
def test_while_some_wait_the_next_is_left_to_others_for_a_tenth_of_a_second(
    monkeypatch: pytest.MonkeyPatch, backlogs: list[int], pauses: int
) -> None:
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("workers.tasks.asyncio.sleep", sleep)
    waiting = iter(backlogs)
    jobs = _Jobs(InMemoryConnector(), lambda: next(waiting))

    async def main() -> None:
        assert await jobs.fetch_job(["backscroll"], await jobs.register_worker()) is None

    asyncio.run(main())

    assert slept == [0.01] * pauses
