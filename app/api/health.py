"""`/healthz`: this process lives. `/readyz`: the database is there and migrated."""

from __future__ import annotations

import psycopg
from falcon.asgi import Request, Response

from app import __version__
from app.api.problems import NOT_MIGRATED, answer_unavailable
from app.api.requests import answer_json
from app.database import Database


class Health:
    is_open = True

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get_alive(self, req: Request, resp: Response) -> None:
        answer_json(resp, '{"status": "ok"}')

    async def on_get_ready(self, req: Request, resp: Response) -> None:
        """503 while the database is away, or holds an older release or none."""
        try:
            installed = await self._database.value("select batch.installed_version()")
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
            installed = None
        if installed is None or _release(installed) < _release(__version__):
            answer_unavailable(resp, NOT_MIGRATED)
        else:
            answer_json(resp, '{"status": "ready"}')

    on_head_alive = on_get_alive
    on_head_ready = on_get_ready


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
