"""The Falcon application, as gunicorn loads it: `app.api.application:application()`."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from falcon.asgi import App, Request, Response

from app.api.access import Access, KeyRing
from app.api.batch_jobs import BatchJob, BatchJobs, Estimate
from app.api.health import Health
from app.api.problems import add_error_handlers
from app.api.reports import Report
from app.api.streams import Streams
from app.database import Database
from app.live.hub import Hub
from app.settings import load_settings

logger = logging.getLogger(__name__)


class _Lifespan:
    """Opens the database when the process starts and closes it when it stops."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def process_startup(self, scope: Any, event: Any) -> None:
        await self._database.open()

    async def process_shutdown(self, scope: Any, event: Any) -> None:
        await self._database.close()


class _LiveStreams:
    """Feeds the streams while the process runs.

    The server shuts an application down only after open connections have ended; those of streams
    would never. So it is handed, in the state of the lifespan, what ends them: `end_streams`.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._running: asyncio.Task[None] | None = None

    async def process_startup(self, scope: Any, event: Any) -> None:
        self._running = asyncio.create_task(self._hub.run())
        self._running.add_done_callback(_tell_of_failure)
        scope.get("state", {})["end_streams"] = self._hub.stop

    async def process_shutdown(self, scope: Any, event: Any) -> None:
        self._hub.stop()
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])


def _tell_of_failure(running: asyncio.Task[None]) -> None:
    if not running.cancelled() and (error := running.exception()) is not None:
        logger.error("streams are not fed any more", exc_info=error)


class _SafeAnswers:
    """Headers that keep browsers from guessing what an answer is, or keeping it."""

    async def process_response(
        self, req: Request, resp: Response, resource: object, req_succeeded: bool
    ) -> None:
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Cache-Control", "no-store")


def build_application(
    database: Database, media_folder: Path | None = None, listen_url: str | None = None
) -> App[Request, Response]:
    """The API over `database`; estimates look at the sizes of files in `media_folder`.

    Without an address to LISTEN on, streams poll.
    """
    keys = KeyRing(database)
    hub = Hub(database, listen_url, keys.forget)
    app: App[Request, Response] = App(
        middleware=[_Lifespan(database), _LiveStreams(hub), _SafeAnswers(), Access(keys)]
    )
    app.req_options.strip_url_path_trailing_slash = True
    add_error_handlers(app)

    jobs, job, report = BatchJobs(database, media_folder), BatchJob(database), Report(database)
    app.add_route("/api/v1/batch-jobs", jobs)
    app.add_route("/api/v1/batch-jobs/estimate", Estimate(database, media_folder))
    app.add_route("/api/v1/batch-jobs/{job}", job)
    app.add_route("/api/v1/batch-jobs/{job}/status", job, suffix="status")
    app.add_route("/api/v1/batch-jobs/{job}/details", job, suffix="details")
    app.add_route("/api/v1/batch-jobs/{job}/items", job, suffix="items")
    app.add_route("/api/v1/batch-jobs/{job}/events", job, suffix="events")
    app.add_route("/api/v1/batch-jobs/{job}/cancel", job, suffix="cancel")
    app.add_route("/api/v1/batch-jobs/{job}/pause", job, suffix="pause")
    app.add_route("/api/v1/batch-jobs/{job}/resume", job, suffix="resume")
    app.add_route("/api/v1/batch-jobs/{job}/retry", job, suffix="retry")
    app.add_route("/api/v1/batch-jobs/{job}/report.csv", report, suffix="csv")
    app.add_route("/api/v1/batch-jobs/{job}/report.ndjson", report, suffix="ndjson")

    streams = Streams(hub)
    app.add_route("/api/v1/batch-jobs/stream", streams)
    app.add_route("/api/v1/batch-jobs/{job}/stream", streams, suffix="job")

    health = Health(database)
    app.add_route("/healthz", health, suffix="alive")
    app.add_route("/readyz", health, suffix="ready")
    return app


def application() -> App[Request, Response]:
    """The API as this process's settings say; `backscroll serve` sets DATABASE_URL."""
    settings = load_settings()
    if settings.database_url is None:
        raise RuntimeError("set DATABASE_URL, or start the API with `backscroll serve`")
    # Shorter than the five seconds after which many clients give up waiting for an answer.
    database = Database(settings.database_url, "backscroll api", wait_seconds=2.0)
    listen_url = settings.database_listen_url or settings.database_url
    return build_application(
        database, settings.media_folder, listen_url if settings.listen == "on" else None
    )
