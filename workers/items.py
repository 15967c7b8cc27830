"""Working on one item: fetch its medium, ask whether it may be worked on, and process it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from app.database import Database
from app.database_errors import DatabaseAway
from workers.admission import (
    Admission,
    Answer,
    MadeMeanwhile,
    NotAdmitted,
    Question,
    question_about,
    sha256_of,
)
from workers.fetching import MediaFetcher
from workers.media_processing import MediaProcessing, medium_of
from workers.pace import Pace, is_quick
from workers.places import Places
from workers.processors.base import (
    Extraction,
    Medium,
    ProcessingFailed,
    ProvidersAway,
    Usage,
)
from workers.providers.errand import Errand, NotWanted, current_errand
from workers.results import Item, Result, usage_json
from workers.running import RunningSlice
from workers.small_files import Ready

logger = logging.getLogger(__name__)

_ADMITTED_SECONDS = 0.1
"""So long an admission counts. Asked anew for every item only when its turn has come, a place would
be empty for the time of a round trip, which is more than a small file takes."""

_LONGEST_PAUSE = 2.0


@dataclass(slots=True)
class _Admitted:
    """What was said to a question, and when; without one nobody needed to be asked so far."""

    digest: Callable[[], str]
    """Reads the medium: see `sha256_of`."""
    question: Question | None = None
    made: Extraction | None = None
    asked: float = float("-inf")


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
        on_turn: Callable[[UUID, str], None] = lambda job_id, label: None,
    ) -> None:
        """`language` is for items of jobs that name none; None: detected.

        `on_turn(job_id, label)` is told of each item when it is fetched, and when it is processed.
        """
        self._database = database
        self._fetcher = fetcher
        self._processing = processing
        self._admission = admission
        self._places = places
        self._worker_id = worker_id
        self._language = language
        self._on_turn = on_turn
        self._pace = Pace()

    def unasked(self) -> list[str]:
        """The content types of which small files end sooner than they could be asked about."""
        return [each for each in self._pace.quick() if self._processing.is_free(each)]

    async def work(
        self, running: RunningSlice, item: Item, ready: Ready | None = None
    ) -> Result | None:
        """The result of an item of the slice, also when something went wrong. None: not now.

        Whether the slice is still wanted is looked at once more when the item's turn to be
        processed has come. `ready` is what `prepare` gave for it; it is closed in the end.
        """
        job_id = running.job_id
        result = Result(
            job_id=job_id,
            first_seq=running.first_seq,
            seq=item.seq,
            started=time.monotonic(),
        )
        with Errand(item.wanted_since, lambda: not running.is_stopped) as asked:
            try:
                return await self._make(result, running, item, ready)
            except ProcessingFailed as failure:
                return result.failed(failure.code, failure.message, failure.usage)
            except ProvidersAway as away:
                logger.warning("job %s is paused: %s", job_id, away.reason)
                await self._give_up(result, away.usage, away.reason)
            except (NotWanted, MadeMeanwhile) as reason:
                if asked.billed:
                    await self._give_up(result, asked.billed, None)
                elif isinstance(reason, MadeMeanwhile):
                    return result.skipped()
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
        running: RunningSlice,
        item: Item,
        ready: Ready | None,
    ) -> Result:
        if ready is not None:
            try:
                medium = medium_of(item, ready.file.path, item.language or self._language)
                admitted = _Admitted(ready.digest)
                result.is_unasked = ready.question is None
                if ready.question is not None:
                    await self._ask(result, admitted, ready.question, ready.answer)
                result.medium_bytes = ready.file.size
                await self._process(result, running, item, medium, admitted)
                if not result.is_reused:
                    self._pace.ended(item.content_type, result)
                if result.is_unasked and not is_quick(result):
                    # It took long or cost something all the same: the next is given its text. Read
                    # here, for a text that may be paid for is not to be lost by waiting.
                    with suppress(OSError):
                        _remember(result, ready.digest(), medium)
                _forget_changed(result, medium.path, ready.file.changed_ns)
                return result
            finally:
                ready.close()
        async with AsyncExitStack() as held:
            async with self._places.fetching(item):
                self._on_turn(result.job_id, item.label)
                path = await held.enter_async_context(self._fetcher.fetch(item))
            facts = path.stat()
            medium = medium_of(item, path, item.language or self._language)
            admitted = _Admitted(partial(sha256_of, path))
            await self._ask_about(result, admitted, item, medium)
            result.medium_bytes = facts.st_size
            await self._process(result, running, item, medium, admitted)
            _forget_changed(result, path, facts.st_mtime_ns)
            return result

    async def _ask_about(
        self, result: Result, admitted: _Admitted, item: Item, medium: Medium
    ) -> None:
        """Asks, also once more. Raises as `Admission.admit` and `MediaProcessing.may_use`."""
        question = admitted.question
        if question is None:
            sha256 = await asyncio.to_thread(admitted.digest)
            may_use = await self._processing.may_use(medium)
            question = question_about(
                result.job_id,
                item,
                sha256,
                language=medium.language,
                models=self._processing.models(item.content_type),
                may_use=may_use,
            )
        await self._ask(result, admitted, question)

    async def _ask(
        self, result: Result, admitted: _Admitted, question: Question, answer: Answer | None = None
    ) -> None:
        """Raises as `Admission.admit`."""
        admitted.made, admitted.asked = await self._admission.admit(
            question, current_errand().is_wanted, answer
        )
        admitted.question = question
        result.is_unasked = False

    async def _process(
        self,
        result: Result,
        running: RunningSlice,
        item: Item,
        medium: Medium,
        admitted: _Admitted,
    ) -> None:
        on_errand = current_errand()
        # Not by way of the errand, which holds `confirm_request`: in a circle all that belongs to
        # the item would stay until Python looks for such.
        is_wanted = on_errand.is_wanted

        async def confirm() -> None:
            """What was cancelled while it waited for its turn does not begin.

            What an admission has reserved and claimed stays so while this worker holds the slice,
            so that the answer to anything recorded meanwhile says as much as a new one.
            """
            while is_wanted():
                if admitted.question is not None:
                    known_at = max(admitted.asked, running.wanted_at)
                    if time.monotonic() - known_at <= _ADMITTED_SECONDS:
                        return
                # It costs nothing, ends at once, and is judged when it is recorded.
                elif running.is_surely_wanted:
                    return
                # Also once more, where others took all the time since the answer came.
                await self._ask_about(result, admitted, item, medium)
            raise NotAdmitted

        async def confirm_request() -> None:
            if admitted.question is None:
                await self._ask_about(result, admitted, item, medium)
            await confirm()
            if admitted.made is not None:
                raise NotWanted

        async with self._places.processing(item):
            await confirm()
            self._on_turn(result.job_id, medium.file_name or item.label)
            on_errand.confirm = confirm_request
            # What it waited for is not what it took.
            result.started = time.monotonic()
            try:
                extraction = admitted.made or await self._processing.process(medium)
            except NotWanted:
                # Before a request it turned out that somebody has made its text by now. What was
                # billed for another request beside that one is to be kept first.
                if admitted.made is None or on_errand.billed:
                    raise
                extraction = admitted.made
            result.is_reused = extraction is admitted.made
            if admitted.question is not None:
                _remember(result, admitted.question.sha256, medium)
            result.processed(extraction, extraction.usage)

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


def _remember(result: Result, sha256: str, medium: Medium) -> None:
    """Lets the text be found by the bytes of its medium."""
    result.sha256, result.asked_language = sha256, medium.language


def _forget_changed(result: Result, path: Path, changed_ns: int) -> None:
    """No text is remembered by other bytes than those that it was made of, as far as is known."""
    if result.sha256 is None:
        return
    try:
        now = path.stat()
        is_as_it_was = (now.st_size, now.st_mtime_ns) == (result.medium_bytes, changed_ns)
    except OSError:
        is_as_it_was = False
    if not is_as_it_was:
        result.sha256 = None
