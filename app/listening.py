"""LISTEN that does not give up: one direct connection that is made again whenever it breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql

from app.connecting import connection_string
from app.database_errors import DatabaseAway

logger = logging.getLogger(__name__)

_LONGEST_PAUSE = 5.0


async def listen(
    url: str,
    channels: Iterable[str],
    on_notification: Callable[[str, str], Awaitable[None]],
    on_connected: Callable[[], Awaitable[None]] | None = None,
    on_state: Callable[[bool], None] | None = None,
) -> None:
    """Calls `on_notification(channel, payload)` for every notification, until cancelled.

    After each (re)connection `on_connected` is called: what was notified while the connection
    was away is lost, and is to be looked up. `on_state` is told when it listens and when it does
    not, also when one of the others raises DatabaseAway. Needs a direct connection: transaction
    poolers break LISTEN.
    """
    channels = tuple(channels)
    pause, is_away = 0.1, False
    while True:
        try:
            async with await AsyncConnection.connect(
                connection_string(url, "backscroll listen"), autocommit=True
            ) as connection:
                await _listen_on(connection, channels)
                if on_state is not None:
                    on_state(True)
                if on_connected is not None:
                    await on_connected()
                if is_away:
                    logger.info("listening on %s again", ", ".join(channels))
                    is_away = False
                pause = 0.1
                async for notification in connection.notifies():
                    await on_notification(notification.channel, notification.payload)
        except (
            psycopg.OperationalError,
            psycopg.errors.ReadOnlySqlTransaction,  # a standby
            DatabaseAway,
        ) as error:
            logger.warning("cannot listen on %s, trying again: %s", ", ".join(channels), error)
            is_away = True
        finally:
            if on_state is not None:
                on_state(False)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _listen_on(connection: AsyncConnection[Any], channels: Iterable[str]) -> None:
    for channel in channels:
        await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
