"""The queue's tasks, as Procrastinate runs them, and its connection to the database."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, LiteralString
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.connector import Notify

from app.connecting import SESSIONLESS, connection_string
from app.database import Database
from app.database_errors import DatabaseAway
from app.listening import listen
from app.log_context import about_job
from app.trust import Trust
from app.warm_pool import WarmPool
from workers.slices import SliceRunner

logger = logging.getLogger(__name__)

QUEUE = "backscroll"
TRUSTED_SECONDS = 1.0
"""So long a connection is taken to work: what a worker calls is called again if it does not."""

_MOMENT_SECONDS = 0.05
_COURTESY_SECONDS, _MOST_COURTESIES = 0.01, 10
"""So long and so often a worker that has a slice waiting lets others fetch the next first."""
_TRY_SECONDS = 1.0
_NAME = re.compile(r"(?<![.\w])procrastinate_\w+")
_SOMETHING_CAME = json.dumps({"type": "job_inserted", "job_id": 0})


class _Pool(WarmPool):
    """Opened without waiting for the database to be there: what asks it waits."""

    def __init__(self, **arguments: Any) -> None:
        self._trust = Trust(TRUSTED_SECONDS)
        super().__init__(**{**arguments, "check": self._look})

    async def _look(self, connection: psycopg.AsyncConnection[Any]) -> None:
        if not self._trust.holds(connection):
            await self.check_connection(connection)

    async def putconn(self, conn: psycopg.AsyncConnection[Any]) -> None:
        self._trust.note(conn)
        await super().putconn(conn)

    async def open(self, wait: bool = False, timeout: float = 30.0) -> None:
        await super().open(wait=False)


class _Connector(procrastinate.PsycopgConnector):
    """Procrastinate's connector, listening on the direct address and never giving up on it."""

    def __init__(self, url: str, listen_url: str, on_state: Callable[[bool], None] | None) -> None:
        super().__init__(
            name="backscroll queue",
            conninfo=connection_string(url, "backscroll queue"),
            min_size=1,
            max_size=4,
            # As in `app.database`: its own tries would grow rarer the longer connections break.
            timeout=_TRY_SECONDS,
            reconnect_timeout=_TRY_SECONDS,
            pool_factory=_Pool,
            # A process that is frozen between two statements must not hold a lock meanwhile.
            kwargs=dict(SESSIONLESS),
        )
        self._listen_url = listen_url
        self._on_state = on_state

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        await super().execute_query_async(with_schema(query), **arguments)

    async def execute_query_one_async(
        self, query: LiteralString, **arguments: Any
    ) -> dict[str, Any]:
        row: dict[str, Any] = await super().execute_query_one_async(with_schema(query), **arguments)
        return row

    async def execute_query_all_async(
        self, query: LiteralString, **arguments: Any
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await super().execute_query_all_async(
            with_schema(query), **arguments
        )
        return rows

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        async def look_again() -> None:
            await on_notification(channel="", payload=_SOMETHING_CAME)

        async def pass_on(channel: str, payload: str) -> None:
            await on_notification(channel=channel, payload=payload)
            # Procrastinate forgets a notification that comes while it looks and finds nothing,
            # and would then wait for its next poll. Telling it a moment later mends that.
            nudge.soon()

        nudge = _Nudge(look_again)
        await listen(self._listen_url, channels, pass_on, look_again, self._on_state)


class _Jobs(procrastinate.manager.JobManager):
    """Procrastinate's dealings with the queue, for which a broken connection is no reason to stop.

    Its worker would end then, and begin again only when all slices in hand have ended. What gets
    lost on the way `batch.requeue_lost_tasks` finds.

    A worker with a backlog of slices leaves the next task to others for a moment: all hear of it at
    once, and whoever was quicker would get it, however much it has waiting.
    """

    def __init__(self, connector: procrastinate.BaseConnector, backlog: Callable[[], int]) -> None:
        super().__init__(connector)
        self._backlog = backlog

    async def fetch_job(
        self, queues: Iterable[str] | None, worker_id: int
    ) -> procrastinate.jobs.Job | None:
        for _ in range(_MOST_COURTESIES):
            if not self._backlog():
                break
            await asyncio.sleep(_COURTESY_SECONDS)
        with _unless_away():
            return await super().fetch_job(queues, worker_id)
        return None

    async def finish_job_by_id_async(
        self, job_id: int, status: procrastinate.jobs.Status, delete_job: bool
    ) -> None:
        # The other error says that a sweep has dropped the task meanwhile.
        with _unless_away(psycopg.errors.RaiseException):
            await super().finish_job_by_id_async(job_id, status, delete_job)

    async def update_heartbeat(self, worker_id: int) -> None:
        with _unless_away():
            await super().update_heartbeat(worker_id)


@contextmanager
def _unless_away(*harmless: type[psycopg.Error]) -> Iterator[None]:
    try:
        yield
    except procrastinate.exceptions.ConnectorException as error:
        if isinstance(error.__cause__, psycopg.OperationalError):
            logger.warning("the queue is away, trying again: %s", error.__cause__)
        elif not isinstance(error.__cause__, harmless):
            raise


@lru_cache
def with_schema(query: LiteralString) -> LiteralString:
    """One of Procrastinate's queries, its names with their schema.

    Procrastinate counts on a search_path, which behind a transaction pooler nobody can set.
    """
    return _NAME.sub(r"procrastinate.\g<0>", query)


class _Nudge:
    """Calls something once more, a moment later; many requests in that moment are one."""

    def __init__(self, call: Callable[[], Awaitable[None]]) -> None:
        self._call = call
        self._task: asyncio.Task[None] | None = None

    def soon(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(_MOMENT_SECONDS)
        await self._call()


def queue_app(
    url: str,
    listen_url: str,
    on_state: Callable[[bool], None] | None = None,
    *,
    backlog: Callable[[], int] = lambda: 0,
) -> procrastinate.App:
    """The Procrastinate app without its tasks; it connects when opened.

    `on_state` is told whether it hears notifications; `backlog` tells how many slices in hand have
    items that have not begun.
    """
    app = procrastinate.App(connector=_Connector(url, listen_url, on_state))
    app.job_manager = _Jobs(app.connector, backlog)
    return app


def add_tasks(app: procrastinate.App, database: Database, slices: SliceRunner) -> None:
    """Registers the two tasks that SQL defers: `plan_job` and `process_slice`."""

    @app.task(name="plan_job", queue=QUEUE)
    async def plan_job(job_id: str) -> None:
        with about_job(job_id):
            try:
                await database.value("select batch.plan_job(%s)", [job_id])
            except DatabaseAway:
                raise
            except psycopg.Error as error:
                logger.exception("job %s cannot be planned", job_id)
                await database.value(
                    "select batch.fail_job(%s, %s)",
                    [job_id, f"the media could not be selected (SQLSTATE {error.sqlstate})"],
                )
            else:
                # Apart from planning: the first items need not wait for what all will cost.
                await database.value("select batch.keep_estimate(%s)", [job_id])

    @app.task(name="process_slice", queue=QUEUE)
    async def process_slice(job_id: str, first_seq: int, last_seq: int) -> None:
        with about_job(job_id):
            await slices.run(UUID(job_id), first_seq, last_seq)
