"""Working on one item: fetch its medium, ask whether it may be worked on, and process it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from uuid import UUID

from app.database import Database, DatabaseAway
from workers.admission import Admission, MadeMeanwhile, NotAdmitted, Question, sha256_of
from workers.fetching import MediaFetcher
from workers.places import Places
from workers.processors.base import Extraction, Medium, ProcessingFailed, ProvidersAway, Usage
from workers.results import Item, Result

logger = logging.getLogger(__name__)


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
        language: str | None = None,
    ) -> None:
        """`language` is for items of jobs that name none; None: detected."""
        self._database = database
        self._fetcher = fetcher
        self._processing = processing
        self._admission = admission
        self._places = places
        self._language = language
        self._billed_before: dict[tuple[UUID, int], tuple[Usage, ...]] = {}

    async def work(
        self, job_id: UUID, first_seq: int, item: Item, is_wanted: Callable[[], bool]
    ) -> Result | None:
        """The item's result, also when something went wrong with it. None: not now.

        `is_wanted` is asked once more when its turn to be processed has come.
        """
        result = Result(job_id=job_id, first_seq=first_seq, seq=item.seq, started=time.monotonic())
        billed_before = self._billed_before.pop((job_id, item.seq), ())
        try:
            return await self._make(result, item, billed_before, is_wanted)
        except MadeMeanwhile:
            return result.skipped()
        except ProcessingFailed as failure:
            return result.failed(failure.code, failure.message, (*billed_before, *failure.usage))
        except ProvidersAway as away:
            if billed := (*billed_before, *away.usage):
                self._billed_before[job_id, item.seq] = billed
            await self._hold(job_id, away.reason)
        except NotAdmitted:
            pass
        except Exception:
            logger.exception("item %d of job %s met a defect", item.seq, job_id)
            return result.failed(
                "internal_error", "a defect of Backscroll; see the worker's log", billed_before
            )
        return None

    async def _make(
        self,
        result: Result,
        item: Item,
        billed_before: Sequence[Usage],
        is_wanted: Callable[[], bool],
    ) -> Result:
        async with AsyncExitStack() as held:
            async with self._places.fetching(item):
                path = await held.enter_async_context(self._fetcher.fetch(item))
            await held.enter_async_context(self._places.processing(item))
            if not is_wanted():
                raise NotAdmitted
            medium = _medium(item, path, item.language or self._language)
            sha256 = await asyncio.to_thread(sha256_of, path)
            # Asked last of all: what was cancelled while it waited does not begin.
            made = await self._admission.admit(
                Question(
                    job_id=result.job_id,
                    seq=item.seq,
                    sha256=sha256,
                    content_type=item.content_type,
                    language=medium.language,
                    models=self._processing.models(item.content_type),
                    is_forced=item.is_forced,
                    may_use=await self._processing.may_use(medium),
                )
            )
            # What it waited for is not what it took.
            begun = replace(
                result,
                started=time.monotonic(),
                sha256=sha256,
                asked_language=medium.language,
                is_reused=made is not None,
            )
            try:
                extraction = made or await self._processing.process(medium)
            except ProcessingFailed as failure:
                return begun.failed(failure.code, failure.message, (*billed_before, *failure.usage))
            return begun.processed(extraction, (*billed_before, *extraction.usage))

    async def _hold(self, job_id: UUID, reason: str) -> None:
        logger.warning("job %s is paused: %s", job_id, reason)
        try:
            await self._database.value(
                "select batch.hold_job(%s, 'providers', %s)", [job_id, reason]
            )
        except DatabaseAway as error:
            # The item is taken up again, and finds the same.
            logger.warning("the pause of job %s waits for the database: %s", job_id, error)


def _medium(item: Item, path: Path, language: str | None) -> Medium:
    return Medium(
        path=path,
        content_type=item.content_type,
        mime_type=item.mime_type,
        file_name=item.label,
        caption=item.caption,
        language=language,
    )
