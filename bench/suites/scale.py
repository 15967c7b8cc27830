"""Scale: the same work with 1, 2 and 4 worker processes.

Voice notes that a provider takes a second each for, 25 in flight a worker: what adds up is
waiting, so twice the workers should take half the time. It is a second on average, a quarter more
or less: if all took exactly as long they would come in few waves, and whether the last items need
one of their own would say more than what is measured. And documents that a parser works on, which
need a core each: how far they scale is up to the machine's cores, so they have no bar.

Must show: 1.9 times from one worker to two with the slow provider.
"""

from __future__ import annotations

from pathlib import Path

from bench.bench import Bench
from bench.chats import add_chat, add_messages, settle
from bench.documents import letter
from bench.drains import drain
from bench.figures import Chart, Figure, Outcome, at_least
from bench.programs import workers
from bench.server import BenchDatabase
from bench.slow_provider import SlowProvider
from bench.suites.slow_provider import VOICE_NOTES, ask_about

WORKERS = (1, 2, 4)
NOTES = 800
IN_FLIGHT = 25
SPREAD = 0.25
DOCUMENTS = 120


def run(bench: Bench) -> Outcome:
    notes, documents = bench.sized(NOTES, 20), bench.sized(DOCUMENTS, 10)
    waited, parsed = {}, {}
    with bench.database("scale") as database, bench.media() as media:
        for count in WORKERS:
            waited[count] = notes / _slow_provider(database, media, count, notes)
            parsed[count] = documents / _documents(database, media, count, documents)
    return Outcome(
        [
            *(Figure(f"slow provider, {n} workers", rate, "items/s") for n, rate in waited.items()),
            Figure("slow provider, 1 to 2 workers", waited[2] / waited[1], "times", at_least(1.9)),
            Figure("slow provider, 1 to 4 workers", waited[4] / waited[1], "times"),
            *(Figure(f"documents, {n} workers", rate, "items/s") for n, rate in parsed.items()),
            Figure("documents, 1 to 2 workers", parsed[2] / parsed[1], "times"),
        ],
        [
            Chart(
                "Items a second that a provider takes a second each for",
                "items/s",
                {f"Backscroll, {n} workers": rate for n, rate in waited.items()},
            )
        ],
        [
            f"{notes} voice notes, {IN_FLIGHT} in flight a worker, a second each on average;"
            f" {documents} pdf files of ten pages"
        ],
    )


def _slow_provider(database: BenchDatabase, media: Path, count: int, notes: int) -> float:
    settings = {"BACKSCROLL_CONCURRENCY": str(IN_FLIGHT)}
    with (
        SlowProvider(1.0, spread=SPREAD) as provider,
        database.session() as session,
        workers(database, count, media, {**provider.settings, **settings}),
    ):
        ask_about(VOICE_NOTES, session, media, 8 * count, f"warm-{count}")
        return ask_about(VOICE_NOTES, session, media, notes, f"note-{count}")


def _documents(database: BenchDatabase, media: Path, count: int, documents: int) -> float:
    # A parser each, so that it is the workers that are counted.
    settings = {"BACKSCROLL_DOCUMENT_PROCESSES": "1"}
    with (
        database.session() as session,
        workers(database, count, media, settings),
    ):
        for name, some in (("warm", 4 * count), ("letter", documents)):
            for n in range(1, some + 1):
                (media / f"{name}-{count}-{n}.pdf").write_bytes(
                    letter(f"{name} {count} {n}", pages=10)
                )
            chat = add_chat(session)
            add_messages(
                session,
                chat,
                some,
                mime_type="application/pdf",
                path=f"'{name}-{count}-' || n || '.pdf'",
            )
            settle(session)
            job_id, seconds = drain(session, chat)
            done = session.value(
                "select processed_items from batch.batch_jobs where id = %s", job_id
            )
            assert done == some, f"{done} of {some} documents"
    return seconds
