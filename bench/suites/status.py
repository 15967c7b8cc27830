"""Status: what it costs to poll.

Requests a second of `/status` beside a route of the same server, with the same checks, that
selects one row by its key (`bench/row_route.py`), over 16 connections that stay open; both in
turns, so that a busy moment meets both. Once with nothing else to do, once while a job drains. Then
`/status` of a job of 1,000,000 items beside one of ten.

The clients run on the same machine and cores; they cost both routes the same.

Must show: at least 0.7 of the bare row, also while a drain runs; the million-item job takes at most
1.1 times as long as the ten-item job.
"""

from __future__ import annotations

import uvloop

from bench.bench import Bench
from bench.chats import add_chat, add_messages, settle, without_indexes
from bench.drains import INSTANT, create, warm_up
from bench.figures import Chart, Figure, Outcome, at_least, at_most, median
from bench.http import api_key, count_answers
from bench.programs import api, workers
from bench.server import Session

ITEMS = 1_000_000
ROUNDS = 10
SECONDS = 0.5
CONNECTIONS = 16


def run(bench: Bench) -> Outcome:
    items, seconds = bench.sized(ITEMS, 500), max(0.1, SECONDS * min(1.0, bench.scale))
    with (
        bench.database("status") as database,
        bench.media() as media,
        database.session() as session,
    ):
        large, small = add_chat(session), add_chat(session)
        (media / "one.txt").write_text("the file of all messages")
        with without_indexes(session):
            add_messages(session, large, items, path="'one.txt'")
            add_messages(session, small, 10, path="'one.txt'")
        settle(session)
        jobs = [create(session, chat, force=True) for chat in (small, large)]
        for job in jobs:
            session.run("select batch.plan_job(%s)", job)
        ten, million = (f"/api/v1/batch-jobs/{job}/status" for job in jobs)
        row = f"/bench/rows/{large.instance_id}"
        key = api_key(session)
        with api(database, "bench.row_route:application()") as port:

            def rates(*paths: str) -> list[list[float]]:
                return _rates(port, key, paths, seconds)

            rates(row, ten)
            idle_row, idle_status = rates(row, ten)
            of_ten, of_million = rates(ten, million)
            _end_all(session)
            with workers(database, 2, media, INSTANT):
                warm_up(session, add_chat(session), media)
                job = create(session, large, force=True)
                busy_row, busy_status = rates(row, f"/api/v1/batch-jobs/{job}/status")
                left = session.value(
                    "select total_items - processed_items from batch.batch_jobs where id = %s", job
                )
                _end_all(session)
    notes = [f"{items:,} items in the large job, {CONNECTIONS} connections"]
    if left <= 0:
        notes.append("the drain ended before the requests did")
    return Outcome(
        [
            Figure("/status", median(idle_status), "requests/s"),
            Figure("one row by its key", median(idle_row), "requests/s"),
            Figure("/status of the bare row", _ratio(idle_status, idle_row), "", at_least(0.7)),
            Figure("likewise while a job drains", _ratio(busy_status, busy_row), "", at_least(0.7)),
            Figure(
                f"{items:,} items against ten", _ratio(of_ten, of_million), "times", at_most(1.1)
            ),
        ],
        [
            Chart(
                "Requests a second",
                "requests/s",
                {
                    "one row by its key": median(idle_row),
                    "Backscroll, /status": median(idle_status),
                    "one row, while a job drains": median(busy_row),
                    "Backscroll, while a job drains": median(busy_status),
                },
            )
        ],
        notes,
    )


def _rates(port: int, key: str, paths: tuple[str, ...], seconds: float) -> list[list[float]]:
    """Requests a second of each path in each round; the paths take turns."""
    counted: list[list[float]] = [[] for _ in paths]
    for _ in range(ROUNDS):
        for place, path in enumerate(paths):
            counted[place].append(uvloop.run(count_answers(port, key, path, CONNECTIONS, seconds)))
    return counted


def _ratio(these: list[float], those: list[float]) -> float:
    """Of what was measured right after each other, since a busy moment meets both."""
    return median([this / that for this, that in zip(these, those, strict=True)])


def _end_all(session: Session) -> None:
    session.run(
        "select batch.cancel_job(j.id) from batch.batch_jobs as j"
        " where j.status in ('pending', 'processing', 'paused')"
    )
