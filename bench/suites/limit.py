"""Limit: the drain beside what PostgreSQL could take on this machine at all.

The bare SQL inserts the same result and media_content rows and updates the same messages, in sets
of 500, each set a transaction, over as many connections as there are worker processes. It does
nothing else: no queue, no files, no events, no rules. It runs before and after Backscroll, and both
count: it takes twice as long at one time as at another.

Must show: the drain reaches at least 0.6 of it. A second figure, without a bar, is for text files
that Backscroll reads as it comes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from bench.bench import Bench, Stopwatch
from bench.chats import add_chat, add_messages, settle
from bench.figures import Chart, Figure, Outcome, at_least
from bench.server import BenchDatabase
from bench.suites import drain

ITEMS = 100_000
SET = 500

RESULTS = """
insert into batch.item_results (
  job_id, seq, status, provider, model, cost_usd, tokens_used, processing_ms, worker_id,
  started_at, finished_at
)
select %(job_id)s, r.seq, 'processed', 'local', 'bench', 0, 0, 0, 1, now(), now()
from unnest(%(seqs)s::int[]) as r (seq)
"""
CONTENTS = """
insert into public.media_content (
  media_id, processing_type, content, model, provider, tokens_used, cost_usd, batch_job_id,
  processing_time_ms
)
select r.message_id, 'extraction', r.content, 'bench', 'local', 0, 0, %(job_id)s, 0
from unnest(%(message_ids)s::uuid[], %(texts)s::text[]) as r (message_id, content)
"""
MESSAGES = """
update public.messages as m
set document_extraction = r.content, updated_at = now() at time zone 'utc'
from unnest(%(message_ids)s::uuid[], %(texts)s::text[]) as r (message_id, content)
where m.id = r.message_id
"""
JOB = "00000000-0000-0000-0000-000000000001"


def run(bench: Bench) -> Outcome:
    items = bench.sized(ITEMS, 1000)
    before = _bare_seconds(bench, items)
    drained = drain.backscroll_items_a_second(bench, items)
    read = drain.backscroll_items_a_second(bench, items, settings={})
    bare = 2 * items / (before + _bare_seconds(bench, items))
    return Outcome(
        [
            Figure("bare SQL in sets of 500", bare, "items/s"),
            Figure("Backscroll", drained, "items/s"),
            Figure("drain of the bare SQL", drained / bare, "", at_least(0.6)),
            Figure("Backscroll, text files that it reads itself", read, "items/s"),
            Figure("likewise of the bare SQL", read / bare, ""),
        ],
        [
            Chart(
                "The same rows, with and without a service around them",
                "items/s",
                {
                    "bare SQL in sets of 500": bare,
                    "Backscroll": drained,
                    "Backscroll, text files": read,
                },
            )
        ],
        [f"{items:,} items, {drain.WORKERS} connections"],
    )


def _bare_seconds(bench: Bench, items: int) -> float:
    with bench.database("limit") as database, database.session() as session:
        add_messages(session, add_chat(session), items)
        ids = [
            message_id
            for (message_id,) in session.rows(
                "select id from public.messages order by platform_timestamp desc, id desc"
            )
        ]
        settle(session)
        share = -(-items // drain.WORKERS)
        with ThreadPoolExecutor(drain.WORKERS) as threads:
            watch = Stopwatch()
            shares = [
                threads.submit(_write, database, first, ids[first : first + share])
                for first in range(0, items, share)
            ]
            for done in shares:
                done.result()
            return watch.seconds


def _write(database: BenchDatabase, first: int, ids: list[object]) -> None:
    with database.session() as session:
        for start in range(0, len(ids), SET):
            some = ids[start : start + SET]
            values = {
                "job_id": JOB,
                "seqs": list(range(first + start + 1, first + start + len(some) + 1)),
                "message_ids": some,
                "texts": ["a" * 200] * len(some),
            }
            with session.connection.transaction():
                for statement in (RESULTS, CONTENTS, MESSAGES):
                    session.connection.execute(statement.encode(), values)
