"""Reading what was not heard: where jobs stand now, and events from a position on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from app.database import Database
from app.live.news import Event, Snapshot, State, frame

_PAGE = 200
_AT_ONCE = 4
"""Of the connections of the pool; a thousand watchers that begin at once leave some to others."""


@dataclass(frozen=True, slots=True)
class Present:
    """Where jobs stood in one snapshot, and the last position that could be seen in it."""

    snapshot: Snapshot
    position: int
    states: list[State]


class Reading:
    """Reads what watchers have missed, for a few of them at a time. Raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def job(self, job: UUID, instances: list[UUID] | None) -> Present:
        """Of one job. Raises Refused (404) if there is none that may be seen."""
        return await self._present(
            "select * from batch.live_states("
            " array[(batch.job_status(batch.visible_job(%s, %s)) ->> 'jobId')::uuid],"
            " false, null, null)",
            [job, instances],
        )

    async def jobs(
        self,
        jobs: Iterable[UUID],
        has_all: bool,
        instances: list[UUID] | None,
        after: int | None,
    ) -> Present:
        """Of these jobs and, with `has_all`, of those that run or changed after a position."""
        return await self._present(
            "select * from batch.live_states(%s, %s, %s, %s)",
            [list(jobs), has_all, instances, after],
        )

    async def events(
        self, after: int, until: int, job: UUID | None, instances: list[UUID] | None
    ) -> AsyncIterator[list[Event]]:
        """All events after a position up to another, a page at a time."""
        while after < until:
            async with self._turns:
                rows = await self._database.rows(
                    "select * from batch.missed_events(%s, %s, %s, %s, %s)",
                    [after, until, job, instances, _PAGE],
                )
            if rows:
                yield [Event.read(*row) for row in rows]
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    async def unusable_keys(self, keys: Iterable[UUID]) -> list[UUID]:
        """Those that were revoked or have expired."""
        rows = await self._database.rows("select * from batch.unusable_api_keys(%s)", [list(keys)])
        return [key for (key,) in rows]

    async def _present(self, query: LiteralString, parameters: list[object]) -> Present:
        async with self._turns:
            rows = await self._database.rows(query, parameters)
        snapshot = Snapshot.parse(rows[0][0])
        return Present(
            snapshot,
            rows[0][1],
            [
                State(job, instance, is_final, snapshot, frame("job", text))
                for _, _, job, instance, is_final, text in rows
                if job is not None
            ],
        )
