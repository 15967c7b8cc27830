"""Draining a job of items that take no time: what the suites that measure throughput share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.bench import Stopwatch
from bench.chats import Chat, add_messages
from bench.programs import awaited
from bench.server import Session

INSTANT = {
    "BACKSCROLL_DOCUMENT_CHAIN": "bench-instant",
    "BACKSCROLL_DOCUMENT_PROCESSES": "64",
    "BACKSCROLL_CONCURRENCY": "512",
}
"""Of workers whose documents take no time."""


def create(session: Session, chat: Chat, **request: Any) -> UUID:
    """A job of a chat, or as `request` says; it has been created durably when this returns."""
    whole = {"jobType": "targeted_chat_sync", "chatId": str(chat.id), **request}
    job = {name: value for name, value in whole.items() if value is not None}
    return UUID(str(session.value("select batch.create_job_from_json(%s::jsonb)", json.dumps(job))))


def is_over(session: Session, job_id: UUID) -> Callable[[], bool]:
    """Whether the job has ended and nothing of it is in hand."""
    return lambda: bool(session.value("select batch.is_final(%s)", job_id))


def drain(session: Session, chat: Chat, **request: Any) -> tuple[UUID, float]:
    """Runs a job of the chat by the workers that are there; its id and the seconds it took.

    From the commit that creates it, so that planning is in it, to the commit that completes it.
    """
    job_id = create(session, chat, **request)
    watch = Stopwatch()
    awaited(is_over(session, job_id), f"job {job_id} does not end")
    return job_id, watch.seconds


def processed_items(session: Session, job_id: UUID) -> int:
    return int(session.value("select processed_items from batch.batch_jobs where id = %s", job_id))


def warm_up(session: Session, chat: Chat, media: Path) -> None:
    """A first small job of its own chat, so that nobody imports or connects while measured."""
    (media / "warm.txt").write_text("warm")
    add_messages(session, chat, 256, path="'warm.txt'")
    drain(session, chat, force=True)


def assert_every_item_has_its_text(session: Session, job_id: UUID, items: int) -> None:
    """Speed without work would be none."""
    counted = session.rows(
        "select count(*), count(c.id), count(m.document_extraction)"
        " from batch.item_results as r join batch.items as i using (job_id, seq)"
        " join public.messages as m on m.id = i.message_id"
        " left join public.media_content as c"
        "   on c.media_id = i.message_id and length(c.content) = 200"
        " where r.job_id = %s and r.status = 'processed'",
        job_id,
    )
    assert counted == [(items, items, items)], f"{counted}, not {items}"
