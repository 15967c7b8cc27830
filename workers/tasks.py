"""The queue's tasks, as Procrastinate runs them, and its connection to the database."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import procrastinate
import psycopg
from procrastinate.connector import Notify

from app.database import Database, DatabaseAway, connection_string
from app.listening import listen
from workers.slices import SliceRunner

logger = logging.getLogger(__name__)

QUEUE = "backscroll"


class _Connector(procrastinate.PsycopgConnector):
    """Procrastinate's connector, listening on the direct address and never giving up on it."""

    def __init__(self, url: str, listen_url: str) -> None:
        super().__init__(
            conninfo=connection_string(url, "backscroll queue"), min_size=1, max_size=4
        )
        self._listen_url = listen_url

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        async def pass_on(channel: str, payload: str) -> None:
            await on_notification(channel=channel, payload=payload)

        async def look_again() -> None:
            payload = json.dumps({"type": "job_inserted", "job_id": 0})
            await on_notification(channel="", payload=payload)

        await listen(self._listen_url, channels, pass_on, on_connected=look_again)


def queue_app(url: str, listen_url: str) -> procrastinate.App:
    """The Procrastinate app without its tasks; it connects when opened."""
    return procrastinate.App(connector=_Connector(url, listen_url))


def add_tasks(app: procrastinate.App, database: Database, slices: SliceRunner) -> None:
    """Registers the two tasks that SQL defers: `plan_job` and `process_slice`."""

    @app.task(name="plan_job", queue=QUEUE)
    async def plan_job(job_id: str) -> None:
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

    @app.task(name="process_slice", queue=QUEUE)
    async def process_slice(job_id: str, first_seq: int, **_: Any) -> None:
        await slices.run(UUID(job_id), first_seq)
