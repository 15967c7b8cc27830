"""Listening that goes on when the database comes back."""

from __future__ import annotations

import asyncio
import logging

import psycopg
import pytest

from app.database_errors import DatabaseAway
from app.listening import listen


async def heard_until(url: str, on_connected: list[Exception | None]) -> None:
    """Listens until it has been connected so often; each time what the list has is raised."""
    done = asyncio.Event()

    async def connected() -> None:
        outcome = on_connected.pop(0)
        if not on_connected:
            done.set()
        if outcome is not None:
            raise outcome

    async def ignore(channel: str, payload: str) -> None:
        raise AssertionError(f"nobody notified, {channel} {payload}")

    listening = asyncio.create_task(listen(url, ["nothing"], ignore, connected))
    await asyncio.wait_for(done.wait(), 30)
    await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait([listening])


def test_it_says_that_it_listens_again(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app.listening")

    asyncio.run(heard_until(database_url, [DatabaseAway("gone"), None]))

    assert [record.getMessage() for record in caplog.records] == [
        "cannot listen on nothing, trying again: gone",
        "listening on nothing again",
    ]


def test_a_standby_is_one_that_it_tries_again(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It says that LISTEN cannot be executed during recovery."""
    caplog.set_level(logging.INFO, "app.listening")

    asyncio.run(heard_until(database_url, [psycopg.errors.ReadOnlySqlTransaction("no"), None]))

    assert [record.getMessage() for record in caplog.records] == [
        "cannot listen on nothing, trying again: no",
        "listening on nothing again",
    ]


def test_it_claims_that_only_where_it_can(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app.listening")

    asyncio.run(heard_until(database_url, [DatabaseAway("not migrated")] * 2))

    assert not [record for record in caplog.records if record.levelno == logging.INFO]
