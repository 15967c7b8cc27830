"""How many items may be in which stage of their work at once."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from types import TracebackType

from workers.results import Item

_FAST_SECONDS = 0.1
"""Items that end so soon may begin together: it is how long an admission counts."""
_MOST_TOGETHER = 250
_AHEAD = 4
"""One in so many is in hand beyond those that are processed: it is here, and asked about, when a
place becomes free."""
_USUALLY_IN_HAND = 32
"""Of files that are here, where fewer are processed at once: one may be what a worker dies of."""
_SUSPECT = 16
"""Items that a worker has died over, of which few were to blame: when it dies again, so many at
most are left to be tried alone."""
_ALONE_SECONDS = 30.0
_DOWNLOADING = 32
_GATHER_SECONDS = 0.005
_SMALL_SLICE = 64


class ItemRoom:
    """Bounds how many items the slices in hand have together, but never keeps a small one out."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._given = asyncio.Condition()

    @asynccontextmanager
    async def taken(self, count: int) -> AsyncIterator[None]:
        """Waits until there is room for so many items; takes it while the context lasts."""
        async with self._given:
            await self._given.wait_for(
                lambda: count <= _SMALL_SLICE or self._taken + count <= max(self._most, count)
            )
            self._taken += count
        try:
            yield
        finally:
            self._taken -= count
            async with self._given:
                self._given.notify_all()


class Company:
    """How many items are in hand, and whether another may join them."""

    def __init__(self) -> None:
        self._count = 0
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._open = asyncio.Event()
        self._open.set()
        self._opens: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether items may begin beside those in hand."""
        return self._open.is_set()

    async def opened(self) -> None:
        """Waits until they may."""
        await self._open.wait()

    def join(self, count: int) -> None:
        """Counts items as in hand."""
        self._count += count
        self._nobody.clear()

    def leave(self, count: int) -> None:
        """Counts them as ended."""
        self._count -= count
        if self._count == 0:
            self._nobody.set()

    async def close(self) -> None:
        """Lets no more items begin, and waits until those in hand have ended.

        For half a minute at most: neither what takes long beside the one that is to be alone, nor
        that one itself, holds up the whole worker for longer.
        """
        self._open.clear()
        self._opens = asyncio.get_running_loop().call_later(_ALONE_SECONDS, self.open)
        waits = [asyncio.ensure_future(each.wait()) for each in (self._nobody, self._open)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self.open()
            raise
        finally:
            for each in waits:
                each.cancel()

    def open(self) -> None:
        """Lets items begin again."""
        if self._opens is not None:
            self._opens.cancel()
            self._opens = None
        self._open.set()


class InHand:
    """The places of one kind of item, from its beginning to its end.

    There are `least`, and of items that end fast as many as end within a tenth of a second: small
    ones are then opened and asked about by the hundred. `most` bounds what a worker that dies has
    in hand.
    """

    def __init__(self, company: Company, least: int, most: int) -> None:
        self._company = company
        self.least = least
        self._most = most
        self._places = least
        self._taken = 0
        self._turn = asyncio.Lock()
        self._given = asyncio.Event()

    async def take(self, wanted: int) -> int:
        """Waits for a place; takes as many as are free, at most `wanted`, and says how many."""
        async with self._turn:
            await self._wait()
            if self._places > self.least and self._free < min(wanted, self.least):
                # A moment later there are more: going on one by one is what takes the time.
                await asyncio.sleep(_GATHER_SECONDS)
                await self._wait()
            taken = min(wanted, self._free)
            self._taken += taken
            self._company.join(taken)
            return taken

    async def _wait(self) -> None:
        while self._free <= 0 or not self._company.is_open:
            if self._free > 0:
                await self._company.opened()
            else:
                self._given.clear()
                await self._given.wait()

    @property
    def _free(self) -> int:
        return self._places - self._taken

    def give(self, count: int = 1) -> None:
        """Gives back places."""
        self._taken -= count
        self._company.leave(count)
        self._given.set()

    def ended(self, count: int, began: float) -> None:
        """Tells that `count` items which began together have ended now."""
        pace = count / max(time.monotonic() - began, 0.001)
        within = min(self._most, int(pace * _FAST_SECONDS), self._places * 4)
        self._places = max(self.least, within)
        self._given.set()


class Alone(InHand):
    """The place of an item beside which no other is in hand."""

    def __init__(self, company: Company) -> None:
        super().__init__(company, 1, 1)

    async def take(self, wanted: int) -> int:
        """Waits for the place, and until the others have ended; takes it."""
        async with self._turn:
            await self._wait()
            await self._company.close()
            self._taken = 1
            self._company.join(1)
            return 1

    def give(self, count: int = 1) -> None:
        """Gives the place back: others may begin again."""
        super().give(count)
        self._company.open()

    def ended(self, count: int, began: float) -> None:
        """There is one place, however fast its items end."""


class Stage:
    """At most `most` at once: `async with` as often and by as many as come, in their order.

    An `asyncio.Semaphore` takes as long to find a place free as some items take in all.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._turn = asyncio.Lock()
        self._given = asyncio.Event()

    async def __aenter__(self) -> None:
        if self._free == 0 or self._turn.locked():
            async with self._turn:
                while self._free == 0:
                    self._given.clear()
                    await self._given.wait()
                self._free -= 1
        else:
            self._free -= 1

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._free += 1
        self._given.set()


@asynccontextmanager
async def _both(first: Stage, second: Stage) -> AsyncIterator[None]:
    async with first, second:
        yield


class Places:
    """The places of one worker process.

    `concurrency` items may be processed at once, of each content type as many as `capacity` says
    (0: nobody could process it, so it fails at once), and some may be on their way here.
    What waits for one stage holds no place in another: slow addresses hold up no files that are
    here already, and pictures waiting for OCR hold up no documents.
    """

    def __init__(self, concurrency: int, capacity: Mapping[str, int]) -> None:
        company = Company()
        in_hand = concurrency + concurrency // _AHEAD
        self._remote: dict[str, InHand] = defaultdict(lambda: InHand(company, in_hand, in_hand))
        usual = min(concurrency, _USUALLY_IN_HAND)
        self._local = {
            content_type: InHand(
                company,
                max(usual, at_once + at_once // _AHEAD),
                max(in_hand, _MOST_TOGETHER),
            )
            for content_type, at_once in capacity.items()
        }
        suspect = min(concurrency, _SUSPECT)
        self._suspect = InHand(company, suspect, suspect)
        self._alone = Alone(company)
        self._downloading = asyncio.Semaphore(min(concurrency, _DOWNLOADING))
        self._processing = Stage(concurrency)
        self._processing_few = {
            content_type: Stage(at_once)
            for content_type, at_once in capacity.items()
            if 0 < at_once < concurrency
        }

    def in_hand(self, item: Item) -> InHand:
        """For an item from its beginning to its end, among those of its kind.

        One over which two workers have died has no other beside it: if the process dies again, it
        was that one, and none of the others is given up for it.
        """
        if item.is_alone:
            return self._alone
        if item.is_suspect:
            return self._suspect
        if item.is_remote:
            return self._remote[item.content_type]
        return self._local[item.content_type]

    def fetching(self, item: Item) -> AbstractAsyncContextManager[None]:
        """While the item's medium is on its way."""
        return self._downloading if item.is_remote else nullcontext()

    def processing(self, item: Item) -> AbstractAsyncContextManager[None]:
        """While the item is turned into text."""
        few = self._processing_few.get(item.content_type)
        return _both(few, self._processing) if few else self._processing
