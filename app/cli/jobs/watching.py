"""The states of a job, one after the other as it changes, until it has ended.

A notification says that something has changed; what is read then, once a second also without one:
where LISTEN cannot be had (a transaction pooler, a standby) the job is watched all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from app.cli import json_text
from app.database import Database
from app.database_errors import DatabaseAway
from app.listening import listen

_POLL_SECONDS = 1.0
_AT_MOST_EVERY = 0.25
_PACE_SECONDS = 10.0
"""The pace that is shown is that of so many seconds."""
_PATIENCE_SECONDS = 10.0
"""With a database that neither answers nor says that it is away."""


@dataclass(frozen=True)
class State:
    """A job as `batch.watch_job` gives it: parsed, and as it was written."""

    facts: dict[str, Any]
    text: str

    @property
    def job(self) -> dict[str, Any]:
        """The job as `batch.job_json` writes it."""
        job: dict[str, Any] = self.facts["job"]
        return job

    @property
    def has_ended(self) -> bool:
        return bool(self.facts["hasEnded"])


@dataclass(frozen=True)
class Away:
    """The database cannot be reached, for so long by now."""

    seconds: float


class JobWatch:
    """Watches one job; `listen_url` is a direct address of the database."""

    def __init__(self, url: str, listen_url: str, job_id: UUID) -> None:
        self._database = Database(url, "backscroll jobs", size=1, wait_seconds=2.0)
        self._listen_url = listen_url
        self._job_id = job_id
        self._changed = asyncio.Event()
        self._earlier: deque[tuple[float, dict[str, Any]]] = deque()

    async def states(self) -> AsyncGenerator[State | Away, None]:
        """The present state, then every further one; the last one has ended.

        Raises Refused if there is no such job (any more).
        """
        await self._database.open()
        listening = asyncio.create_task(self._listen())
        away_since: float | None = None
        try:
            while True:
                self._changed.clear()
                began = time.monotonic()
                try:
                    state = await self._read()
                except DatabaseAway:
                    away_since = away_since or began
                    yield Away(time.monotonic() - away_since)
                else:
                    away_since = None
                    yield state
                    if state.has_ended:
                        return
                await self._wait(began)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await self._database.close()

    async def _read(self) -> State:
        since = None
        if self._earlier:
            since = json_text.dump(self._earlier[0][1])
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                text: str = await self._database.value(
                    "select batch.watch_job(%s, %s)::text", [self._job_id, since]
                )
        except TimeoutError:
            raise DatabaseAway("it does not answer") from None
        facts = json_text.load(text)
        self._remember(facts)
        return State(facts, text.replace("\n", " "))

    def _remember(self, facts: dict[str, Any]) -> None:
        now = time.monotonic()
        self._earlier.append((now, {name: facts[name] for name in ("endedItems", "activeSeconds")}))
        while len(self._earlier) > 1 and self._earlier[1][0] < now - _PACE_SECONDS:
            self._earlier.popleft()

    async def _wait(self, began: float) -> None:
        """Until something has changed, but not for long, and not less than a moment."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await self._changed.wait()
        await asyncio.sleep(max(0.0, began + _AT_MOST_EVERY - time.monotonic()))

    async def _listen(self) -> None:
        async def connected() -> None:
            self._changed.set()

        async def heard(channel: str, payload: str) -> None:
            if json.loads(payload).get("jobId") == str(self._job_id):
                self._changed.set()

        # What cannot listen at all (a standby, some poolers) is asked again and again instead.
        with contextlib.suppress(psycopg.Error):
            await listen(self._listen_url, ["batch_jobs"], heard, connected)
