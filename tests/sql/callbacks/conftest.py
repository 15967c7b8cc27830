"""Jobs with a callbackUrl, and what is to be told to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.database import NOW, Sql, add_chat

URL = "https://receiver.example/hooks?of=me"


class Callbacks:
    """What the tests of callbacks do, in short words."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql
        self.worker = sql.worker()

    def job(self, items: int = 1, url: str | None = URL) -> UUID:
        """A planned job with a callbackUrl."""
        chat = add_chat(self.sql)
        chat.add_many(items)
        request = {"jobType": "targeted_chat_sync", "chatId": str(chat.id), "callbackUrl": url}
        return self.sql.plan(**request)

    def ended_job(self, url: str = URL) -> UUID:
        job_id = self.job(url=url)
        self.sql.work_off(job_id, self.worker)
        return job_id

    def of(self, job_id: UUID) -> list[dict[str, Any]]:
        """The job's callbacks as the REST API lists them."""
        listed: list[dict[str, Any]] = self.sql.value("select batch.list_callbacks(%s)", job_id)[
            "items"
        ]
        return listed

    def one(self, job_id: UUID) -> dict[str, Any]:
        (callback,) = self.of(job_id)
        return callback

    def take(self, most: int = 100, worker: int | None = None) -> list[tuple[UUID, int]]:
        """(id, attempt) of what is handed out."""
        return self.sql.rows(
            "select callback_id, attempt from batch.take_callbacks(%s, %s, '30 seconds')",
            worker or self.worker, most,
        )  # fmt: skip

    def record(
        self,
        taken: tuple[UUID, int],
        status: int | None = None,
        error: str | None = None,
        retry_after: float | None = None,
    ) -> str | None:
        state: str | None = self.sql.value(
            "select batch.record_callback_attempt(%s, %s, 12, %s, %s, 'said', %s)",
            *taken, status, error, retry_after,
        )  # fmt: skip
        return state

    def make_due(self) -> None:
        self.sql.run(
            "update batch.callbacks set next_attempt_at = batch.clock() where state = 'queued'"
        )

    def events(self, job_id: UUID) -> list[tuple[str, dict[str, Any]]]:
        return self.sql.rows(
            "select type, details from batch.job_events"
            " where job_id = %s and type like 'callback%%' order by id",
            job_id,
        )


@pytest.fixture
def callbacks(sql: Sql) -> Callbacks:
    sql.at(NOW)
    return Callbacks(sql)
