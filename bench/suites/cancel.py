"""Cancel: how long what was in hand still takes.

A job whose items take half a second each has its 8 lanes busy on two workers. From the commit of
the cancel to the moment when nothing of the job is in hand any more and all is recorded.

Must show: less than 1 s above the items' own length, in each of ten rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from bench.bench import Bench, Stopwatch
from bench.chats import add_chat, add_messages, write_files
from bench.drains import create, is_over
from bench.figures import Figure, Outcome, at_most, median
from bench.programs import awaited, workers
from bench.server import Session

ITEM_SECONDS = 0.5
ROUNDS = 10
LANES = 8
SLOW = {
    "BACKSCROLL_DOCUMENT_CHAIN": "bench-slow",
    "BACKSCROLL_DOCUMENT_PROCESSES": "64",
    "BACKSCROLL_CONCURRENCY": "64",
    "BENCH_ITEM_SECONDS": str(ITEM_SECONDS),
}


def run(bench: Bench) -> Outcome:
    rounds = bench.sized(ROUNDS, 2)
    above, began_late = [], 0
    with (
        bench.database("cancel") as database,
        bench.media() as media,
        database.session() as session,
    ):
        begun = media / "begun"
        begun.touch()
        write_files(media, 2000)
        chat = add_chat(session)
        add_messages(session, chat, 2000)
        with workers(database, 2, media, {**SLOW, "BENCH_BEGUN": str(begun)}):
            for _ in range(rounds):
                job = create(session, chat, force=True)
                begun.write_text("")
                awaited(
                    _is_busy(session, job),
                    "the lanes do not get busy",
                )
                session.run("select batch.cancel_job(%s)", job)
                watch, committed = Stopwatch(), time.time()
                awaited(is_over(session, job), "the cancelled job does not end", every=0.002)
                above.append(watch.seconds - ITEM_SECONDS)
                began_late += sum(
                    float(line) > committed for line in begun.read_text().splitlines()
                )
    return Outcome(
        [
            Figure("cancel to last item, above its length, worst", max(above), "s", at_most(1)),
            Figure("likewise, median", median(above), "s"),
            Figure("items begun after the commit was known, in all", began_late, ""),
        ],
        notes=[f"items of {ITEM_SECONDS:g} s, {LANES} lanes, two workers, {rounds} rounds"],
    )


def _is_busy(session: Session, job: UUID) -> Callable[[], bool]:
    """Whether all lanes have a slice in hand, and some items have ended."""
    return lambda: bool(
        session.value(
            "select count(*) = %s and exists ("
            "  select from batch.item_results as r where r.job_id = %s"
            ") from batch.slices as s where s.job_id = %s and s.state = 'running'",
            LANES,
            job,
            job,
        )
    )
