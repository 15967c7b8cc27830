"""Bloat: what a drain leaves behind, and what somebody's old snapshot costs it.

Bytes an item in each table and its indexes once a job has ended, dead rows, and the same drain
while a session holds a snapshot from before it, as a forgotten transaction or a long report does.

Must show: at most 20% slower with the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.bench import Bench
from bench.chats import add_chat, add_messages, settle, write_files
from bench.drains import INSTANT, drain, warm_up
from bench.figures import Chart, Figure, Outcome, at_most
from bench.programs import workers
from bench.server import BenchDatabase, Session

ITEMS = 50_000
TABLES = (
    "public.media_content", "batch.item_results", "batch.items", "batch.made_texts",
    "batch.claims", "batch.slices", "batch.job_progress", "procrastinate.procrastinate_jobs",
    "procrastinate.procrastinate_events",
)  # fmt: skip


def run(bench: Bench) -> Outcome:
    items = bench.sized(ITEMS, 500)
    with bench.database("bloat") as database, bench.media() as media:
        write_files(media, 2 * items)
        with database.session() as session, workers(database, 2, media, INSTANT):
            warm_up(session, add_chat(session), media)
            chats = []
            for start in (0, items):
                n = f"({start} + n)"
                chats.append(add_chat(session))
                add_messages(
                    session, chats[-1], items,
                    path=f"'media/' || mod({n}, 1000) || '/' || {n} || '.txt'",
                )  # fmt: skip
            settle(session)
            before = _bytes(session)
            _, alone = drain(session, chats[0])
            after, dead = _bytes(session), _dead_rows(session)
            settle(session)
            with _old_snapshot(database):
                _, held = drain(session, chats[1])
    each = {table: (after[table] - before[table]) / items for table in TABLES}
    return Outcome(
        [
            Figure("drain with an old snapshot held", held / alone, "times", at_most(1.2)),
            Figure("table and index bytes an item, in all", sum(each.values()), "bytes"),
            *(
                Figure(f"{table}", size, "bytes an item")
                for table, size in each.items()
                if size >= 1
            ),
            *(
                Figure(f"{table}, dead rows after", count, "")
                for table, count in dead.items()
                if count >= items / 100
            ),
        ],
        [
            Chart(
                "Table and index bytes an item",
                "bytes",
                {table: size for table, size in each.items() if size >= 1},
            )
        ],
        [f"{items:,} items; the text is 200 characters"],
    )


def _bytes(session: Session) -> dict[str, int]:
    return {
        table: session.value("select pg_total_relation_size(%s::regclass)", table)
        for table in TABLES
    }


def _dead_rows(session: Session) -> dict[str, int]:
    session.run("select pg_stat_force_next_flush()")
    return dict(
        session.rows(
            "select schemaname || '.' || relname, n_dead_tup from pg_stat_user_tables"
            " where n_dead_tup > 0 order by n_dead_tup desc"
        )
    )


@contextmanager
def _old_snapshot(database: BenchDatabase) -> Iterator[None]:
    with database.session() as session:
        session.run("begin isolation level repeatable read")
        session.value("select count(*) from batch.jobs")
        yield
        session.run("rollback")
