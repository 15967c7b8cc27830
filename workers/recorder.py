"""The recorder: one a process, it sends what all slices finish to the database together.

Results are sent a few tens of milliseconds apart in one call of `batch.record_results`, one
transaction and one round trip for all of them; sooner where no others are to come. While the
database is away they wait here, and no more work is begun once too many wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from app.database import Database
from app.database_errors import DatabaseAway, Locked, UnusableInput
from workers.meters import Meters
from workers.processors.base import Usage
from workers.providers.told import SENSELESS
from workers.results import Result, as_text

logger = logging.getLogger(__name__)

Reported = tuple[Result, Callable[[], None]]
"""A result, and whom to tell that it is recorded."""

_INTERVAL, _BUSY_INTERVAL, _MANY = 0.025, 0.05, 40
"""Seconds from one sending to the next, the longer one where there were so many results lately: a
call costs as much as thirty results, however few it carries."""
_URGENT_INTERVAL = 0.005
"""Likewise where no others are to come."""
_LATELY_SECONDS = 1.0
_LARGEST_BATCH, _MOST_CHARACTERS = 500, 4_000_000
"""What one call carries: so many results, of which the last may go past so many characters."""
_PULSE_INTERVAL = _TELL_INTERVAL = 0.25
_LONGEST_PAUSE = 2.0


class Recorder:
    """Collects results with `report` and records them until `close`.

    `on_unwanted(job_id, has_ended)` is told of jobs that the database wants no more work for,
    `on_wanted(job_id, first_seq, at)` of the worker's slices that it wants: `at` is when it was
    asked, on the monotonic clock.
    """

    def __init__(
        self,
        database: Database,
        worker_id: int,
        on_unwanted: Callable[[UUID, bool], None],
        *,
        on_wanted: Callable[[UUID, int, float], None] = lambda job_id, first_seq, at: None,
        most_waiting: int = 10_000,
        meters: Meters | None = None,
    ) -> None:
        self._database = database
        self._worker_id = worker_id
        self._on_unwanted = on_unwanted
        self._on_wanted = on_wanted
        self._most_waiting = most_waiting
        self._waiting: deque[Reported] = deque()
        self._in_hand = 0
        self._behind_locks: list[Reported] = []
        self._current: dict[UUID, str] = {}
        self._unpulsed: set[UUID] = set()
        self._something = asyncio.Event()
        self._results = asyncio.Event()
        self._reporting = 0
        self._urgent = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False
        self._meters = meters or Meters()
        self._meters.probe("backscroll_recorder_waiting_results", lambda: self.waiting)

    def report(self, result: Result, on_recorded: Callable[[], None]) -> None:
        """Takes a result; `on_recorded` is called once it is committed."""
        if not self._waiting:
            self._results.set()
            self._something.set()
        self._waiting.append((result, on_recorded))
        self._hurry_up_the_last()
        if self.waiting >= self._most_waiting:
            self._room.clear()

    def turn(self, job_id: UUID, label: str) -> None:
        """Says which item of a job is worked on now, for those who watch: they are told with the
        next results, or a quarter of a second later."""
        self._current[job_id] = label

    @contextlib.contextmanager
    def more_to_come(self) -> Iterator[None]:
        """While a slice may report results. When none does, those that wait do not wait for
        others: their slices do nothing else, and hold the room that other slices need."""
        self._reporting += 1
        try:
            yield
        finally:
            self._reporting -= 1
            self._hurry_up_the_last()

    def _hurry_up_the_last(self) -> None:
        if self._waiting and not self._reporting:
            self._urgent.set()

    async def room(self) -> None:
        """Waits while too many results wait for the database."""
        await self._room.wait()

    @property
    def waiting(self) -> int:
        """How many results wait for the database."""
        return len(self._waiting) + self._in_hand + len(self._behind_locks)

    async def run(self) -> None:
        """Records until `close` was called and nothing waits any more."""
        beside = [asyncio.create_task(each) for each in (self._pulse(), self._retry_locked())]
        lately, began = 0.0, time.monotonic()
        try:
            while not (self._closing and not self.waiting):
                await self._wait_for_something()
                await self._wait_for_results()
                if not self._closing:
                    self._something.clear()
                    self._results.clear()
                self._urgent.clear()
                last, began = began, time.monotonic()
                lately *= math.exp((last - began) / _LATELY_SECONDS)
                lately += await self._flush()
                if self._waiting:
                    self._something.set()
                    self._hurry_up_the_last()
                if len(self._waiting) < _LARGEST_BATCH:
                    interval = _BUSY_INTERVAL if lately >= _MANY else _INTERVAL
                    await self._gather(began, interval)
        finally:
            for task in beside:
                task.cancel()

    async def _gather(self, began: float, interval: float) -> None:
        """Lets more results come, so that one call carries them, while there may be more."""
        # It gives way to others in any case, as nothing else may once the recorder is to end.
        await asyncio.sleep(max(0.0, began + _URGENT_INTERVAL - time.monotonic()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(began + interval - time.monotonic()):
                await self._urgent.wait()

    async def _wait_for_something(self) -> None:
        """Results, the end, or what is worked on now while there are no results for a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TELL_INTERVAL):
                await self._something.wait()

    async def _wait_for_results(self) -> None:
        """What is in hand is told with the first results: alone, it would keep them waiting."""
        if not self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_INTERVAL):
                    await self._results.wait()

    def close(self) -> None:
        """Lets `run` end once everything reported is recorded."""
        self._closing = True
        self._urgent.set()
        self._something.set()
        self._results.set()

    async def _flush(self) -> int:
        """Records what waits, and says how many results that were."""
        batch = _next_batch(self._waiting)
        current, self._current = self._current, {}
        if not batch and not current:
            return 0
        self._in_hand = len(batch)
        began = time.monotonic()
        ended = await self._record_patiently(batch, current)
        self._meters.observe("backscroll_recorder_flush_seconds", time.monotonic() - began)
        self._in_hand = 0
        self._ended(ended)
        self._unpulsed.update(current)
        return len(batch)

    def _ended(self, batch: list[Reported]) -> None:
        """Tells those who reported these results that they are recorded."""
        for _, on_recorded in batch:
            on_recorded()
        self._unpulsed.update({result.job_id for result, _ in batch})
        self._meters.count("backscroll_recorder_results_total", len(batch))
        if self.waiting < self._most_waiting:
            self._room.set()

    async def _record_patiently(
        self, batch: list[Reported], current: dict[UUID, str]
    ) -> list[Reported]:
        """Records, however long the database is away; returns what it has recorded.

        The rest waits for somebody who holds its messages locked. Recording twice counts once.
        """
        pause = 0.1
        while True:
            try:
                await self._record_all([result for result, _ in batch], current)
                return batch
            except Locked:
                current = {}
                batch = await self._set_locked_aside(batch)
            except DatabaseAway as error:
                logger.warning("results wait for the database (%d): %s", self.waiting, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _set_locked_aside(self, batch: list[Reported]) -> list[Reported]:
        """What of `batch` nobody's lock is in the way of; the others are tried again later."""
        try:
            free, locked = await self._told_apart(batch)
        except DatabaseAway:
            return batch
        if locked:
            logger.warning(
                "results wait (%d): somebody has locked their messages or jobs in a transaction"
                " that is still open (pg_stat_activity tells who)",
                len(locked),
            )
        self._behind_locks += locked
        return free

    async def _told_apart(self, batch: list[Reported]) -> tuple[list[Reported], list[Reported]]:
        """Those in whose way no lock is just now, and those behind one. Waits for none."""
        named = [{"jobId": str(result.job_id), "seq": result.seq} for result, _ in batch]
        rows = await self._database.rows(
            "select job_id, seq from batch.items_behind_locks(%s, %s)",
            [self._worker_id, json.dumps(named)],
        )
        behind = set(rows)
        free: list[Reported] = []
        locked: list[Reported] = []
        for each in batch:
            (locked if (each[0].job_id, each[0].seq) in behind else free).append(each)
        return free, locked

    async def _retry_locked(self) -> None:
        """Tries again what was set aside, apart from all other results.

        What is still behind a lock is left out: with it, the others would wait for that lock too,
        and would hold what they have locked themselves until the call gives up.
        """
        while True:
            await asyncio.sleep(_LONGEST_PAUSE)
            if not self._behind_locks:
                continue
            with contextlib.suppress(DatabaseAway):
                free, _ = await self._told_apart(self._behind_locks.copy())
                left = deque(free)
                while batch := _next_batch(left):
                    await self._record_all([result for result, _ in batch], {})
                    ended = {id(each) for each in batch}
                    self._behind_locks = [
                        each for each in self._behind_locks if id(each) not in ended
                    ]
                    self._ended(batch)

    async def _record_all(self, results: list[Result], current: dict[UUID, str]) -> None:
        try:
            await self._record(results, current)
        except UnusableInput:
            await self._record_one_by_one(results)

    async def _record(self, results: list[Result], current: dict[UUID, str]) -> None:
        now = time.monotonic()
        rows = await self._database.rows(
            "select job_id, first_seq, has_ended from batch.record_results(%s, %s, %s)",
            [
                self._worker_id,
                as_text([result.as_json(now) for result in results]),
                json.dumps({str(job_id): label for job_id, label in current.items()}),
            ],
        )
        for job_id, first_seq, has_ended in rows:
            if first_seq is None:
                self._on_unwanted(job_id, has_ended)
            else:
                self._on_wanted(job_id, first_seq, now)

    async def _record_one_by_one(self, results: list[Result]) -> None:
        """One result that the database cannot hold must not keep out its neighbours."""
        for result in results:
            try:
                await self._record([result], {})
            except UnusableInput:
                logger.exception("item %s of job %s cannot be stored", result.seq, result.job_id)
                finished = result.finished
                refused = result.failed(
                    "internal_error", "the result could not be stored", result.usage
                )
                refused.finished = finished
                try:
                    await self._record([refused], {})
                except UnusableInput:
                    refused.usage = _unknown(refused.usage)
                    await self._record([refused], {})

    async def _pulse(self) -> None:
        """Tells progress, apart from recording: see `batch.pulse_jobs`."""
        while True:
            await asyncio.sleep(_PULSE_INTERVAL)
            if not self._unpulsed:
                continue
            try:
                told = await self._database.rows(
                    "select * from batch.pulse_jobs(%s)", [list(self._unpulsed)]
                )
            except DatabaseAway:
                continue
            self._unpulsed.difference_update(job_id for (job_id,) in told)


def _next_batch(waiting: deque[Reported]) -> list[Reported]:
    """Takes as many as one call carries from the front; none where none waits."""
    batch: list[Reported] = []
    characters = 0
    while waiting and len(batch) < _LARGEST_BATCH and characters < _MOST_CHARACTERS:
        batch.append(waiting.popleft())
        made = batch[-1][0].extraction
        characters += len(made.text) if made is not None else 0
    return batch


def _unknown(usage: Sequence[Usage]) -> Sequence[Usage]:
    """The same requests, of which nobody knows what they used: not free, but without a cost."""
    return [Usage(each.provider, each.model, input_tokens=SENSELESS) for each in usage]
