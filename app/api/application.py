"""The Falcon application, as gunicorn loads it: `app.api.application:application()`."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from app.api.access import Access, KeyRing
from app.api.batch_jobs import BatchJob, BatchJobs, Estimate
from app.api.browsers import Cors, MetricsOnly, SafeAnswers
from app.api.callbacks import Callbacks
from app.api.docs import add_docs
from app.api.health import Health
from app.api.meters import HttpMeters
from app.api.metrics import Metrics
from app.api.observed import ObservedApp, Observer
from app.api.problems import add_error_handlers
from app.api.reports import Report
from app.api.streams import Streams
from app.database import SILENCE_SECONDS, Database
from app.live.hub import Hub
from app.settings import Settings, load_settings

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


def build_application(database: Database, settings: Settings | None = None) -> ObservedApp:
    """The API over `database`. Without settings it has their defaults.

    Estimates look at the sizes of files in the settings' media folder. Where the settings have no
    address to LISTEN on, streams poll.
    """
    media_folder = settings.media_folder if settings else None
    settings = settings or Settings.model_construct()
    meters = HttpMeters()
    metrics_port = settings.metrics_port
    keys = KeyRing(database)
    hub = Hub(database, settings.listen_address, keys.forget, meters.listener())
    app = ObservedApp(
        meters,
        settings.request_timeout,
        middleware=[
            _Lifespan(database),
            _LiveStreams(hub),
            SafeAnswers(),
            Observer(),
            Cors(settings.cors_origin_list),
            MetricsOnly(metrics_port),
            Access(keys),
        ],
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

    callbacks = Callbacks(database)
    app.add_route("/api/v1/batch-jobs/{job}/callbacks", callbacks)
    app.add_route("/api/v1/batch-jobs/{job}/callbacks/redeliver", callbacks, suffix="redeliver")
    streams = Streams(hub)
    app.add_route("/api/v1/batch-jobs/stream", streams)
    app.add_route("/api/v1/batch-jobs/{job}/stream", streams, suffix="job")

    health = Health(database)
    app.add_route("/healthz", health, suffix="alive")
    app.add_route("/readyz", health, suffix="ready")
    app.add_route("/metrics", Metrics(database, meters, metrics_port))
    add_docs(app)
    return app


def application() -> ObservedApp:
    """The API as this process's settings say; `backscroll serve` sets DATABASE_URL."""
    settings = load_settings()
    if settings.database_url is None:
        raise RuntimeError("set DATABASE_URL, or start the API with `backscroll serve`")
    database = Database(
        settings.database_url,
        "backscroll api",
        size=settings.api_pool,
        wait_seconds=settings.api_pool_wait,
        statement_seconds=settings.api_statement_timeout,
        silence_seconds=SILENCE_SECONDS,
    )
    return build_application(database, settings)
