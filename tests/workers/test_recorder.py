"""The recorder: what it holds while the database is away is bounded, and what it hears it tells."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.database import Database
from app.database_errors import DatabaseAway, Locked, UnusableInput
from tests.database import add_chat, open_sql
from workers import recorder as recorder_module
from workers.processors.base import Extraction
from workers.recorder import Recorder
from workers.results import Result


def test_nothing_more_is_begun_while_too_many_results_wait_for_the_database(
    database_url: str,
) -> None:
    async def main() -> None:
        database = Database(database_url, "tests")
        recorder = Recorder(database, 1, lambda job_id, has_ended: None, most_waiting=3)
        running = asyncio.create_task(recorder.run())
        recorded = []
        for seq in (1, 2, 3):
            await asyncio.wait_for(recorder.room(), 20)
            result = Result(job_id=uuid4(), first_seq=1, seq=seq, started=time.monotonic())
            recorder.report(result.skipped(), lambda seq=seq: recorded.append(seq))
        beginning = asyncio.create_task(recorder.room())
        await asyncio.sleep(0)
        assert (recorder.waiting, beginning.done()) == (3, False)

        await database.open()

        await asyncio.wait_for(beginning, 20)
        recorder.close()
        await asyncio.wait_for(running, 20)
        assert recorded == [1, 2, 3]
        await database.close()

    asyncio.run(main())


def test_results_are_not_kept_for_others_to_come_when_no_slice_reports_any(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_INTERVAL", "_BUSY_INTERVAL"):
        monkeypatch.setattr(recorder_module, name, 600.0)

    async def main() -> None:
        database = Database(database_url, "tests")
        await database.open()
        recorder = Recorder(database, 1, lambda job_id, has_ended: None)

        def reported() -> asyncio.Event:
            recorded = asyncio.Event()
            result = Result(job_id=uuid4(), first_seq=1, seq=1, started=time.monotonic())
            recorder.report(result.skipped(), recorded.set)
            return recorded

        running = asyncio.create_task(recorder.run())
        with recorder.more_to_come():
            with recorder.more_to_come():
                await asyncio.wait_for(reported().wait(), 20)
                kept = reported()
            assert (recorder.waiting, kept.is_set()) == (1, False)
        await asyncio.wait_for(kept.wait(), 20)
        await asyncio.wait_for(reported().wait(), 20)
        recorder.close()
        await asyncio.wait_for(running, 20)
        await database.close()

    asyncio.run(main())


class BehindLocks:
    """A database in which somebody has locked the messages of these results."""

    def __init__(self, *locked: int) -> None:
        self.locked = set(locked)
        self.recorded: list[list[int]] = []

    async def rows(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        named = [(UUID(each["jobId"]), each["seq"]) for each in json.loads(parameters[1])]
        behind = [each for each in named if each[1] in self.locked]
        if "items_behind_locks" in query:
            return behind
        if behind:
            raise Locked
        self.recorded += [[seq for _, seq in named]] if named else []
        return []


@pytest.fixture
def no_standstill() -> Iterator[None]:
    """Fails a test whose event loop does not come round again: no timeout of its own would."""

    def stands_still(*_: object) -> None:
        raise TimeoutError("the event loop stands still")

    before = signal.signal(signal.SIGALRM, stands_still)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("no_standstill")
def test_it_keeps_nobody_from_working_while_it_is_to_end_and_waits_for_a_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder_module, "_LONGEST_PAUSE", 0.1)

    async def main() -> None:
        database: Any = BehindLocks(1)
        recorder = Recorder(database, 1, lambda job_id, has_ended: None)
        running = asyncio.create_task(recorder.run())
        recorded = asyncio.Event()
        result = Result(job_id=uuid4(), first_seq=1, seq=1, started=time.monotonic())
        with recorder.more_to_come():
            recorder.report(result.skipped(), recorded.set)
        recorder.close()
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert (recorder.waiting, running.done()) == (1, False)

        database.locked.clear()

        await asyncio.wait_for(running, 20)
        assert recorded.is_set()

    asyncio.run(main())


def test_what_is_free_again_does_not_wait_for_what_is_still_behind_a_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder_module, "_LONGEST_PAUSE", 0.1)

    async def main() -> None:
        database: Any = BehindLocks(1, 2)
        recorder = Recorder(database, 1, lambda job_id, has_ended: None)
        running = asyncio.create_task(recorder.run())
        recorded = {seq: asyncio.Event() for seq in (1, 2, 3)}
        for seq, is_recorded in recorded.items():
            result = Result(job_id=uuid4(), first_seq=1, seq=seq, started=time.monotonic())
            recorder.report(result.skipped(), is_recorded.set)
        await asyncio.wait_for(recorded[3].wait(), 20)

        database.locked.remove(2)

        await asyncio.wait_for(recorded[2].wait(), 20)
        assert not recorded[1].is_set()
        database.locked.clear()
        recorder.close()
        await asyncio.wait_for(running, 20)
        assert recorded[1].is_set()

    asyncio.run(main())


def test_what_is_free_again_goes_in_calls_of_a_bounded_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder_module, "_LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(recorder_module, "_LARGEST_BATCH", 2)

    async def main() -> list[list[int]]:
        database: Any = BehindLocks(1, 2, 3, 4, 5)
        recorder = Recorder(database, 1, lambda job_id, has_ended: None)
        running = asyncio.create_task(recorder.run())
        for seq in (1, 2, 3, 4, 5, 6):
            result = Result(job_id=uuid4(), first_seq=1, seq=seq, started=time.monotonic())
            is_recorded = asyncio.Event()
            recorder.report(result.skipped(), is_recorded.set)
        await asyncio.wait_for(is_recorded.wait(), 20)

        database.locked.clear()

        recorder.close()
        await asyncio.wait_for(running, 20)
        return list(database.recorded)

    assert asyncio.run(main()) == [[6], [1, 2], [3, 4], [5]]


@pytest.mark.usefixtures("no_standstill")
def test_what_cannot_be_stored_does_not_end_the_recorder_when_the_database_goes_away_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder_module, "_LONGEST_PAUSE", 0.1)
    happens: list[Exception | None] = [UnusableInput("no text"), DatabaseAway("gone"), None]

    class Database:
        async def rows(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
            error = happens.pop(0) if happens and parameters[1] != "[]" else None
            if error is not None:
                raise error
            return []

    async def main() -> None:
        database: Any = Database()
        recorder = Recorder(database, 1, lambda job_id, has_ended: None)
        running = asyncio.create_task(recorder.run())
        recorded = asyncio.Event()
        result = Result(job_id=uuid4(), first_seq=1, seq=1, started=time.monotonic())
        recorder.report(result.skipped(), recorded.set)

        await asyncio.wait_for(recorded.wait(), 20)

        recorder.close()
        await asyncio.wait_for(running, 20)

    asyncio.run(main())


def test_one_call_carries_a_bounded_number_of_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "_MOST_CHARACTERS", 10)
    calls: list[list[int]] = []

    class Heard(BehindLocks):
        async def rows(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
            calls.append([len(each["text"]) for each in json.loads(parameters[1])])
            return []

    async def main() -> None:
        database: Any = Heard()
        recorder = Recorder(database, 1, lambda job_id, has_ended: None)
        for seq, length in enumerate([4, 5, 6, 30, 1], start=1):
            result = Result(job_id=uuid4(), first_seq=1, seq=seq, started=time.monotonic())
            made = Extraction(text="x" * length, provider="local", model="long")
            recorder.report(result.processed(made, ()), lambda: None)
        recorder.close()
        await asyncio.wait_for(recorder.run(), 20)

    asyncio.run(main())

    assert calls == [[4, 5, 6], [30], [1]]


def test_it_tells_when_the_database_was_asked_about_a_slice_it_wants(
    database_url: str,
) -> None:
    with open_sql(database_url) as sql:
        chat = add_chat(sql)
        chat.add_many(1)
        wanted, paused = (
            sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)) for _ in range(2)
        )
        worker = sql.worker()
        for job_id in (wanted, paused):
            sql.take(job_id, 1, worker)
        sql.run("select batch.pause_job(%s)", paused)
    told: list[tuple[UUID, int, float]] = []
    unwanted: list[tuple[UUID, bool]] = []

    async def main() -> None:
        heard = asyncio.Event()
        database = Database(database_url, "tests")
        await database.open()
        recorder = Recorder(
            database,
            worker,
            lambda *job: unwanted.append(job),
            on_wanted=lambda *job: (told.append(job), heard.set()),
        )
        running = asyncio.create_task(recorder.run())
        recorder.turn(wanted, "one.png")
        recorder.turn(paused, "two.png")
        await asyncio.wait_for(heard.wait(), 20)
        recorder.close()
        await asyncio.wait_for(running, 20)
        await database.close()

    began = time.monotonic()
    asyncio.run(main())

    assert unwanted == [(paused, False)]
    assert [slice_of[:2] for slice_of in told] == [(wanted, 1)]
    assert began <= told[0][2] <= time.monotonic()
