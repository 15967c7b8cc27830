"""WarmPool: the connection that was used last is given again."""

from __future__ import annotations

import asyncio

from app.database import Database

BACKEND = "select pg_backend_pid()"


def test_of_several_idle_connections_the_one_that_was_used_last_is_used_again(
    database_url: str,
) -> None:
    async def main() -> tuple[list[int], list[int]]:
        database = Database(database_url, "tests", size=3)
        await database.open()
        async with database.connection(), database.connection(), database.connection():
            pass  # All three are there, and idle from here on.
        alone = [await database.value(BACKEND) for _ in range(4)]
        async with database.connection():
            beside = [await database.value(BACKEND) for _ in range(4)]
        await database.close()
        return alone, beside

    alone, beside = asyncio.run(main())

    assert len(set(alone)) == 1
    assert len(set(beside)) == 1
    assert alone[0] != beside[0]
