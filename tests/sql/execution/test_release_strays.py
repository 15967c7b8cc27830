"""batch.release_strays: nobody waits for what nobody has in hand."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql, add_chat


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(4)
    return sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))


def hold(sql: Sql, job_id: UUID, seq: int) -> None:
    sql.run(
        "insert into batch.claims (sha256, processing_type, language, job_id, seq)"
        " values (sha256(%s::text::bytea), 'description', '', %s, %s)",
        seq, job_id, seq,
    )  # fmt: skip
    sql.run("insert into batch.reservations (job_id, seq, usd) values (%s, %s, 1)", job_id, seq)


def held(sql: Sql) -> list[tuple[int, int]]:
    return sql.rows("select c.seq, r.seq from batch.claims as c full join batch.reservations as r"
                    " using (job_id, seq) order by 1")  # fmt: skip


def test_what_is_in_hand_is_kept(sql: Sql, job_id: UUID) -> None:
    sql.take(job_id, 1, sql.worker())
    hold(sql, job_id, 2)

    sql.run("select batch.release_strays()")

    assert held(sql) == [(2, 2)]


def test_what_was_claimed_after_the_slice_had_been_given_away_is_given_up(
    sql: Sql, job_id: UUID
) -> None:
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.finish(job_id, 1, worker)
    hold(sql, job_id, 2)

    sql.run("select batch.release_strays()")
    sql.run("select batch.release_strays()")

    assert held(sql) == []


def test_every_sweep_does_it(sql: Sql, job_id: UUID) -> None:
    sql.at("2026-06-30 12:00:00+00")
    worker = sql.worker()
    hold(sql, job_id, 2)
    sql.at("2026-06-30 12:00:20+00")
    sql.run("update batch.workers set last_seen_at = batch.clock()")

    sql.rows("select batch.sweep(%s, '10 seconds')", worker)

    assert held(sql) == []
