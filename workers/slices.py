"""Running slices: their items go to the processors, as many at once as there are places."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from itertools import groupby
from uuid import UUID

from app.database import Database, DatabaseAway
from workers.recorder import Recorder
from workers.results import Item, Result

logger = logging.getLogger(__name__)

Work = Callable[[UUID, int, Item], Awaitable[Result]]

_LONGEST_PAUSE = 2.0


class SliceRunner:
    """Takes slices, runs their items and gives the slices back.

    `places` says how many items of each content type may be in hand at once, `concurrency` how
    many in all. A slice gets a turn of `turn_seconds`; what it has not begun by then goes back
    to the tail of the queue, so that batches take turns however slow their items are.
    """

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        worker_id: int,
        work: Work,
        *,
        concurrency: int,
        places: Mapping[str, int],
        cancel_grace: float,
        stop_grace: float,
        turn_seconds: float = 6.0,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._worker_id = worker_id
        self._work = work
        self._in_all = asyncio.Semaphore(concurrency)
        self._of_type = {kind: asyncio.Semaphore(max(1, n)) for kind, n in places.items()}
        self._cancel_grace = cancel_grace
        self._stop_grace = stop_grace
        self._turn_seconds = turn_seconds
        self._running: dict[UUID, set[_Run]] = {}
        self._is_stopping = False

    def stop_job(self, job_id: UUID, has_ended: bool) -> None:
        """Begins no further item of a job; if it has ended, items in hand get the grace."""
        for run in self._running.get(job_id, set()):
            run.stop(self._cancel_grace if has_ended else None)

    def stop(self) -> None:
        """Begins no further item at all; items in hand get the worker's grace."""
        self._is_stopping = True
        for runs in self._running.values():
            for run in runs:
                run.stop(self._stop_grace)

    async def run(self, job_id: UUID, first_seq: int) -> None:
        """Runs one slice and gives it back, whatever happens in between."""
        if self._is_stopping:
            return
        # Known before it is taken: a cancel that comes between is not missed.
        run = _Run()
        self._running.setdefault(job_id, set()).add(run)
        try:
            rows = await self._database.rows(
                "select * from batch.take_slice(%s, %s, %s)", [job_id, first_seq, self._worker_id]
            )
            await self._run_items(run, job_id, first_seq, [Item(*row) for row in rows])
        finally:
            # Also when taking it failed: the call may have been lost on its way back.
            await self._finish(job_id, first_seq)
            self._running[job_id].discard(run)
            if not self._running[job_id]:
                del self._running[job_id]

    async def _run_items(self, run: _Run, job_id: UUID, first_seq: int, items: list[Item]) -> None:
        # A turn for each content type, so that pictures waiting for OCR hold up no documents.
        by_type = sorted(items, key=lambda item: item.content_type)
        turn_ends = time.monotonic() + self._turn_seconds
        await asyncio.gather(
            *(
                self._begin_items(run, job_id, first_seq, kind, list(group), turn_ends)
                for kind, group in groupby(by_type, key=lambda item: item.content_type)
            )
        )
        await run.ended()

    async def _begin_items(
        self,
        run: _Run,
        job_id: UUID,
        first_seq: int,
        content_type: str,
        items: list[Item],
        turn_ends: float,
    ) -> None:
        of_type = self._of_type[content_type]
        for place, item in enumerate(items):
            await self._recorder.room()
            await of_type.acquire()
            await self._in_all.acquire()
            # However long it waited for a place, a turn is good for one item at least.
            is_over = place > 0 and time.monotonic() > turn_ends
            if run.is_stopped or self._is_stopping or is_over:
                self._in_all.release()
                of_type.release()
                return
            self._recorder.begin(job_id, item.label)
            run.begin(self._run_item(run, job_id, first_seq, item, of_type))

    async def _run_item(
        self, run: _Run, job_id: UUID, first_seq: int, item: Item, of_type: asyncio.Semaphore
    ) -> None:
        try:
            result = await self._work(job_id, first_seq, item)
        finally:
            self._in_all.release()
            of_type.release()
        self._recorder.report(result, run.expect_recording())

    async def _finish(self, job_id: UUID, first_seq: int) -> None:
        pause = 0.1
        while True:
            try:
                await self._database.value(
                    "select batch.finish_slice(%s, %s, %s)", [job_id, first_seq, self._worker_id]
                )
                return
            except DatabaseAway as error:
                logger.warning("slice %s of job %s waits: %s", first_seq, job_id, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


class _Run:
    """The items of one slice that are in hand, and the results that are not recorded yet."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._unrecorded = 0
        self._all_recorded = asyncio.Event()
        self._all_recorded.set()
        self._deadline: asyncio.TimerHandle | None = None

    def begin(self, item: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(item)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def expect_recording(self) -> Callable[[], None]:
        """Counts a result as reported; the callable counts it as recorded."""
        self._unrecorded += 1
        self._all_recorded.clear()
        return self._recorded

    def _recorded(self) -> None:
        self._unrecorded -= 1
        if self._unrecorded == 0:
            self._all_recorded.set()

    def stop(self, grace_seconds: float | None) -> None:
        """Begins nothing more; after the grace, what is still in hand is given up."""
        self.is_stopped = True
        if grace_seconds is not None and self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(grace_seconds, self._give_up)

    def _give_up(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def ended(self) -> None:
        """Waits until every item begun has ended and its result is recorded."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks)
            for task in done:
                if not task.cancelled():
                    task.result()
        if self._deadline is not None:
            self._deadline.cancel()
        await self._all_recorded.wait()
