"""Many requests over few connections to the database: each is answered soon, if with a 503."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.api.access import KeyRing
from app.database import Database, Waited, waited
from app.database_errors import NoConnection
from tests.api.conftest import key_header
from tests.database import Sql

WAIT_SECONDS = 0.5


@asynccontextmanager
async def one_connection(url: str) -> AsyncIterator[Database]:
    database = Database(url, "crowd", size=1, wait_seconds=WAIT_SECONDS)
    await database.open()
    try:
        # To connect takes its time too, which nobody here is to wait for.
        while not database.pool_use().idle:  # noqa: ASYNC110 - the pool tells nobody
            await asyncio.sleep(0.01)
        yield database
    finally:
        await database.close()


def test_requests_that_come_together_with_one_key_ask_for_it_once(
    database_url: str, own_sql: Sql, other_sql: Sql
) -> None:
    key = key_header(database_url)["x-api-key"]

    async def scenario() -> None:
        async with one_connection(database_url) as database:
            keys = KeyRing(database)
            with own_sql.uncommitted():
                own_sql.run("lock table batch.api_keys in access exclusive mode")
                callers = [asyncio.create_task(keys.caller(key)) for _ in range(20)]
                while not other_sql.value(  # noqa: ASYNC110 - the database tells
                    "select count(*) from pg_stat_activity"
                    " where application_name = 'crowd' and wait_event_type = 'Lock'"
                ):
                    await asyncio.sleep(0)
                assert database.pool_use().waiting == 0
                callers.pop().cancel()

            assert {caller.name for caller in await asyncio.gather(*callers) if caller} == {"test"}

    asyncio.run(scenario())


def test_a_key_that_was_being_asked_for_when_one_was_revoked_is_asked_for_again(
    database_url: str, own_sql: Sql, other_sql: Sql
) -> None:
    key = key_header(database_url)["x-api-key"]

    async def scenario() -> None:
        async with one_connection(database_url) as database:
            keys = KeyRing(database)
            before = asyncio.create_task(keys.caller(key))
            await asyncio.sleep(0)
            keys.forget()
            await before
            own_sql.run("update batch.api_keys set revoked_at = now()")

            assert await keys.caller(key) is None

    asyncio.run(scenario())


def test_the_calls_of_a_request_wait_for_connections_no_longer_than_one_may(
    database_url: str,
) -> None:
    async def scenario() -> list[str]:
        async with one_connection(database_url) as database, database.connection():
            waited.set(Waited())
            told = []
            for _ in range(4):
                with pytest.raises(NoConnection) as caught:
                    await database.value("select 1")
                told.append(str(caught.value))
            return told

    all_of_it, *hardly_any = asyncio.run(scenario())

    assert all_of_it == "no connection to be had within 0.5 s"
    assert hardly_any == ["no connection to be had within 0.01 s"] * 3
