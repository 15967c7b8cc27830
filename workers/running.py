"""The slices a worker has in hand, and how they are stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from uuid import UUID

_SURELY_SECONDS = 0.5
"""While small items end, the database is heard ten times a second."""


class RunningSlice:
    """The items of one slice that are in hand, and the results that are not recorded yet."""

    def __init__(self, job_id: UUID, first_seq: int) -> None:
        self.job_id = job_id
        self.first_seq = first_seq
        self.is_stopped = False
        self.wanted_at = float("-inf")
        """When the database last said that this worker holds it and its job is wanted, on the
        monotonic clock."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._unrecorded = 0
        self._all_recorded = asyncio.Event()
        self._all_recorded.set()
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def is_surely_wanted(self) -> bool:
        """Whether the database has said so a moment ago."""
        return not self.is_stopped and time.monotonic() - self.wanted_at < _SURELY_SECONDS

    def begin(self, item: Coroutine[None, None, None]) -> None:
        """Runs an item beside the others."""
        task = asyncio.create_task(item)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def expect_recording(self) -> Callable[[], None]:
        """Counts a result as reported; the callable counts it as recorded."""
        self._unrecorded += 1
        self._all_recorded.clear()
        return self._count_recorded

    def _count_recorded(self) -> None:
        self._unrecorded -= 1
        if self._unrecorded == 0:
            self._all_recorded.set()

    def stop(self, grace_seconds: float | None) -> None:
        """Lets nothing more begin; after the grace, what is still in hand is given up."""
        self.is_stopped = True
        if grace_seconds is not None and self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(grace_seconds, self._give_up)

    def _give_up(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def ended(self) -> None:
        """Waits until every item begun has ended."""
        while self._tasks:
            done, _ = await asyncio.wait(self._tasks)
            for task in done:
                if not task.cancelled():
                    task.result()
        if self._deadline is not None:
            self._deadline.cancel()

    async def recorded(self) -> None:
        """Waits until every result is recorded."""
        await self._all_recorded.wait()


class RunningSlices:
    """All slices in hand, so that a job or the whole worker can be stopped.

    `cancel_grace` and `stop_grace`, in seconds, are what items in hand get when their job has
    ended and when the worker stops.
    """

    def __init__(self, cancel_grace: float, stop_grace: float) -> None:
        self._cancel_grace = cancel_grace
        self._stop_grace = stop_grace
        self._slices: dict[UUID, set[RunningSlice]] = {}
        self._is_stopping = False

    def has(self, job_id: UUID, first_seq: int) -> bool:
        """Whether this process has the slice in hand already."""
        return any(each.first_seq == first_seq for each in self._slices.get(job_id, ()))

    @contextmanager
    def add(self, job_id: UUID, first_seq: int) -> Iterator[RunningSlice]:
        """A slice in hand for as long as the context lasts."""
        running = RunningSlice(job_id, first_seq)
        running.is_stopped = self._is_stopping
        slices = self._slices.setdefault(job_id, set())
        slices.add(running)
        try:
            yield running
        finally:
            slices.discard(running)
            if not slices and self._slices.get(job_id) is slices:
                del self._slices[job_id]

    def stop_job(self, job_id: UUID, has_ended: bool) -> None:
        """Lets no item of the job begin; if it has ended, items in hand get the grace."""
        for running in self._slices.get(job_id, ()):
            running.stop(self._cancel_grace if has_ended else None)

    def want(self, job_id: UUID, first_seq: int, at: float) -> None:
        """The database was asked at this time, on the monotonic clock, and wants the slice."""
        for running in self._slices.get(job_id, ()):
            if running.first_seq == first_seq:
                running.wanted_at = max(running.wanted_at, at)

    def stop_all(self) -> None:
        """Lets no item at all begin; items in hand get the worker's grace."""
        self._is_stopping = True
        for slices in self._slices.values():
            for running in slices:
                running.stop(self._stop_grace)
