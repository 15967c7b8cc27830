"""Trust: a connection that was used a moment ago is looked at, and not asked."""

from __future__ import annotations

import asyncio

import pytest
from psycopg_pool import AsyncConnectionPool

from app.database import Database
from tests.database import open_sql

BACKEND = "select pg_backend_pid()"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The connections that are asked whether they work."""
    connections: list[object] = []
    ask = AsyncConnectionPool.check_connection

    async def check_connection(connection: object) -> None:
        connections.append(connection)
        await ask(connection)

    monkeypatch.setattr(AsyncConnectionPool, "check_connection", check_connection)
    return connections


@pytest.mark.parametrize(("trusted_seconds", "times"), [(0.0, 3), (60.0, 1)])
def test_a_connection_is_asked_once_while_it_is_used(
    database_url: str, asked: list[object], trusted_seconds: float, times: int
) -> None:
    async def main() -> None:
        database = Database(database_url, "tests", size=1, trusted_seconds=trusted_seconds)
        await database.open()
        for _ in range(3):
            await database.value(BACKEND)
        await database.close()

    asyncio.run(main())

    assert len(asked) == times


def test_one_that_its_server_has_ended_is_replaced_though_it_was_used_just_now(
    database_url: str,
) -> None:
    async def main() -> tuple[int, int]:
        database = Database(database_url, "tests", size=1, trusted_seconds=60)
        await database.open()
        first = await database.value(BACKEND)
        with open_sql(database_url) as sql:
            # It waits until the backend has gone, and so has hung up.
            assert sql.value("select pg_terminate_backend(%s, 60000)", first)
        second = await database.value(BACKEND)
        await database.close()
        return first, second

    first, second = asyncio.run(main())

    assert first != second
