"""Jobs whose items are reported, and what is stored of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.database import Chat, Sql


def taken(sql: Sql, chat: Chat, worker: int, **request: Any) -> UUID:
    """A planned job whose items stand in one slice that `worker` has taken."""
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), **request)
    sql.in_one_slice(job_id)
    sql.take(job_id, 1, worker)
    return job_id


def stored(sql: Sql, job_id: UUID) -> list[tuple[Any, ...]]:
    return sql.rows(
        "select seq, status::text, cost_usd from batch.item_results where job_id = %s order by seq",
        job_id,
    )
