"""Waiting to be admitted: for as long as the slice is wanted, and no longer."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest

from app.database import Database
from tests.database import Sql, add_chat
from workers.admission import Admission, NotAdmitted, Question
from workers.processors.base import Usage


def question(job_id: UUID, seq: int) -> Question:
    return Question(
        job_id=job_id,
        seq=seq,
        sha256=f"{seq:064x}",
        content_type="image",
        language=None,
        models=["dear"],
        is_forced=False,
        may_use=[Usage("dearest", "dear", audio_seconds=Decimal(1))],
    )


def test_what_waits_for_the_budget_is_given_up_with_its_slice(
    own_sql: Sql, database_url: str
) -> None:
    # The first has a share of the budget that it gives up only with the slice: if the second
    # waited for it, the slice would wait for the second.
    own_sql.run(
        "insert into batch.model_prices (provider, model, unit, usd, per_units, valid_from)"
        " values ('dearest', 'dear', 'audio_second', 1, 1, '2020-01-01')"
    )
    chat = add_chat(own_sql)
    chat.add_many(2)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), maxCostUsd=1.5)
    own_sql.in_one_slice(job_id)
    worker = own_sql.worker()
    own_sql.take(job_id, 1, worker)
    is_wanted = True

    async def main() -> None:
        nonlocal is_wanted
        database = Database(database_url, "admission", size=1)
        await database.open()
        try:
            admission = Admission(database, worker)
            assert await admission.admit(question(job_id, 1), lambda: is_wanted) is None
            waiting = asyncio.create_task(admission.admit(question(job_id, 2), lambda: is_wanted))
            await asyncio.wait([waiting], timeout=0.2)
            assert not waiting.done()

            is_wanted = False
            with pytest.raises(NotAdmitted):
                await asyncio.wait_for(waiting, timeout=10)
        finally:
            await database.close()

    asyncio.run(main())
