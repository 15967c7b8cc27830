"""The API with one route more, as cheap as a route can be that asks the database: a row by its key.

It passes through the same server, middleware, access check and pool as `/status`, which is
measured against it. `gunicorn --config gunicorn.conf.py bench.row_route:application()`.
"""

from __future__ import annotations

from falcon.asgi import Request, Response

from app.api import application as real
from app.api.observed import ObservedApp
from app.database import Database
from app.settings import Settings

PATH = "/bench/rows/{id}"


class Row:
    """One row of a table of our own, selected by its primary key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get(self, req: Request, resp: Response, id: str) -> None:  # noqa: A002
        """The row as JSON."""
        resp.text = await self._database.value(
            "select row_to_json(r)::text from public.instances as r where r.id = %s", [id]
        )
        resp.content_type = "application/json"


def application() -> ObservedApp:
    """As `app.api.application.application`, over the same pool."""
    build = real.build_application

    def with_row(database: Database, settings: Settings | None = None) -> ObservedApp:
        app = build(database, settings)
        app.add_route(PATH, Row(database))
        return app

    real.build_application = with_row
    try:
        return real.application()
    finally:
        real.build_application = build
