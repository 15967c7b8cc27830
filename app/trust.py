"""Trust in connections that worked a moment ago: to ask them takes a round trip a call."""

from __future__ import annotations

import select
import time
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection


class Trust:
    """Which connections were used within so many seconds: they need not be asked if they work."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._used: WeakKeyDictionary[AsyncConnection[Any], float] = WeakKeyDictionary()

    def note(self, connection: AsyncConnection[Any]) -> None:
        """The connection was used now."""
        self._used[connection] = time.monotonic()

    def holds(self, connection: AsyncConnection[Any]) -> bool:
        """Whether it was just now, and its server has not hung up since, as far as is known here.

        That takes no round trip: whoever hangs up, and whoever says why, is heard.
        """
        used = self._used.get(connection)
        if used is None or time.monotonic() - used >= self._seconds:
            return False
        line = select.poll()
        line.register(connection.fileno(), select.POLLIN)
        return not line.poll(0)
