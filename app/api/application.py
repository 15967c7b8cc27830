"""The Falcon application, as gunicorn loads it: `app.api.application:application()`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from falcon.asgi import App, Request, Response

from app.api.access import Access, KeyRing
from app.api.batch_jobs import BatchJob, BatchJobs, Estimate
from app.api.callbacks import Callbacks
from app.api.health import Health
from app.api.problems import add_error_handlers
from app.api.reports import Report
from app.database import Database
from app.settings import load_settings


class _Lifespan:
    """Opens the database when the process starts and closes it when it stops."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def process_startup(self, scope: Any, event: Any) -> None:
        await self._database.open()

    async def process_shutdown(self, scope: Any, event: Any) -> None:
        await self._database.close()


class _SafeAnswers:
    """Headers that keep browsers from guessing what an answer is, or keeping it."""

    async def process_response(
        self, req: Request, resp: Response, resource: object, req_succeeded: bool
    ) -> None:
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.set_header("Cache-Control", "no-store")


def build_application(
    database: Database, media_folder: Path | None = None
) -> App[Request, Response]:
    """The API over `database`; estimates look at the sizes of files in `media_folder`."""
    app: App[Request, Response] = App(
        middleware=[_Lifespan(database), _SafeAnswers(), Access(KeyRing(database))]
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
    return app


def application() -> App[Request, Response]:
    """The API as this process's settings say; `backscroll serve` sets DATABASE_URL."""
    settings = load_settings()
    if settings.database_url is None:
        raise RuntimeError("set DATABASE_URL, or start the API with `backscroll serve`")
    # Shorter than the five seconds after which many clients give up waiting for an answer.
    database = Database(settings.database_url, "backscroll api", wait_seconds=2.0)
    return build_application(database, settings.media_folder)
