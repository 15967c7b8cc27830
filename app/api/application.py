"""The Falcon application, as gunicorn loads it: `app.api.application:application()`."""

from __future__ import annotations

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
from app.database import Database
from app.settings import Settings, load_settings


class _Lifespan:
    """Opens the database when the process starts and closes it when it stops."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def process_startup(self, scope: Any, event: Any) -> None:
        await self._database.open()

    async def process_shutdown(self, scope: Any, event: Any) -> None:
        await self._database.close()


def build_application(database: Database, settings: Settings | None = None) -> ObservedApp:
    """The API over `database`. Without settings it has their defaults.

    Estimates look at the sizes of files in the settings' media folder.
    """
    media_folder = settings.media_folder if settings else None
    settings = settings or Settings.model_construct()
    meters = HttpMeters()
    metrics_port = settings.metrics_port
    app = ObservedApp(
        meters,
        settings.request_timeout,
        middleware=[
            _Lifespan(database),
            SafeAnswers(),
            Observer(),
            Cors(settings.cors_origin_list),
            MetricsOnly(metrics_port),
            Access(KeyRing(database)),
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
    )
    return build_application(database, settings)
