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


@pytest.mark.parametrize(
    "reason",
    [
        DatabaseAway("gone"),
        psycopg.errors.ReadOnlySqlTransaction("cannot execute LISTEN during recovery"),
    ],
)
def test_it_says_that_it_listens_again(
    database_url: str, caplog: pytest.LogCaptureFixture, reason: Exception
) -> None:
    caplog.set_level(logging.INFO, "app.listening")

    asyncio.run(heard_until(database_url, [reason, None]))

    assert [record.getMessage() for record in caplog.records] == [
        f"cannot listen on nothing, trying again: {reason}",
        "listening on nothing again",
    ]


def test_it_claims_that_only_where_it_can(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "app.listening")

    asyncio.run(heard_until(database_url, [DatabaseAway("not migrated")] * 2))

    assert not [record for record in caplog.records if record.levelno == logging.INFO]
