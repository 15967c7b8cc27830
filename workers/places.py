"""How many items may be in which stage of their work at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from workers.results import Item


class Places:
    """The places of one worker process.

    `concurrency` items may be processed at once, of each content type as many as `capacity` says
    (0: nobody could process it, so it fails at once), and as many again may be on their way here.
    What waits for one stage holds no place in another: slow addresses hold up no files that are
    here already, and pictures waiting for OCR hold up no documents.
    """

    def __init__(self, concurrency: int, capacity: Mapping[str, int]) -> None:
        self._in_hand: dict[tuple[str, bool], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(concurrency)
        )
        self._suspect = asyncio.Semaphore(1)
        self._downloading = asyncio.Semaphore(concurrency)
        self._processing = asyncio.Semaphore(concurrency)
        self._of_type = {
            content_type: asyncio.Semaphore(at_once or concurrency)
            for content_type, at_once in capacity.items()
        }

    def in_hand(self, item: Item) -> asyncio.Semaphore:
        """For an item from its beginning to its end, among those of its kind.

        Of the suspect there is one at a time: if the process dies again, it was that one, and
        none of the others is blamed a second time.
        """
        if item.is_suspect:
            return self._suspect
        return self._in_hand[item.content_type, item.is_remote]

    @asynccontextmanager
    async def fetching(self, item: Item) -> AsyncIterator[None]:
        """While the item's medium is on its way."""
        if item.is_remote:
            async with self._downloading:
                yield
        else:
            yield

    @asynccontextmanager
    async def processing(self, item: Item) -> AsyncIterator[None]:
        """While the item is turned into text."""
        async with self._of_type[item.content_type], self._processing:
            yield
