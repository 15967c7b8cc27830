"""Push: how soon a watcher knows that a job's state has changed.

A session pauses and resumes a job. From the moment that its commit has returned to the moment
that the event has come in at a client of the job's stream (Server-Sent Events): with one client,
and with 1,000 clients of one API process, each with a connection of its own. The clients run in
this process, on the same machine, and their own time is in the figure.

Must show: the 99th of 100 under 50 ms with one client, under 250 ms with 1,000.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import uvloop

from bench.bench import Bench
from bench.chats import add_chat, add_messages
from bench.drains import create
from bench.figures import Chart, Figure, Outcome, at_most, median, quantile
from bench.http import api_key, request_head
from bench.programs import TookTooLong, api
from bench.server import BenchDatabase, Session

WATCHERS = 1000
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 20.0
_STATUS = re.compile(rb'"status" ?: ?"(\w+)"')


def run(bench: Bench) -> Outcome:
    watchers = bench.sized(WATCHERS, 5)
    with bench.database("push") as database, database.session() as session:
        chat = add_chat(session)
        add_messages(session, chat, 10)
        # Nobody works on it: it stays as it is put.
        job = create(session, chat)
        session.run("select batch.plan_job(%s)", job)
        key = api_key(session)
        with api(database) as port:
            alone = uvloop.run(_delays(database, port, key, job, 1, bench.sized(200, 4)))
            many = uvloop.run(_delays(database, port, key, job, watchers, bench.sized(40, 4)))
    return Outcome(
        [
            Figure("one watcher, 99th of 100", quantile(alone, 0.99), "ms", at_most(50)),
            Figure("one watcher, median", median(alone), "ms"),
            Figure(f"{watchers:,} watchers, 99th of 100", quantile(many, 0.99), "ms", at_most(250)),
            Figure(f"{watchers:,} watchers, median", median(many), "ms"),
        ],
        [
            Chart(
                "Commit to event, 99th of 100",
                "ms",
                {
                    "Backscroll, one watcher": quantile(alone, 0.99),
                    f"Backscroll, {watchers:,} watchers": quantile(many, 0.99),
                },
            )
        ],
    )


class _Watcher(asyncio.Protocol):
    """A client of the stream: remembers when it first heard of each state.

    It does as little as it can: what a thousand of them do on this machine is in the figure.
    """

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._unfinished = b""
        self._transport: Any = None
        self.heard_at: dict[str, float] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        whole, end, self._unfinished = (self._unfinished + data).rpartition(b"\n\n")
        if end:
            for status in _STATUS.findall(whole):
                self.heard_at.setdefault(status.decode(), now)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _delays(
    database: BenchDatabase, port: int, key: str, job: UUID, count: int, changes: int
) -> list[float]:
    """Milliseconds from each commit to each watcher."""
    request = request_head(f"/api/v1/batch-jobs/{job}/stream", key)
    watchers = [_Watcher(request) for _ in range(count)]
    for watcher in watchers:
        await asyncio.get_running_loop().create_connection(_maker(watcher), "127.0.0.1", port)
    delays: list[float] = []
    with database.session() as session:
        status = session.value("select status from batch.batch_jobs where id = %s", job)
        await _until_all_heard(watchers, status)
        for change in range(changes):
            await asyncio.sleep(PAUSE_SECONDS)
            for watcher in watchers:
                watcher.heard_at.clear()
            call, status = [("pause_job", "paused"), ("resume_job", "processing")][change % 2]
            committed = await asyncio.to_thread(_change, session, call, job)
            await _until_all_heard(watchers, status)
            delays += [(each.heard_at[status] - committed) * 1000 for each in watchers]
    for watcher in watchers:
        watcher.close()
    return delays


def _maker(watcher: _Watcher) -> Callable[[], _Watcher]:
    return lambda: watcher


def _change(session: Session, call: str, job: UUID) -> float:
    """When the commit had returned: told by the thread, which the loop hears of later."""
    session.run(f"select batch.{call}(%s)", job)
    return time.perf_counter()


async def _until_all_heard(watchers: list[_Watcher], status: str) -> None:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while not all(status in each.heard_at for each in watchers):
        if time.perf_counter() > deadline:
            heard = sum(status in each.heard_at for each in watchers)
            raise TookTooLong(f"{heard} of {len(watchers)} watchers heard of {status}")
        await asyncio.sleep(0.002)
