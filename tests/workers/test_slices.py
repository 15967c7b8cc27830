"""Slices in a worker that stops: they come back into the queue."""

from __future__ import annotations

import asyncio
from typing import cast

from app.database import Database
from tests.database import add_chat, open_sql
from workers.items import ItemWork
from workers.places import Places
from workers.recorder import Recorder
from workers.running import RunningSlices
from workers.slices import SliceRunner
from workers.small_files import SmallFiles


class NoWork:
    """Would fail if it was asked to work on an item."""

    def unasked(self) -> list[str]:
        return []


def test_a_slice_that_was_fetched_but_not_taken_yet_comes_back_into_the_queue(
    database_url: str,
) -> None:
    async def run_one_and_stop(worker: int) -> None:
        database = Database(database_url, "tests")
        await database.open()
        running = RunningSlices(1, 1)
        slices = SliceRunner(
            database,
            Recorder(database, worker, running.stop_job),
            running,
            worker,
            cast(ItemWork, NoWork()),
            small_files=cast(SmallFiles, NoWork()),
            places=Places(4, {"image": 4}),
        )
        running.stop_all()
        await asyncio.wait_for(slices.run(job_id, 1, 5), 20)
        await database.close()

    tasks = "select task_name, args ->> 'first_seq' from procrastinate.procrastinate_jobs"
    with open_sql(database_url) as sql:
        chat = add_chat(sql)
        chat.add_many(5)
        job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
        sql.run("delete from procrastinate.procrastinate_jobs")  # as fetched, and then ended

        asyncio.run(run_one_and_stop(sql.worker()))

        assert sql.slices(job_id) == [(1, 5, "queued")]
        assert sql.rows(tasks) == [("process_slice", "1")]
