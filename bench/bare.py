"""The bare SQL: the rows of an item, written by nothing but the statements that write them.

Each set of 500 items is a transaction of three statements: their results and `media_content` rows
are inserted, their messages updated. No queue, no files, no events, no rules.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from bench.bench import Bench, Stopwatch
from bench.chats import add_chat, add_messages, settle
from bench.server import BenchDatabase

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


def bare_seconds(bench: Bench, items: int, connections: int) -> float:
    """How long so many items take, shared out among the connections."""
    with bench.database("bare") as database, database.session() as session:
        add_messages(session, add_chat(session), items)
        ids = [
            message_id
            for (message_id,) in session.rows(
                "select id from public.messages order by platform_timestamp desc, id desc"
            )
        ]
        settle(session)
        share = -(-items // connections)
        with ThreadPoolExecutor(connections) as threads:
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
