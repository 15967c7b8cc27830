"""The gate before providers: limits in the database hold over all workers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from app.database import Database
from tests.database import Sql
from workers.provider_gate import ProviderGate
from workers.providers.errand import Errand, NotWanted


def with_gates(
    url: str, workers: list[int], run: Callable[[list[ProviderGate]], Awaitable[None]]
) -> None:
    """Runs `run` with the gates of several workers, each with connections of its own."""

    async def main() -> None:
        databases = [Database(url, "gate", size=2) for _ in workers]
        for database in databases:
            await database.open()
        try:
            await run([
                ProviderGate(database, worker)
                for database, worker in zip(databases, workers, strict=True)
            ])  # fmt: skip
        finally:
            for database in databases:
                await database.close()

    asyncio.run(main())


def limit(sql: Sql, requests_per_minute: int | None, max_in_flight: int | None) -> None:
    sql.run(
        "insert into batch.provider_limits values ('groq', %s, %s)",
        requests_per_minute, max_in_flight,
    )  # fmt: skip


def test_requests_in_flight_never_exceed_the_limit_of_all_workers(
    own_sql: Sql, database_url: str
) -> None:
    limit(own_sql, None, 3)
    in_flight, most, done = 0, 0, 0

    async def run(gates: list[ProviderGate]) -> None:
        async def ask(gate: ProviderGate) -> None:
            nonlocal in_flight, most, done
            async with gate.share("groq"):
                in_flight += 1
                most = max(most, in_flight)
                await asyncio.sleep(0.005)
                in_flight -= 1
                done += 1

        await asyncio.gather(*(ask(gate) for gate in gates for _ in range(15)))

    with_gates(database_url, [own_sql.worker(), own_sql.worker()], run)

    assert done == 30
    assert 1 <= most <= 3


def test_an_item_that_is_not_wanted_any_more_takes_no_share(
    own_sql: Sql, database_url: str
) -> None:
    limit(own_sql, None, 1)
    passed: list[str] = []

    async def run(gates: list[ProviderGate]) -> None:
        (gate,) = gates
        are_wanted = True

        async def ask(name: str, is_wanted: Callable[[], bool]) -> None:
            with Errand(0, is_wanted):
                async with gate.share("groq"):
                    passed.append(name)

        async with gate.share("groq"):
            paused = [asyncio.create_task(ask("paused", lambda: are_wanted)) for _ in range(3)]
            other = asyncio.create_task(ask("other", lambda: True))
            await asyncio.sleep(0.05)
            are_wanted = False
        for each in paused:
            with pytest.raises(NotWanted):
                await each
        await other

    with_gates(database_url, [own_sql.worker()], run)

    assert passed == ["other"]


def test_requests_a_minute_are_spread_over_all_workers(own_sql: Sql, database_url: str) -> None:
    limit(own_sql, 600, None)
    took = 0.0

    async def run(gates: list[ProviderGate]) -> None:
        async def ask(gate: ProviderGate) -> None:
            async with gate.share("groq"):
                pass

        nonlocal took
        began = time.monotonic()  # before the first is let through: that may be heard of late
        await asyncio.gather(*(ask(gate) for gate in gates for _ in range(10)))
        took = time.monotonic() - began

    with_gates(database_url, [own_sql.worker(), own_sql.worker()], run)

    # One at once, and ten a second for the other nineteen: no machine is fast enough to beat it.
    assert took >= 1.9


def test_without_a_limit_the_database_is_hardly_asked(own_sql: Sql, database_url: str) -> None:
    worker = own_sql.worker()

    async def run(gates: list[ProviderGate]) -> None:
        for _ in range(200):
            async with gates[0].share("groq"):
                pass

    began = time.monotonic()
    with_gates(database_url, [worker], run)

    leases = own_sql.rows("select in_flight from batch.provider_leases")
    assert len(leases) == 1
    assert time.monotonic() - began < 30


def test_a_request_that_is_given_up_frees_its_share(own_sql: Sql, database_url: str) -> None:
    limit(own_sql, None, 1)

    async def run(gates: list[ProviderGate]) -> None:
        gate = gates[0]
        async with gate.share("groq"):
            waiting = asyncio.create_task(_hold(gate))
            await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.wait_for(_hold(gate), 20)

    with_gates(database_url, [own_sql.worker()], run)


def test_a_share_granted_to_somebody_who_is_gone_comes_back(
    own_sql: Sql, database_url: str
) -> None:
    limit(own_sql, None, 1)

    async def run(gates: list[ProviderGate]) -> None:
        gate = gates[0]
        async with gate.share("groq"):
            asking = asyncio.create_task(_hold(gate))
            await asyncio.sleep(0)
            # in one moment: the database grants it, and its job is cancelled
            gate._lines["groq"]._hand_out(1, is_limited=True)
            asking.cancel()
            await asyncio.wait([asking])
        await asyncio.wait_for(_hold(gate), 10)

    with_gates(database_url, [own_sql.worker()], run)


def test_a_hint_holds_back_the_other_workers(own_sql: Sql, database_url: str) -> None:
    async def run(gates: list[ProviderGate]) -> None:
        hinting, other = gates
        began = time.monotonic()
        await hinting.wait_hint("groq", 0.5)
        await asyncio.wait_for(_hold(other), 20)
        assert time.monotonic() - began >= 0.5

    with_gates(database_url, [own_sql.worker(), own_sql.worker()], run)


async def _hold(gate: ProviderGate) -> None:
    async with gate.share("groq"):
        pass
