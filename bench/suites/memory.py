"""Memory: what a worker holds does not depend on how large a job is.

One worker, whose items take no time, runs jobs of 10, 10,000 and 1,000,000 items; its own memory
(RSS) at the highest of each. All messages name one file, and the jobs are forced, so that a million
files need not be made. The largest job is looked at for 25 seconds, then cancelled: what a worker
holds is what it has in hand.

Must show: flat within 10% from the first to the last.
"""

from __future__ import annotations

import time

from bench.bench import Bench
from bench.chats import add_chat, add_messages, settle, without_indexes
from bench.drains import INSTANT, create, drain, is_over, processed_items, warm_up
from bench.figures import Chart, Figure, Outcome, at_most
from bench.programs import awaited, workers
from bench.suites.slow_provider import highest_memory

SIZES = (10, 10_000, 1_000_000)
SECONDS = 25.0


def run(bench: Bench) -> Outcome:
    sizes = [bench.sized(size, 10) for size in SIZES]
    held: dict[str, float] = {}
    ended = 0
    with (
        bench.database("memory") as database,
        bench.media() as media,
        database.session() as session,
    ):
        (media / "one.txt").write_text("the file of all messages")
        chats = [add_chat(session) for _ in sizes]
        with without_indexes(session):
            for chat, size in zip(chats, sizes, strict=True):
                add_messages(session, chat, size, path="'one.txt'")
        settle(session)
        with workers(database, 1, media, INSTANT) as (worker,):
            warm_up(session, add_chat(session), media)
            for chat, size in zip(chats, sizes, strict=True):
                with highest_memory(worker) as highest:
                    if size < 100_000:
                        drain(session, chat, force=True)
                        time.sleep(0.3)  # for the watch to look once more
                    else:
                        job = create(session, chat, force=True)
                        time.sleep(SECONDS)
                        session.run("select batch.cancel_job(%s)", job)
                        awaited(is_over(session, job), "the cancelled job does not end")
                        ended = processed_items(session, job)
                held[f"a job of {size:,} items"] = highest[0]
    first, *_, last = held.values()
    return Outcome(
        [
            *(Figure(name, value, "MB") for name, value in held.items()),
            Figure("from the first to the last", last / first, "times", at_most(1.1)),
        ],
        [
            Chart(
                "Memory of one worker (RSS)",
                "MB",
                {f"Backscroll, {name}": value for name, value in held.items()},
            )
        ],
        [f"the largest job had ended {ended:,} items when it was cancelled"] if ended else (),
    )
