"""What an item leaves behind: nothing that Python's collector would have to look for."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest

from app.database import Database
from workers.admission import Admission, Admitted
from workers.fetching import MediaFetcher
from workers.items import ItemWork
from workers.places import Places
from workers.processors.base import Extraction, Medium, ProcessingFailed
from workers.processors.registry import Registry
from workers.providers.errand import Errand, current_errand
from workers.results import Item, Result
from workers.running import RunningSlice
from workers.small_files import SmallFiles

End = Callable[[], Awaitable[Extraction]]


async def with_a_text() -> Extraction:
    return Extraction(text="some text", provider="local", model="test")


async def after_asking() -> Extraction:
    await current_errand().begin()
    return await with_a_text()


async def with_a_failure() -> Extraction:
    raise ProcessingFailed("file_unreadable", "for a test")


async def with_another_format() -> Extraction:
    raise ProcessingFailed("unsupported_format", "for a test")


class Ending:
    """Ends every item in one way."""

    def __init__(self, end: End) -> None:
        self._end = end

    async def process(self, medium: Medium) -> Extraction:
        return await self._end()

    async def close(self) -> None:
        """Holds nothing."""


class Admits:
    """Lets everything begin."""

    async def admit(self, *_: object) -> Admitted:
        return Admitted(None, asyncio.get_running_loop().time())


def of_items() -> list[object]:
    """What there is of items in this process."""
    return [each for each in gc.get_objects() if isinstance(each, Errand | Result | Medium)]


@pytest.mark.parametrize("are_asked", [True, False])
@pytest.mark.parametrize("end", [with_a_text, after_asking, with_a_failure, with_another_format])
def test_an_item_that_has_ended_is_gone_at_once(end: End, are_asked: bool, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("some bytes")

    async def work_on_three() -> list[str]:
        processing = Registry({"document": [Ending(end)]})
        admission = cast(Admission, Admits())
        fetcher = MediaFetcher(tmp_path, 1, 1.0)
        work = ItemWork(
            cast(Database, None),
            fetcher,
            processing,
            admission,
            Places(4, {"document": 2}),
            worker_id=1,
        )
        running = RunningSlice(uuid4(), 1)
        running.wanted_at = float("inf")
        items = [
            Item(seq, "document", "text/plain", "a.txt", None, "x", None, None) for seq in range(3)
        ]
        small = SmallFiles(fetcher, processing, admission)
        ready = {} if are_asked else await small.prepare(running.job_id, items, are_asked=False)
        results = [await work.work(running, item, ready.get(item.seq)) for item in items]
        return [str(result and result.error_code) for result in results]

    gc.disable()
    try:
        before = of_items()
        ended = asyncio.run(work_on_three())
        left = [each for each in of_items() if not any(each is other for other in before)]
    finally:
        gc.enable()

    assert len(set(ended)) == 1
    assert left == []
