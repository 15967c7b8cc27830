"""Plan: freezing 1,000,000 items out of an archive of 4,000,000 messages.

Beside it, a bare `insert ... select` of the same rows, numbered in the same order, into a table
with the same key. Both are taken in turns, three times; the medians are compared.

Must show: at most 1.3 times the bare insert.
"""

from __future__ import annotations

from bench.bench import Bench, Stopwatch
from bench.chats import add_chat, add_messages, settle, without_indexes
from bench.figures import Chart, Figure, Outcome, at_most, median
from bench.server import Session

MESSAGES = 4_000_000
MEDIA_EVERY = 4
ROUNDS = 3


def run(bench: Bench) -> Outcome:
    messages = bench.sized(MESSAGES, 4000)
    with bench.database("plan") as database, database.session() as session:
        chat = add_chat(session)
        with without_indexes(session):
            add_messages(session, chat, messages, media_every=MEDIA_EVERY)
        settle(session)
        planned, bare = [], []
        for _ in range(ROUNDS):
            planned.append(_plan(session, messages // MEDIA_EVERY))
            bare.append(_bare(session, messages // MEDIA_EVERY))
    seconds = {"Backscroll plans": median(planned), "bare insert ... select": median(bare)}
    return Outcome(
        [
            *(Figure(name, value, "s") for name, value in seconds.items()),
            Figure(
                "plan against the bare insert",
                median(planned) / median(bare),
                "times",
                at_most(1.3),
            ),
        ],
        [Chart(f"Planning {messages // MEDIA_EVERY:,} items", "s", seconds)],
        [f"{messages:,} messages, {messages // MEDIA_EVERY:,} of them with media"],
    )


def _plan(session: Session, items: int) -> float:
    session.run("truncate batch.items")
    job_id = session.value("select batch.create_job('time_based_batch', p_days_back => 3650)")
    watch = Stopwatch()
    session.run("select batch.plan_job(%s)", job_id)
    seconds = watch.seconds
    assert session.value("select total_items from batch.batch_jobs where id = %s", job_id) == items
    session.run("select batch.cancel_job(%s)", job_id)
    session.run("checkpoint")
    return seconds


def _bare(session: Session, items: int) -> float:
    session.run("drop table if exists bare_items")
    session.run("create table bare_items (like batch.items including all)")
    watch = Stopwatch()
    session.run(
        "insert into bare_items (job_id, seq, message_id, content_type)"
        " select '00000000-0000-0000-0000-000000000001',"
        "   row_number() over (order by m.platform_timestamp desc, m.id desc), m.id, 'document'"
        " from public.messages as m"
        " where m.has_media and m.status = 'active'"
        " order by m.platform_timestamp desc, m.id desc"
    )
    seconds = watch.seconds
    assert session.value("select count(*) from bare_items") == items
    session.run("checkpoint")
    return seconds
