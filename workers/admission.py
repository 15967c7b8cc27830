"""Asking the database whether items may be worked on: texts that exist already, claims, budgets.

Items in hand ask together, a few milliseconds apart, in one call of `batch.admit_items`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from app.database import Database
from app.database_errors import DatabaseAway
from workers.processors.base import Extraction, Usage
from workers.providers.errand import NotWanted
from workers.results import Item, as_text, usage_json

logger = logging.getLogger(__name__)

_GATHER_SECONDS = 0.005
_ASK_AGAIN_SECONDS = 0.3
_MOST_AT_ONCE = 50
"""Items in one call, unless a group has more: they begin one after the other, and what is left when
their answers are too old is asked about again."""
_STALE_SECONDS = 2.0
_MOMENT_SECONDS = 0.05
"""However long an answer was on its way, so much of its age counts: it can be acted upon."""


class NotAdmitted(NotWanted):
    """The item may not be worked on: its job was cancelled or paused, its budget is spent, or
    another worker has its slice."""


class MadeMeanwhile(Exception):
    """The message has a text now: another job has made it."""


class Answer(NamedTuple):
    """A row of `batch.admit_items`, without its key."""

    verdict: str
    text: str
    model: str | None
    provider: str | None
    language: str | None
    duration: int | None
    asked: float
    """When, on the monotonic clock: not when somebody got round to reading the answer."""


class Admitted(NamedTuple):
    """It may be worked on; or, if it is `made`, its text exists already, at no cost."""

    made: Extraction | None
    asked: float
    """As of an answer."""


@dataclass(slots=True)
class Question:
    """An item that wants to be worked on. `models` are those whose text would do as well;
    `may_use` is the most that a request can use, for each provider that may be asked instead of
    another; empty for work done here."""

    job_id: UUID
    seq: int
    sha256: str
    content_type: str
    language: str | None
    models: Sequence[str]
    is_forced: bool
    may_use: Sequence[Usage]

    def as_json(self) -> dict[str, Any]:
        return {
            "jobId": self.job_id,
            "seq": self.seq,
            "sha256": self.sha256,
            "contentType": self.content_type,
            "language": self.language,
            "models": list(self.models),
            "isForced": self.is_forced,
            "isPaid": bool(self.may_use),
            "mayUse": [usage_json(each) for each in self.may_use],
        }


def question_about(
    job_id: UUID,
    item: Item,
    sha256: str,
    *,
    language: str | None,
    models: Sequence[str],
    may_use: Sequence[Usage] = (),
) -> Question:
    """The question about an item whose medium has these bytes."""
    return Question(
        job_id=job_id,
        seq=item.seq,
        sha256=sha256,
        content_type=item.content_type,
        language=language,
        models=models,
        is_forced=item.is_forced,
        may_use=may_use,
    )


class Admission:
    """Asks for all items of the process together."""

    def __init__(self, database: Database, worker_id: int) -> None:
        self._database = database
        self._worker_id = worker_id
        self._asking: list[tuple[Sequence[Question], asyncio.Future[list[Answer]]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask_together(self, questions: Sequence[Question]) -> list[Answer]:
        """The first answers to questions, for `admit`."""
        return await self._asked(questions) if questions else []

    async def admit(
        self, question: Question, is_wanted: Callable[[], bool], answer: Answer | None = None
    ) -> Admitted:
        """Waits while somebody else makes the text of the same bytes, or while the budget waits
        for what is in hand, for as long as `is_wanted`: an item of the same slice that was given
        up keeps its share of the budget until the slice is given back. Raises NotAdmitted,
        MadeMeanwhile.
        """
        is_asked_again = False
        while True:
            asked_at = time.monotonic()
            if answer is None:
                (answer,) = await self._asked([question])
            verdict, text, model, provider, language, duration, asked = answer
            answer = None
            if verdict == "go":
                # Frozen since it asked, this process may have missed that the job was cancelled.
                if time.monotonic() - asked_at > _STALE_SECONDS and not is_asked_again:
                    is_asked_again = True
                    continue
                return Admitted(None, asked)
            if verdict == "made":
                made = Extraction(
                    text=text,
                    provider=provider or "",
                    model=model or "",
                    language=language,
                    duration_seconds=None if duration is None else Decimal(duration),
                )
                return Admitted(made, asked)
            if verdict == "done":
                raise MadeMeanwhile
            if verdict == "stop" or not is_wanted():
                raise NotAdmitted
            await asyncio.sleep(_ASK_AGAIN_SECONDS)

    def _asked(self, questions: Sequence[Question]) -> asyncio.Future[list[Answer]]:
        answers: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self._asking.append((questions, answers))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask_all())
        return answers

    async def _ask_all(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        while asked := self._next():
            began = time.monotonic()
            try:
                rows = await self._database.rows(
                    "select * from batch.admit_items(%s, %s)",
                    [
                        self._worker_id,
                        as_text([each.as_json() for questions, _ in asked for each in questions]),
                    ],
                )
            except DatabaseAway as error:
                logger.warning("questions wait for the database (%d): %s", len(asked), error)
                self._asking[:0] = asked
                await asyncio.sleep(1.0)
            except Exception as error:
                for _, answers in asked:
                    if not answers.done():
                        answers.set_exception(error)
            else:
                as_of = max(began, time.monotonic() - _MOMENT_SECONDS)
                verdicts = {(row[0], row[1]): Answer._make((*row[2:], as_of)) for row in rows}
                for questions, answers in asked:
                    if not answers.done():
                        answers.set_result([verdicts[each.job_id, each.seq] for each in questions])

    def _next(self) -> list[tuple[Sequence[Question], asyncio.Future[list[Answer]]]]:
        """Whoever asks for so many items that one call carries them; none of those given up."""
        asked, items = [], 0
        while self._asking and items < _MOST_AT_ONCE:
            questions, answers = self._asking.pop(0)
            if not answers.done():
                asked.append((questions, answers))
                items += len(questions)
        return asked


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, in hex. Reads the file; call it in a thread."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
