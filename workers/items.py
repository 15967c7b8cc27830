"""Working on one item: fetch its medium, ask whether it may be worked on, and process it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from app.database import Database, DatabaseAway
from workers.admission import Admission, MadeMeanwhile, NotAdmitted, Question, sha256_of
from workers.fetching import MediaFetcher
from workers.places import Places
from workers.processors.base import Extraction, Medium, ProcessingFailed, ProvidersAway, Usage
from workers.providers.errand import errand
from workers.results import Item, Result, usage_json

logger = logging.getLogger(__name__)

_ADMITTED_SECONDS = 0.1
"""So long an admission counts. Asked anew for every item only when its turn has come, a place would
be empty for the time of a round trip, which is more than a small file takes."""

_LONGEST_PAUSE = 2.0


class MediaProcessing(Protocol):
    """Turns media of every content type into text, and says whom it would ask."""

    async def process(self, medium: Medium) -> Extraction:
        """As `Processor.process`."""
        ...

    async def close(self) -> None: ...

    def models(self, content_type: str) -> Sequence[str]:
        """The providers' models whose text would do, in order; none for work done here."""
        ...

    def providers(self, content_type: str) -> Sequence[tuple[str, str]]:
        """The (provider, model) pairs that would be asked, in order."""
        ...

    async def may_use(self, medium: Medium) -> Sequence[Usage]:
        """The most that processing can use with each provider that may be asked instead of
        another; empty if nobody is paid. Raises ProcessingFailed as `process`."""
        ...


class ItemWork:
    """Makes results of items. What cannot be worked on now gets none, and its job is paused."""

    def __init__(
        self,
        database: Database,
        fetcher: MediaFetcher,
        processing: MediaProcessing,
        admission: Admission,
        places: Places,
        *,
        worker_id: int,
        language: str | None = None,
    ) -> None:
        """`language` is for items of jobs that name none; None: detected."""
        self._database = database
        self._fetcher = fetcher
        self._processing = processing
        self._admission = admission
        self._places = places
        self._worker_id = worker_id
        self._language = language

    async def work(
        self, job_id: UUID, first_seq: int, item: Item, is_wanted: Callable[[], bool]
    ) -> Result | None:
        """The item's result, also when something went wrong with it. None: not now.

        `is_wanted` is asked once more when its turn to be processed has come.
        """
        result = Result(job_id=job_id, first_seq=first_seq, seq=item.seq, started=time.monotonic())
        with errand(item.wanted_since) as asked:
            try:
                return await self._make(result, item, is_wanted)
            except MadeMeanwhile:
                return result.skipped()
            except ProcessingFailed as failure:
                return result.failed(failure.code, failure.message, failure.usage)
            except ProvidersAway as away:
                logger.warning("job %s is paused: %s", job_id, away.reason)
                await self._give_up(result, away.usage, away.reason)
            except NotAdmitted:
                pass
            except asyncio.CancelledError:
                if asked.billed:
                    await self._give_up(result, asked.billed, None)
                raise
            except Exception:
                logger.exception("item %d of job %s met a defect", item.seq, job_id)
                said = "a defect of Backscroll; see the worker's log"
                return result.failed("internal_error", said, asked.billed)
        return None

    async def _make(
        self,
        result: Result,
        item: Item,
        is_wanted: Callable[[], bool],
    ) -> Result:
        async with AsyncExitStack() as held:
            async with self._places.fetching(item):
                path = await held.enter_async_context(self._fetcher.fetch(item))
            medium = _medium(item, path, item.language or self._language)
            sha256 = await asyncio.to_thread(sha256_of, path)
            question = Question(
                job_id=result.job_id,
                seq=item.seq,
                sha256=sha256,
                content_type=item.content_type,
                language=medium.language,
                models=self._processing.models(item.content_type),
                is_forced=item.is_forced,
                may_use=await self._processing.may_use(medium),
            )
            made = await self._admission.admit(question, is_wanted)
            asked = time.monotonic()
            await held.enter_async_context(self._places.processing(item))
            if not is_wanted():
                raise NotAdmitted
            if time.monotonic() - asked > _ADMITTED_SECONDS:
                # What was cancelled while it waited for its place does not begin.
                made = await self._admission.admit(question, is_wanted)
            # What it waited for is not what it took.
            begun = replace(
                result,
                started=time.monotonic(),
                sha256=sha256,
                asked_language=medium.language,
                medium_bytes=path.stat().st_size,
                is_reused=made is not None,
            )
            try:
                extraction = made or await self._processing.process(medium)
            except ProcessingFailed as failure:
                return begun.failed(failure.code, failure.message, failure.usage)
            return begun.processed(extraction, extraction.usage)

    async def _give_up(self, result: Result, usage: Sequence[Usage], reason: str | None) -> None:
        """Keeps what was billed for an item without a result, however long the database is away.

        With a reason, its job is paused.
        """
        report, pause = uuid4(), 0.1
        while True:
            try:
                await self._database.value(
                    "select batch.give_up_item(%s, %s, %s, %s, %s, %s, %s)",
                    [
                        self._worker_id,
                        result.job_id,
                        result.first_seq,
                        result.seq,
                        report,
                        json.dumps([usage_json(each) for each in usage]),
                        reason,
                    ],
                )
                return
            except DatabaseAway as error:
                logger.warning("item %d of job %s waits: %s", result.seq, result.job_id, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


def _medium(item: Item, path: Path, language: str | None) -> Medium:
    return Medium(
        path=path,
        content_type=item.content_type,
        mime_type=item.mime_type,
        file_name=item.label,
        caption=item.caption,
        language=language,
    )
