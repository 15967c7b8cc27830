"""Cancel: how long what was in hand still takes.

A job whose items take half a second each has its 8 lanes busy on two workers. From the commit of
the cancel to the moment when nothing of the job is in hand any more and all is recorded.

Must show: less than 1 s above the items' own length, in each of ten rounds.
"""

from __future__ import annotations

from bench.bench import Bench, Stopwatch
from bench.chats import add_chat, add_messages, write_files
from bench.drains import create, is_over
from bench.figures import Figure, Outcome, at_most, median
from bench.programs import awaited, workers

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
        write_files(media, 2000)
        chat = add_chat(session)
        add_messages(session, chat, 2000)
        with workers(database, 2, media, SLOW):
            for _ in range(rounds):
                job = create(session, chat, force=True)
                awaited(
                    lambda job=job: (
                        session.value(
                            "select count(*) from batch.slices where job_id = %s"
                            " and state = 'running'",
                            job,
                        )
                        == LANES
                        and session.value(
                            "select count(*) > 0 from batch.item_results where job_id = %s", job
                        )
                    ),
                    "the lanes do not get busy",
                )
                session.run("select batch.cancel_job(%s)", job)
                watch = Stopwatch()
                awaited(is_over(session, job), "the cancelled job does not end", every=0.002)
                above.append(watch.seconds - ITEM_SECONDS)
                began_late += session.value(
                    "select count(*) from batch.item_results as r join batch.jobs as j"
                    " on j.id = r.job_id where r.job_id = %s and r.started_at > j.completed_at",
                    job,
                )
    return Outcome(
        [
            Figure("cancel to last item, above its length, worst", max(above), "s", at_most(1)),
            Figure("likewise, median", median(above), "s"),
            Figure("items begun after the commit", began_late, "", at_most(0)),
        ],
        notes=[f"items of {ITEM_SECONDS:g} s, {LANES} lanes, two workers, {rounds} rounds"],
    )
