"""How many items may be in which stage of their work at once."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from types import TracebackType

from workers.results import Item

_FAST_SECONDS = 0.1
"""Items that end so soon may begin together: it is how long an admission counts."""
_MOST_TOGETHER = 500
_USUALLY_IN_HAND = 32
"""Of files that are here, where fewer are processed at once: one may be what a worker dies of."""
_DOWNLOADING = 32
_GATHER_SECONDS = 0.005


class InHand:
    """The places of one kind of item, from its beginning to its end.

    There are `least`, and of items that end fast as many as end within a tenth of a second: small
    ones are then opened and asked about by the hundred. `most` bounds what a worker that dies has
    in hand.
    """

    def __init__(self, least: int, most: int) -> None:
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
            return taken

    async def _wait(self) -> None:
        while self._free <= 0:
            self._given.clear()
            await self._given.wait()

    @property
    def _free(self) -> int:
        return self._places - self._taken

    def give(self, count: int = 1) -> None:
        """Gives back places."""
        self._taken -= count
        self._given.set()

    def ended(self, count: int, began: float) -> None:
        """Tells that `count` items which began together have ended now."""
        pace = count / max(time.monotonic() - began, 0.001)
        within = min(self._most, int(pace * _FAST_SECONDS), self._places * 4)
        self._places = max(self.least, within)
        self._given.set()


class _Both:
    """Two semaphores, taken in this order: `async with` as often and by as many as come."""

    def __init__(self, first: asyncio.Semaphore, second: asyncio.Semaphore) -> None:
        self._first, self._second = first, second

    async def __aenter__(self) -> None:
        await self._first.acquire()
        try:
            await self._second.acquire()
        except BaseException:
            self._first.release()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._second.release()
        self._first.release()


class Places:
    """The places of one worker process.

    `concurrency` items may be processed at once, of each content type as many as `capacity` says
    (0: nobody could process it, so it fails at once), and some may be on their way here.
    What waits for one stage holds no place in another: slow addresses hold up no files that are
    here already, and pictures waiting for OCR hold up no documents.
    """

    def __init__(self, concurrency: int, capacity: Mapping[str, int]) -> None:
        self._remote: dict[str, InHand] = defaultdict(lambda: InHand(concurrency, concurrency))
        usual = min(concurrency, _USUALLY_IN_HAND)
        self._local = {
            content_type: InHand(max(usual, at_once), max(concurrency, _MOST_TOGETHER))
            for content_type, at_once in capacity.items()
        }
        self._suspect = InHand(1, 1)
        self._downloading = asyncio.Semaphore(min(concurrency, _DOWNLOADING))
        processing = asyncio.Semaphore(concurrency)
        self._processing = {
            content_type: _Both(asyncio.Semaphore(at_once or concurrency), processing)
            for content_type, at_once in capacity.items()
        }

    def in_hand(self, item: Item) -> InHand:
        """For an item from its beginning to its end, among those of its kind.

        Of the suspect there is one at a time: if the process dies again, it was that one, and
        none of the others is blamed a second time.
        """
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
        return self._processing[item.content_type]
