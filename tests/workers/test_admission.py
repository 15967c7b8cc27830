"""Being admitted: waited for as long as the slice is wanted, and good for a moment."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.database import Database
from tests.database import Sql, add_chat
from workers import pace
from workers.admission import (
    Admission,
    Admitted,
    Answer,
    MadeMeanwhile,
    NotAdmitted,
    Question,
)
from workers.items import ItemWork
from workers.places import Places
from workers.processors.base import Extraction, Medium, Usage
from workers.providers.errand import current_errand
from workers.results import Item, Result
from workers.running import RunningSlice
from workers.small_files import SmallFiles

JOB = UUID(int=1)


def question(job_id: UUID, seq: int) -> Question:
    return Question(
        job_id=job_id,
        seq=seq,
        sha256=f"{seq:064x}",
        content_type="image",
        language=None,
        models=["dear"],
        is_forced=False,
        may_use=[Usage("dearest", "dear", audio_seconds=Decimal(1))],
    )


def test_what_waits_for_the_budget_is_given_up_with_its_slice(
    own_sql: Sql, database_url: str
) -> None:
    # The first has a share of the budget that it gives up only with the slice: if the second
    # waited for it, the slice would wait for the second.
    own_sql.run(
        "insert into batch.model_prices (provider, model, unit, usd, per_units, valid_from)"
        " values ('dearest', 'dear', 'audio_second', 1, 1, '2020-01-01')"
    )
    chat = add_chat(own_sql)
    chat.add_many(2)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), maxCostUsd=1.5)
    own_sql.in_one_slice(job_id)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    is_wanted = True

    async def main() -> None:
        nonlocal is_wanted
        database = Database(database_url, "admission", size=1)
        await database.open()
        try:
            admission = Admission(database, worker)
            assert (await admission.admit(question(job_id, 1), lambda: is_wanted)).made is None
            waiting = asyncio.create_task(admission.admit(question(job_id, 2), lambda: is_wanted))
            await asyncio.wait([waiting], timeout=0.2)
            assert not waiting.done()

            is_wanted = False
            with pytest.raises(NotAdmitted):
                await asyncio.wait_for(waiting, timeout=10)
        finally:
            await database.close()

    asyncio.run(main())


def test_an_answer_is_no_younger_for_being_read_late(own_sql: Sql, database_url: str) -> None:
    chat = add_chat(own_sql)
    chat.add_many(2)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    own_sql.in_one_slice(job_id)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)

    async def main() -> None:
        database = Database(database_url, "admission", size=1)
        await database.open()
        try:
            admission = Admission(database, worker)

            async def admitted(seq: int) -> tuple[float, float]:
                asked = (await admission.admit(question(job_id, seq), lambda: True)).asked
                read = time.monotonic()
                time.sleep(0.2)  # noqa: ASYNC251 - lets the other read its answer late
                return asked, read

            (_, first_read), (asked, read) = await asyncio.gather(admitted(1), admitted(2))
            assert asked <= first_read <= read - 0.2
        finally:
            await database.close()

    asyncio.run(main())


class Small:
    """A file that is held open."""

    path = Path(__file__)
    size = path.stat().st_size
    changed_ns = path.stat().st_mtime_ns

    def read(self) -> bytes:
        return b"x"

    def close(self) -> None:
        """Has nothing to give back."""


class FreeWork:
    """Free work on small files, as it is fetched and processed; admitted once, a second ago."""

    def __init__(self) -> None:
        self.processed = 0

    def is_free(self, content_type: str) -> bool:
        return True

    def models(self, content_type: str) -> list[str]:
        return []

    async def may_use(self, medium: Medium) -> list[Usage]:
        return []

    def open_small(self, items: Sequence[Item], most: int) -> list[Small]:
        return [Small() for _ in items]

    async def process(self, medium: Medium) -> Extraction:
        self.processed += 1
        return Extraction(text="", provider="local", model="free")

    async def ask_together(self, questions: Sequence[Question]) -> list[Answer]:
        return [
            Answer("go", "", None, None, None, None, asked=time.monotonic() - 1) for _ in questions
        ]

    async def admit(
        self, question: Question, is_wanted: Callable[[], bool], answer: Answer | None = None
    ) -> Admitted:
        if answer is None:
            raise NotAdmitted
        return Admitted(None, answer.asked)


def results_of_two(free: Any, wanted_at: float, *, are_asked: bool = False) -> list[Result | None]:
    """The results of two items in a slice wanted then."""
    work = ItemWork(free, free, free, free, Places(4, {"document": 4}), worker_id=1)
    small_files = SmallFiles(free, free, free)
    items = [
        Item(seq, "document", "application/pdf", "a.pdf", None, "1", None, None) for seq in (1, 2)
    ]
    running = RunningSlice(JOB, 1)
    running.wanted_at = wanted_at

    async def main() -> list[Result | None]:
        ready = await small_files.prepare(JOB, items, are_asked=are_asked)
        return [await work.work(running, item, ready[item.seq]) for item in items]

    return asyncio.run(main())


def begun_of_two(wanted_at: float, *, are_asked: bool = True) -> int:
    """How many of two items begin, in a slice wanted then. If they were asked about, that was a
    second ago, and they are not admitted again."""
    free = FreeWork()

    results = results_of_two(free, wanted_at, are_asked=are_asked)

    ended = sum(result is not None for result in results)
    assert free.processed == ended
    return ended


def unasked() -> Result | None:
    """The result of an item of which nobody was asked before it began."""
    return results_of_two(FreeWork(), wanted_at=float("inf"))[0]


@pytest.mark.parametrize(("quick_seconds", "is_remembered"), [(60.0, False), (0.0, True)])
def test_what_nobody_is_asked_about_is_remembered_if_it_took_long_all_the_same(
    monkeypatch: pytest.MonkeyPatch, quick_seconds: float, is_remembered: bool
) -> None:
    monkeypatch.setattr(pace, "_QUICK_SECONDS", quick_seconds)

    result = unasked()

    assert result is not None
    digest = hashlib.sha256(b"x").hexdigest() if is_remembered else None
    assert (result.is_unasked, result.sha256) == (True, digest)


@pytest.mark.parametrize("can_be_read", [False, True])
def test_a_text_is_kept_though_nobody_can_tell_any_more_of_which_bytes_it_was_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, can_be_read: bool
) -> None:
    def read(_: Small) -> bytes:
        if not can_be_read:
            raise OSError
        return b"x"

    monkeypatch.setattr(pace, "_QUICK_SECONDS", 0.0)
    monkeypatch.setattr(Small, "path", tmp_path / "gone")
    monkeypatch.setattr(Small, "read", read)

    result = unasked()

    assert result is not None
    assert (result.extraction is not None, result.error_code, result.sha256) == (True, None, None)


class Pages(FreeWork):
    """A document of which two pages are asked of a provider beside each other: while one is paid
    for, the other finds out that it is needed no more."""

    def __init__(self, answer: Admitted | Exception) -> None:
        super().__init__()
        self._answer = answer
        self.given_up: list[Any] = []

    async def process(self, medium: Medium) -> Extraction:
        try:
            await current_errand().begin()
        finally:
            current_errand().note([Usage("dearest", "dear", audio_seconds=Decimal(1))])
        return await super().process(medium)

    async def admit(self, *_: object) -> Admitted:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    async def value(self, query: str, parameters: Sequence[Any]) -> None:
        self.given_up += json.loads(parameters[5])


@pytest.mark.parametrize(
    "answer",
    [Admitted(Extraction(text="", provider="local", model="free"), 0.0), MadeMeanwhile()],
    ids=["made", "done"],
)
def test_what_was_billed_for_what_is_needed_no_more_is_kept(answer: Admitted | Exception) -> None:
    pages = Pages(answer)

    assert results_of_two(pages, wanted_at=float("inf")) == [None, None]

    assert [each["model"] for each in pages.given_up] == ["dear", "dear"]


def test_what_was_admitted_a_while_ago_does_not_begin_although_the_answer_is_read_now() -> None:
    assert begun_of_two(wanted_at=time.monotonic() - 1) == 0


def test_but_it_does_if_the_database_has_just_said_that_its_slice_is_wanted() -> None:
    assert begun_of_two(wanted_at=float("inf")) == 2


def test_what_nobody_is_asked_about_begins_while_its_slice_is_surely_wanted() -> None:
    assert begun_of_two(wanted_at=time.monotonic() - 0.2, are_asked=False) == 2
    assert begun_of_two(wanted_at=time.monotonic() - 0.2) == 0
    assert begun_of_two(wanted_at=time.monotonic() - 1, are_asked=False) == 0
