"""A pool of connections to the database, on which SQL functions are called.

Every rule lives in those functions. What they refuse is raised as `app.database_errors` says.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from app.connecting import SESSIONLESS, connection_string
from app.database_errors import NoConnection, TookTooLong, understood
from app.trust import Trust
from app.warm_pool import WarmPool

_TRY_SECONDS = 1.0

SILENCE_SECONDS: Final = 10.0
"""So long the API waits for a database that answers nobody, and shows all signs of life: a frozen
one does, since it is the system that gives them."""

_IDLE_TRANSACTION = "5s"


@dataclass(frozen=True)
class PoolUse:
    """Connections of a pool that are busy and idle, and calls that wait for one."""

    busy: int
    idle: int
    waiting: int


@dataclass
class Waited:
    """Seconds that a request has waited for connections so far.

    Each of its calls takes one. Where all are busy, waiting as long for every one of them would
    make an answer come after its client has left.
    """

    seconds: float = 0.0

    @contextmanager
    def counting(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds += time.monotonic() - began


waited: ContextVar[Waited | None] = ContextVar("waited", default=None)
"""Of the request that this task answers; None: each call waits as long as the pool allows."""

_LEAST_WAIT_SECONDS = 0.01
_LOCK_WAIT = "3s"


class Database:
    """A pool of connections, opened by `open` and closed by `close`."""

    def __init__(
        self,
        url: str,
        application_name: str,
        *,
        size: int = 10,
        wait_seconds: float = 5.0,
        statement_seconds: float = 0,
        silence_seconds: float = 0,
        trusted_seconds: float = 0,
    ) -> None:
        """`statement_seconds`: so long a connection may be used; 0: as long as it is.
        `silence_seconds`: so long it is used while the server answers nobody; 0: likewise.
        `trusted_seconds`: so long after it was used it is used again without asking whether it
        still works, which takes as long as a short call. It is for those who call again if not.

        Told to the server, the limit would belong to a session that a pooler gives to others.
        """
        self.conninfo = connection_string(url, application_name)
        self._wait_seconds = wait_seconds
        self._statement_seconds = statement_seconds or None
        self._silence_seconds = silence_seconds or None
        self._trust = Trust(trusted_seconds)
        self._pool = WarmPool(
            self.conninfo,
            min_size=1,
            max_size=size,
            timeout=wait_seconds,
            # A later try comes with a later request: see `_take`.
            reconnect_timeout=_TRY_SECONDS,
            kwargs=dict(SESSIONLESS),
            check=self._check,
            name=application_name,
            open=False,
        )

    async def open(self) -> None:
        """Begins to connect, without waiting for the database to be there."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close()

    def pool_use(self) -> PoolUse:
        """How the pool is used now."""
        stats = self._pool.get_stats()
        idle = stats.get("pool_available", 0)
        return PoolUse(
            busy=stats.get("pool_size", 0) - idle,
            idle=idle,
            waiting=stats.get("requests_waiting", 0),
        )

    async def _check(self, connection: AsyncConnection[Any]) -> None:
        """Notices what broke while it lay in the pool; that mostly happens to all of them at once.

        Who waits for a connection has not asked for anything yet, and need not wait as long as the
        system does for a server that may be gone.
        """
        if self._trust.holds(connection):
            return
        loop = asyncio.get_running_loop()
        is_late = loop.call_later(self._wait_seconds, _hang_up, connection)
        try:
            await WarmPool.check_connection(connection)
        except psycopg.OperationalError:
            await self._pool.drain()
            raise
        finally:
            is_late.cancel()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection in autocommit mode. Raises what `understood` does."""
        so_far = waited.get() or Waited()
        wait = max(self._wait_seconds - so_far.seconds, _LEAST_WAIT_SECONDS)
        with understood():
            async with AsyncExitStack() as held:
                with so_far.counting():
                    connection = await self._take(held, wait)
                # What runs on the server when the time is up is cancelled there too.
                async with self._watched(connection), self._in_time():
                    try:
                        yield connection
                    except psycopg.errors.ReadOnlySqlTransaction:
                        # A new one may lead to another server, or begin as one that may write.
                        await connection.close()
                        raise
                self._trust.note(connection)

    async def _take(self, held: AsyncExitStack, wait_seconds: float) -> AsyncConnection[Any]:
        """A connection of the pool, asked for anew every second.

        The pool's own tries grow rarer the longer the database is away, or connections break: it
        would be missed for as long again, and a worker be taken for dead meanwhile.
        """
        deadline = time.monotonic() + wait_seconds
        while True:
            left = deadline - time.monotonic()
            taking = self._pool.connection(max(0.0, min(left, _TRY_SECONDS)))
            try:
                return await held.enter_async_context(taking)
            except PoolTimeout as error:
                if left <= _TRY_SECONDS:
                    raise NoConnection(
                        f"no connection to be had within {wait_seconds:g} s"
                    ) from error

    @asynccontextmanager
    async def _watched(self, connection: AsyncConnection[Any]) -> AsyncIterator[None]:
        if self._silence_seconds is None:
            yield
            return
        watching = asyncio.create_task(self._hang_up_on_silence(connection, self._silence_seconds))
        try:
            yield
        finally:
            watching.cancel()

    async def _hang_up_on_silence(
        self, connection: AsyncConnection[Any], silence_seconds: float
    ) -> None:
        """Asks the server for another connection, again and again, until it does not answer.

        Nothing else tells one that is slow from one that is frozen.
        """
        patience = silence_seconds / 2
        while True:
            await asyncio.sleep(patience)
            try:
                async with asyncio.timeout(patience):
                    asked = await AsyncConnection.connect(
                        self.conninfo,
                        host=connection.info.host,
                        hostaddr=connection.info.hostaddr,
                        port=connection.info.port,
                        connect_timeout=math.ceil(silence_seconds),
                    )
            except TimeoutError:
                _hang_up(connection)
                return
            except psycopg.OperationalError:
                continue  # It refuses, which is an answer too.
            await asked.close()

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        limit = asyncio.timeout(self._statement_seconds)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TookTooLong(f"given up after {self._statement_seconds:g} s") from error

    async def value(
        self, query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> Any:
        """The first column of the first row, or None if there is no row."""
        async with self.connection() as connection:
            return await _first_value(connection, query, parameters)

    async def rows(
        self, query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        async with self.connection() as connection:
            return await (await connection.execute(query, parameters)).fetchall()

    @asynccontextmanager
    async def transaction(self, actor: str | None = None) -> AsyncIterator[Transaction]:
        """Queries that take effect together or not at all. `actor`: who a job's events name.

        The server ends it when nothing more comes: what it has locked would else be locked for as
        long as the server takes a client for alive that was cut off or is frozen. Of an actor, who
        may have gone by then, none waits longer for a lock than `_LOCK_WAIT`.
        """
        async with self.connection() as connection, connection.transaction():
            settings = {"idle_in_transaction_session_timeout": _IDLE_TRANSACTION}
            if actor is not None:
                settings |= {"batch.actor": actor, "lock_timeout": _LOCK_WAIT}
            await connection.execute(
                "select set_config(s.name, s.value, true)"
                " from unnest(%s::text[], %s::text[]) as s (name, value)",
                [list(settings), list(settings.values())],
            )
            yield Transaction(connection)


class Transaction:
    """An open transaction; it ends with the block that `Database.transaction` gave it to."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def value(
        self, query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> Any:
        """The first column of the first row, or None if there is no row."""
        return await _first_value(self._connection, query, parameters)

    async def row(
        self, query: LiteralString, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> tuple[Any, ...]:
        """The only row. Raises LookupError if there is none."""
        row = await (await self._connection.execute(query, parameters)).fetchone()
        if row is None:
            raise LookupError("the query has no row")
        return tuple(row)


def _hang_up(connection: AsyncConnection[Any]) -> None:
    """Whoever waits for the connection is told that it is broken.

    Cancelling what it does would ask the server, over another connection, to end it.
    """
    with (
        contextlib.suppress(OSError, psycopg.OperationalError),
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


async def _first_value(
    connection: AsyncConnection[Any],
    query: LiteralString,
    parameters: Sequence[Any] | Mapping[str, Any],
) -> Any:
    row = await (await connection.execute(query, parameters)).fetchone()
    return row[0] if row else None
