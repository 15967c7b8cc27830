"""What must hold: at any moment, and when everything has ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import psycopg

from chaos.bills import Bills
from chaos.world import Failed

_AT_ANY_MOMENT = {
    "batch.audit() lists a counter that differs from its rows": """
        select job_id::text, counter, counted, found from batch.audit()""",
    "a processed item has no text of its job, or several": """
        select r.job_id::text, r.seq, count(c.id)
        from batch.item_results as r
        join batch.items as i using (job_id, seq)
        left join public.media_content as c
          on c.media_id = i.message_id and c.batch_job_id = r.job_id
        where r.status = 'processed'
        group by r.job_id, r.seq
        having count(c.id) <> 1""",
    "a text was made for an item that is not processed": """
        select c.batch_job_id::text, c.media_id::text
        from public.media_content as c
        where not exists (
          select from batch.items as i
          join batch.item_results as r using (job_id, seq)
          where i.job_id = c.batch_job_id and i.message_id = c.media_id
            and r.status = 'processed')""",
    "a message shows a text that no processed item has made, or none": """
        select m.id::text
        from public.messages as m
        cross join lateral (select coalesce(
          m.transcription, m.image_description, m.video_description, m.document_extraction
        ) as text) as shown
        where (shown.text is not null or exists (
            select from public.media_content as c where c.media_id = m.id))
          and not exists (
            select from public.media_content as c where c.media_id = m.id
              and c.content = shown.text)""",
    "an item began more than 5 s after its job was paused or had ended": """
        select r.job_id::text, r.seq, r.started_at::text, e.type, e.created_at::text
        from batch.job_events as e
        join batch.item_results as r on r.job_id = e.job_id
        where e.type in ('paused', 'cancelled', 'completed', 'failed')
          and r.started_at > e.created_at + interval '5 s'
          and not exists (
            select from batch.job_events as later
            where later.job_id = e.job_id and later.type = 'resumed' and later.id > e.id
              and later.created_at < r.started_at)""",
    "a job went on after it had ended": """
        select e.job_id::text, e.type, later.type
        from batch.job_events as e
        join batch.job_events as later on later.job_id = e.job_id and later.id > e.id
        where e.type in ('cancelled', 'completed', 'failed')
          and later.type in ('planned', 'resumed', 'paused', 'cancelled', 'completed', 'failed')""",
    "an item costs something else than its requests": """
        select r.job_id::text, r.seq, r.cost_usd, batch.cost_of_usages(r.usage, r.finished_at)
        from batch.item_results as r
        where r.usage is not null
          and r.cost_usd is distinct from batch.cost_of_usages(r.usage, r.finished_at)""",
}
_WHEN_ALL_HAS_ENDED = {
    "a job has not ended": """
        select id::text, status::text, pause_reason, error_message
        from batch.jobs where completed_at is null""",
    "an item of a completed job has no result": """
        select i.job_id::text, i.seq from batch.items as i
        join batch.jobs as j on j.id = i.job_id and j.status = 'completed'
        where not exists (
          select from batch.item_results as r where r.job_id = i.job_id and r.seq = i.seq)""",
    "the queue holds a task": """
        select id, task_name, status::text, args::text from procrastinate.procrastinate_jobs""",
    "a claim is left": "select job_id::text, seq from batch.claims",
    "a reservation is left": "select job_id::text, seq, usd from batch.reservations",
    "a slice is open": """
        select job_id::text, first_seq, state::text, worker_id
        from batch.slices where state <> 'done'""",
    "progress of an ended job is not folded": """
        select job_id::text, worker_id from batch.job_progress where worker_id <> 0""",
    "a worker counts requests that it does not make": """
        select l.provider, l.worker_id, l.in_flight
        from batch.provider_leases as l
        join batch.workers as w on w.id = l.worker_id
        where l.in_flight > 0 and w.stopped_at is null
          and w.last_seen_at > clock_timestamp() - interval '10 s'""",
}
_RECORDED = """
    select
      (select coalesce(sum(jsonb_array_length(usage)), 0) from batch.item_results
       where usage is not null)
      + (select count(*) from batch.billed_attempts)"""


def check_now(session: psycopg.Connection[Any]) -> None:
    """What holds at any moment. Raises Failed, psycopg.OperationalError."""
    for what, query in _AT_ANY_MOMENT.items():
        _check(session, what, query)


def check_end(session: psycopg.Connection[Any], bills: Bills) -> str:
    """What holds in the end, also of the money; a sentence about that. Raises Failed."""
    check_now(session)
    for what, query in _WHEN_ALL_HAS_ENDED.items():
        _check(session, what, query)
    recorded = int(_rows(session, _RECORDED)[0][0])
    said = (
        f"{bills.asked} requests to providers, {bills.billed} billed, {recorded} recorded;"
        f" {bills.may_be_lost} may have been lost with what was killed"
    )
    if recorded > bills.asked or bills.billed - recorded > bills.may_be_lost:
        raise Failed(f"the bill does not fit: {said}")
    return said


def leftovers(session: psycopg.Connection[Any]) -> list[str]:
    """What keeps the run from having ended."""
    return [what for what, query in _WHEN_ALL_HAS_ENDED.items() if _rows(session, query)]


def _check(session: psycopg.Connection[Any], what: str, query: str) -> None:
    if rows := _rows(session, query):
        shown = "\n".join(json.dumps(row, default=str) for row in rows[:10])
        raise Failed(f"{what} ({len(rows)} rows):\n{shown}")


def _rows(session: psycopg.Connection[Any], query: str) -> Sequence[tuple[Any, ...]]:
    return session.execute(query.encode()).fetchall()
