"""Two sessions at once: one runs into the other's locks, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from tests.database import Chat, Sql, beside

T = TypeVar("T")


def plan(sql: Sql, chat: Chat, **request: Any) -> UUID:
    """A planned job whose items stand in one slice."""
    return sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), **request))


def in_turn(first: Sql, second: Sql, begin: Callable[[], object], then: Callable[[], T]) -> T:
    """What `then` gives in `second`, which waits until the transaction of `begin` commits."""
    with first.uncommitted():
        begin()
        running = beside(then)
        future = running.__enter__()
        first.await_blocked(second)
    running.__exit__(None, None, None)
    return future.result()


def cancel(sql: Sql, job_id: UUID) -> str:
    return str(sql.value("select status::text from batch.cancel_job(%s)", job_id))


def audit(sql: Sql) -> list[tuple[Any, ...]]:
    return sql.rows("select * from batch.audit()")
