"""What a worker does beside its work: says that it lives, brings back what died, tidies up."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg

from app.database import Database
from app.database_errors import DatabaseAway
from app.migrate import checksum
from app.scratch import Scratch
from app.settings import Settings
from workers.meters import Meters

logger = logging.getLogger(__name__)

_METERS_INTERVAL = 5.0
"""Seconds between two reports of meters: Prometheus looks less often."""
_AGAIN_SECONDS = 0.5
_PRUNE_INTERVAL_SECONDS = 300.0
_PRUNE_PAUSE_SECONDS = 0.2
_TIDY_INTERVAL_SECONDS = 300.0


class NotMigrated(Exception):
    """The database has no Backscroll in it, or that of another release."""


class Upkeep:
    """Over a `database` of its own: what waits for a connection must not keep a worker from
    saying that it lives."""

    def __init__(self, database: Database, settings: Settings, meters: Meters) -> None:
        self._database = database
        self._settings = settings
        self._timeout = f"{settings.worker_timeout} seconds"
        self._meters = meters
        self._meters_due = 0.0
        self._checksum = checksum()

    async def keep_alive(self, worker_id: int, on_unwanted: Callable[[UUID, bool], None]) -> None:
        """Heartbeats, until cancelled.

        `on_unwanted(job_id, has_ended)` is told of jobs in hand that want no more work.
        """
        while True:
            pause = self._settings.heartbeat
            try:
                for job in await self._heartbeat(worker_id, self._meters_if_due()):
                    on_unwanted(*job)
            except DatabaseAway as error:
                logger.warning("heartbeat failed: %s", error)
                # Where the database comes and goes, whoever waits may miss when it is there.
                pause = min(pause, _AGAIN_SECONDS)
            await asyncio.sleep(pause)

    async def sweep(self, worker_id: int) -> None:
        """Brings back the work of workers that have died, until cancelled.

        Beside the heartbeats: whoever sweeps for long must not be taken for dead himself.
        """
        while True:
            try:
                queued = await self._database.value(
                    "select batch.sweep(%s, %s)", [worker_id, self._timeout]
                )
                if queued:
                    logger.warning("tasks brought back from workers that died: %d", queued)
            except DatabaseAway as error:
                logger.warning("a sweep failed: %s", error)
            await asyncio.sleep(self._settings.heartbeat)

    async def sign_off(self, worker_id: int) -> None:
        """Says that the worker has given everything back and stops. Raises DatabaseAway."""
        await self._heartbeat(worker_id, self._meters.report())
        await self._database.value("select batch.stop_worker(%s)", [worker_id])

    async def until_another_release(self) -> None:
        """Returns once the database was migrated to another release."""
        while await self.is_of_this_release():  # noqa: ASYNC110 - the database tells
            await asyncio.sleep(self._settings.heartbeat)

    async def is_of_this_release(self) -> bool:
        """Whether the database holds this release's SQL; true also while it is away."""
        try:
            installed = await self._database.value("select batch.installed_checksum()")
        except DatabaseAway:
            return True
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
            return False
        return bool(installed == self._checksum)

    async def prune(self) -> None:
        """Deletes what ended jobs leave behind, a little at a time, until cancelled."""
        keep = f"{self._settings.retention_days} days"
        while self._settings.retention_days:
            try:
                while await self._database.value("select batch.prune(%s)", [keep]):  # noqa: ASYNC110
                    await asyncio.sleep(_PRUNE_PAUSE_SECONDS)
            except DatabaseAway as error:
                logger.warning("old jobs are pruned later: %s", error)
            await asyncio.sleep(_PRUNE_INTERVAL_SECONDS)

    async def tidy(self, scratch: Scratch) -> None:
        """Removes the temporary files of killed processes, now and then, until cancelled."""
        while True:
            for folder in await asyncio.to_thread(scratch.remove_abandoned):
                logger.info("removed what a killed process had left in %s", folder)
            await asyncio.sleep(_TIDY_INTERVAL_SECONDS)

    async def _heartbeat(
        self, worker_id: int, meters: list[dict[str, Any]] | None
    ) -> list[tuple[Any, ...]]:
        return await self._database.rows(
            "select * from batch.heartbeat(%s, %s, %s)",
            [worker_id, self._timeout, None if meters is None else json.dumps(meters)],
        )

    def _meters_if_due(self) -> list[dict[str, Any]] | None:
        now = time.monotonic()
        if now < self._meters_due:
            return None
        self._meters_due = now + _METERS_INTERVAL
        return self._meters.report()
