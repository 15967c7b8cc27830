"""A pool of connections that gives the one that was used last."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool


class WarmPool(AsyncConnectionPool[AsyncConnection[Any]]):
    """As psycopg's, which lets idle connections take turns.

    Each has a server process of its own, which plans what it is asked for the first time. The one
    that was used last has its plans, and the processor most likely still has them in its caches.
    """

    async def getconn(self, timeout: float | None = None) -> AsyncConnection[Any]:
        # They are taken from the left, and given back on the right.
        self._pool.rotate()
        return await super().getconn(timeout)
