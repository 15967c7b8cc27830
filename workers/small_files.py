"""Small files of a slice, opened by the hundred: one hop to a thread takes longer than a file."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from workers.admission import Admission, Answer, Question, question_about
from workers.fetching import MediaFetcher
from workers.fetching.media_folder import HeldFile
from workers.media_processing import MediaProcessing, medium_of
from workers.processors.base import Instant
from workers.results import Item, Result

READING_AT_ONCE = 2
"""More threads would only take the interpreter from each other."""
MOST_BYTES_AT_ONCE = 32_000
"""Of a medium that is not sent to a processor, but read on the way."""
MOST_BYTES_TOGETHER = 1_000_000
"""Of a medium that is opened together with others: none of them waits long for another."""
NO_PATH = Path("/dev/null")
"""Of a medium that is already read."""


@dataclass(slots=True)
class Ready:
    """A small file that was opened together with others, and then asked about with them.

    Without a question and its answer nobody was asked, since that was not needed then.
    """

    seq: int
    file: HeldFile
    question: Question | None = None
    answer: Answer | None = None

    def digest(self) -> str:
        """The digest of the file's bytes, in hex. Reads it; call it in a thread."""
        return hashlib.sha256(self.file.read()).hexdigest()

    def close(self) -> None:
        self.file.close()


class SmallFiles:
    """Reads small files together, or opens them and asks about them together."""

    def __init__(
        self,
        fetcher: MediaFetcher,
        processing: MediaProcessing,
        admission: Admission,
        *,
        language: str | None = None,
    ) -> None:
        """`language` is for items of jobs that name none; None: detected."""
        self._fetcher = fetcher
        self._processing = processing
        self._admission = admission
        self._language = language
        self._reading = asyncio.Semaphore(READING_AT_ONCE)

    async def work_at_once(
        self, job_id: UUID, first_seq: int, items: Sequence[Item]
    ) -> list[Result]:
        """The results of those items that take no longer than reading their files.

        Nobody is asked about them, and nothing claimed: see `batch.record_results`.
        """
        instant = self._processing.instant(items[0].content_type)
        if instant is None:
            return []
        async with self._reading:
            return await asyncio.to_thread(self._work_at_once, instant, job_id, first_seq, items)

    def _work_at_once(
        self, instant: Instant, job_id: UUID, first_seq: int, items: Sequence[Item]
    ) -> list[Result]:
        results = []
        started = time.monotonic()
        for item, data in self._fetcher.read_small(items, MOST_BYTES_AT_ONCE):
            medium = medium_of(item, NO_PATH, item.language or self._language)
            made = instant.at_once(medium, data)
            ended = time.monotonic()
            if made is not None:
                results.append(
                    Result(
                        job_id=job_id,
                        first_seq=first_seq,
                        seq=item.seq,
                        started=started,
                        finished=ended,
                        extraction=made,
                        medium_bytes=len(data),
                        is_unasked=True,
                    )
                )
            started = ended
        return results

    async def prepare(
        self, job_id: UUID, items: Sequence[Item], *, are_asked: bool = True
    ) -> dict[int, Ready]:
        """Opens the files of those items that are small and cost nothing, and asks about them.

        What is not in the answer is opened and asked about by itself. Whoever gets an answer
        closes it, or passes it to `ItemWork.work`. Nobody is asked unless `are_asked`: then they
        begin while their slice is surely wanted, or are asked about after all.
        """
        first = items[0]
        if (
            len(items) == 1
            or first.is_remote
            or first.is_suspect
            or not self._processing.is_free(first.content_type)
        ):
            return {}
        opening = asyncio.ensure_future(
            asyncio.to_thread(self._open_small, job_id, items, are_asked=are_asked)
        )
        try:
            opened = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)  # the thread goes on
            raise
        questions = [each.question for each in opened if each.question is not None]
        if questions:
            try:
                answers = await self._admission.ask_together(questions)
            except BaseException:
                _close_all(opened)
                raise
            for each, answer in zip(opened, answers, strict=True):
                each.answer = answer
        return {each.seq: each for each in opened}

    def _open_small(self, job_id: UUID, items: Sequence[Item], *, are_asked: bool) -> list[Ready]:
        opened: list[Ready] = []
        models = self._processing.models(items[0].content_type)
        files = self._fetcher.open_small(items, MOST_BYTES_TOGETHER)
        for item, file in zip(items, files, strict=True):
            if file is None:
                continue
            ready = Ready(item.seq, file)
            opened.append(ready)
            if are_asked:
                try:
                    ready.question = question_about(
                        job_id,
                        item,
                        ready.digest(),
                        language=item.language or self._language,
                        models=models,
                    )
                except OSError:
                    opened.pop().close()
        return opened


def _close_all(opened: Sequence[Ready]) -> None:
    for each in opened:
        each.close()


def _close_opened(opening: asyncio.Future[list[Ready]]) -> None:
    if not opening.exception():
        _close_all(opening.result())
