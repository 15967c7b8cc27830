"""Running slices: their items go to the processors, as many at once as there are places."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from uuid import UUID
from weakref import WeakValueDictionary

from app.database import Database
from app.database_errors import DatabaseAway, Locked
from workers.items import ItemWork
from workers.places import InHand, ItemRoom, Places
from workers.recorder import Recorder
from workers.results import Item
from workers.running import RunningSlice, RunningSlices
from workers.small_files import Ready, SmallFiles

logger = logging.getLogger(__name__)

_AT_ONCE = 250
"""Items that are read before it is asked again whether anybody still wants more."""
_MOST_ITEMS = 2_000
"""Of slices in hand, whose items end so fast that more slices would only take memory."""
_LONGEST_PAUSE = 2.0


class SliceRunner:
    """Takes slices, runs their items and gives the slices back.

    `places` says how many items may be in hand at once. A slice gets a turn of `turn_seconds`;
    what it has not begun by then goes back to the tail of the queue, so that batches take turns
    however slow their items are.
    """

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        running: RunningSlices,
        worker_id: int,
        work: ItemWork,
        *,
        small_files: SmallFiles,
        places: Places,
        turn_seconds: float = 6.0,
    ) -> None:
        self._database = database
        self._recorder = recorder
        self._running = running
        self._worker_id = worker_id
        self._work = work
        self._small_files = small_files
        self._places = places
        self._turn_seconds = turn_seconds
        self._room = ItemRoom(_MOST_ITEMS)
        self._later: set[asyncio.Task[None]] = set()
        self._backlog = 0
        self._turns: WeakValueDictionary[tuple[UUID, _Kind], asyncio.Lock] = WeakValueDictionary()

    @property
    def backlog(self) -> int:
        """How many slices in hand have items that have not begun."""
        return self._backlog

    async def run(self, job_id: UUID, first_seq: int, last_seq: int) -> None:
        """Runs one slice and gives it back, whatever happens in between."""
        with ExitStack() as waiting:
            waiting.enter_context(self._in_backlog())
            async with self._room.taken(last_seq - first_seq + 1):
                await self._run(job_id, first_seq, on_all_begun=waiting.close)

    async def _run(self, job_id: UUID, first_seq: int, *, on_all_begun: Callable[[], None]) -> None:
        # A second task for the same slice must not give away what the first has in hand.
        if self._running.has(job_id, first_seq):
            return
        # Known before it is taken: a cancel that comes between is not missed.
        with self._running.add(job_id, first_seq) as running:
            # Also by a worker that stops: so the slice comes back into the queue.
            is_taken = True
            unasked = self._work.unasked()
            running.wanted_at = time.monotonic()
            try:
                rows = await self._database.rows(
                    "select seq, content_type, mime_type, local_path, media_url, external_id,"
                    " caption, language, is_forced, is_suspect, is_alone, wanted_for_seconds"
                    " from batch.take_slice(%s, %s, %s, %s::batch.content_type[])",
                    [job_id, first_seq, self._worker_id, unasked],
                )
                now = time.monotonic()
                with self._recorder.more_to_come():
                    await self._run_items(
                        running,
                        [Item(*(*row[:-1], now - row[-1])) for row in rows],
                        unasked,
                        on_all_begun=on_all_begun,
                    )
                await running.recorded()
            except Locked as error:
                # Refused by the database itself; the sweep queues it again.
                logger.warning("slice %s of job %s waits: %s", first_seq, job_id, error)
                is_taken = False
            finally:
                # Also when taking it failed: the answer may have been lost on its way.
                if is_taken:
                    await self._give_back(job_id, first_seq)

    async def _run_items(
        self,
        running: RunningSlice,
        items: Sequence[Item],
        unasked: Sequence[str],
        *,
        on_all_begun: Callable[[], None],
    ) -> None:
        # Each kind waits for its own places: pictures in OCR hold up no documents, and slow
        # addresses no files.
        kinds: defaultdict[_Kind, list[Item]] = defaultdict(list)
        for item in items:
            kinds[_kind(item)].append(item)
        turn_ends = time.monotonic() + self._turn_seconds
        await asyncio.gather(
            *(
                self._begin_items(
                    running, group, turn_ends, may_be_unasked=group[0].content_type in unasked
                )
                for group in kinds.values()
            )
        )
        on_all_begun()
        await running.ended()

    @contextmanager
    def _in_backlog(self) -> Iterator[None]:
        self._backlog += 1
        try:
            yield
        finally:
            self._backlog -= 1

    async def _end_at_once(
        self, running: RunningSlice, items: Sequence[Item], turn_ends: float
    ) -> Sequence[Item]:
        """Ends those that take no longer than reading them; returns the others, to be begun."""
        if items[0].is_suspect or items[0].is_remote:
            return items
        left: list[Item] = []
        for first in range(0, len(items), _AT_ONCE):
            await self._recorder.room()
            if running.is_stopped or time.monotonic() > turn_ends:
                return [*left, *items[first:]]
            some = items[first : first + _AT_ONCE]
            results = await self._small_files.work_at_once(running.job_id, running.first_seq, some)
            ended = {result.seq for result in results}
            left += [item for item in some if item.seq not in ended]
            if results:
                last = next(item for item in reversed(some) if item.seq in ended)
                self._recorder.turn(running.job_id, last.label)
            for result in results:
                self._recorder.report(result, running.expect_recording())
        return left

    async def _begin_items(
        self,
        running: RunningSlice,
        items: Sequence[Item],
        turn_ends: float,
        *,
        may_be_unasked: bool,
    ) -> None:
        left = await self._end_at_once(running, items, turn_ends)
        if not left:
            return
        # Slices of a job begin one after the other, jobs beside each other. If slices shared the
        # places, they would end all at once, and leave them empty until there are others.
        async with self._turns.setdefault((running.job_id, _kind(left[0])), asyncio.Lock()):
            first = 0
            while first < len(left):
                await self._recorder.room()
                in_hand = self._places.in_hand(left[first])
                count = await in_hand.take(len(left) - first)
                # However long it waited for a place, a turn is good for one item at least.
                is_over = first > 0 and time.monotonic() > turn_ends
                if running.is_stopped or is_over:
                    in_hand.give(count)
                    return
                some = left[first : first + count]
                first += count
                are_asked = not (may_be_unasked and running.is_surely_wanted)
                running.begin(self._run_together(running, some, in_hand, are_asked=are_asked))

    async def _run_together(
        self, running: RunningSlice, items: Sequence[Item], in_hand: InHand, *, are_asked: bool
    ) -> None:
        """Gets items ready together, then runs them beside each other."""
        began = time.monotonic()
        waiting: deque[tuple[Item, Ready | None]] = deque((item, None) for item in items)
        try:
            ready = await self._small_files.prepare(running.job_id, items, are_asked=are_asked)
            waiting = deque((item, ready.get(item.seq)) for item in items)
            await asyncio.gather(
                self._run_in_turn(running, waiting, in_hand),
                self._run_beside(running, waiting, in_hand),
            )
        finally:
            for _, left in waiting:
                if left is not None:
                    left.close()
                in_hand.give()
        in_hand.ended(len(items), began)

    async def _run_in_turn(
        self, running: RunningSlice, waiting: deque[tuple[Item, Ready | None]], in_hand: InHand
    ) -> None:
        # What ends without waiting for anything is followed by the next, without a task of its own.
        while waiting:
            await self._run_item(running, *waiting.popleft(), in_hand)

    async def _run_beside(
        self, running: RunningSlice, waiting: deque[tuple[Item, Ready | None]], in_hand: InHand
    ) -> None:
        # What is left once the first of them waits for something; often nothing is.
        more = min(len(waiting), in_hand.least - 1)
        await asyncio.gather(*(self._run_in_turn(running, waiting, in_hand) for _ in range(more)))

    async def _run_item(
        self, running: RunningSlice, item: Item, ready: Ready | None, in_hand: InHand
    ) -> None:
        result = None
        try:
            result = await self._work.work(running, item, ready)
        finally:
            if result is None or not item.is_alone:
                in_hand.give()
        if result is None:
            # Its job has just been paused: the rest of the slice would fare the same.
            running.stop(None)
        elif item.is_alone:
            # Until it is recorded: the next may kill the process before that.
            self._recorder.report(result, _both(running.expect_recording(), in_hand.give))
        else:
            self._recorder.report(result, running.expect_recording())

    async def _give_back(self, job_id: UUID, first_seq: int) -> None:
        pause = 0.1
        while True:
            try:
                await self._database.value(
                    "select batch.finish_slice(%s, %s, %s)", [job_id, first_seq, self._worker_id]
                )
                return
            except Locked:
                # Its job may be locked for hours: other jobs need the place.
                later = asyncio.create_task(self._give_back_later(job_id, first_seq))
                self._later.add(later)
                later.add_done_callback(self._later.discard)
                return
            except DatabaseAway as error:
                logger.warning("slice %s of job %s waits: %s", first_seq, job_id, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _give_back_later(self, job_id: UUID, first_seq: int) -> None:
        await asyncio.sleep(_LONGEST_PAUSE)
        await self._give_back(job_id, first_seq)


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        first()
        second()

    return call


_Kind = tuple[bool, bool, str, bool]


def _kind(item: Item) -> _Kind:
    """Items of one kind wait for the same places."""
    return item.is_suspect, item.is_alone, item.content_type, item.is_remote
