"""batch.give_up_item: what was billed for an item without a result is not lost."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat, processed

PRICED = {"provider": "openai", "model": "priced"}


class Job:
    """A planned job of three items in one slice that a worker has in hand."""

    def __init__(self, sql: Sql) -> None:
        # a cent for every token sent
        sql.run(
            "insert into batch.model_prices (provider, model, unit, usd, per_units, valid_from)"
            " values ('openai', 'priced', 'input_token', 0.01, 1, '2020-01-01')"
        )
        self.sql = sql
        self.chat = add_chat(sql)
        self.chat.add_many(3)
        self.id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(self.chat.id)))
        self.worker = sql.worker()
        sql.take(self.id, 1, self.worker)

    def give_up(
        self,
        seq: int,
        *usage: dict[str, Any],
        worker: int | None = None,
        report: UUID | None = None,
        reason: str | None = None,
    ) -> None:
        self.sql.run(
            "select batch.give_up_item(%s, %s, 1, %s, %s, %s, %s)",
            worker or self.worker, self.id, seq, report or uuid4(), json.dumps(usage), reason,
        )  # fmt: skip
        self.assert_sound()

    def record(self, seq: int, tokens: int, worker: int | None = None) -> None:
        result = processed(self.id, 1, seq, usage=[{**PRICED, "inputTokens": tokens}])
        del result["costUsd"]
        self.sql.record(worker or self.worker, {**result, **PRICED})
        self.assert_sound()

    def pass_on(self) -> int:
        """Gives the slice to another worker."""
        self.sql.finish(self.id, 1, self.worker)
        self.assert_sound()
        other = self.sql.worker()
        self.sql.take(self.id, 1, other)
        self.assert_sound()
        return other

    def total(self) -> tuple[Decimal, int, int]:
        job = self.sql.job(self.id)
        return job["total_cost_usd"], job["total_tokens"], job["unpriced_items"]

    def cost(self, seq: int) -> Decimal | None:
        found: Decimal | None = self.sql.value(
            "select cost_usd from batch.item_results where job_id = %s and seq = %s", self.id, seq
        )
        return found

    def attempts(self) -> int:
        return int(self.sql.value("select count(*) from batch.billed_attempts"))

    def assert_sound(self) -> None:
        assert self.sql.rows("select * from batch.audit() where job_id = %s", self.id) == []
        assert self.sql.value(
            "select coalesce(sum(cost_usd), 0) from batch.spending where job_id = %s", self.id
        ) == self.total()[0]  # fmt: skip


@pytest.fixture
def job(sql: Sql) -> Job:
    return Job(sql)


def tokens(count: int) -> dict[str, Any]:
    return {**PRICED, "inputTokens": count}


def test_what_was_billed_is_in_the_jobs_total_at_once(job: Job) -> None:
    job.give_up(1, tokens(2), tokens(3))

    assert job.total() == (Decimal("0.05"), 5, 0)
    assert job.attempts() == 2


def test_it_becomes_part_of_the_result_whoever_makes_it(job: Job) -> None:
    job.give_up(1, tokens(2))
    other = job.pass_on()
    job.give_up(1, tokens(1), worker=other)

    job.record(1, 4, worker=other)

    assert job.cost(1) == Decimal("0.07")
    assert job.total() == (Decimal("0.07"), 7, 0)
    assert job.attempts() == 0
    assert [each["inputTokens"] for each in job.sql.value(
        "select usage from batch.item_results where job_id = %s", job.id
    )] == [2, 1, 4]  # fmt: skip


def test_other_items_are_left_alone(job: Job) -> None:
    job.give_up(1, tokens(2))

    job.record(2, 4)

    assert job.cost(2) == Decimal("0.04")
    assert job.total() == (Decimal("0.06"), 6, 0)
    assert job.attempts() == 1


def test_a_report_that_comes_twice_counts_once(job: Job) -> None:
    report = uuid4()

    job.give_up(1, tokens(2), report=report)
    job.give_up(1, tokens(2), report=report)

    assert job.total() == (Decimal("0.02"), 2, 0)


def test_a_worker_that_lost_its_slice_adds_nothing(job: Job) -> None:
    job.pass_on()

    job.give_up(1, tokens(2))

    assert job.total() == (0, 0, 0)


def test_with_a_reason_the_job_waits_for_a_provider(job: Job) -> None:
    job.give_up(1, tokens(2), reason="add credit, then resume")
    job.give_up(2, tokens(2), reason="add credit, then resume")

    row = job.sql.job(job.id)
    assert (row["status"], row["pause_reason"]) == ("paused", "providers")
    assert row["error_message"] == "add credit, then resume"
    assert job.total()[0] == Decimal("0.04")


def test_without_a_bill_only_the_job_is_paused(job: Job) -> None:
    job.give_up(1, reason="nobody there")

    assert job.sql.job(job.id)["status"] == "paused"
    assert job.attempts() == 0


def test_an_attempt_without_a_known_price_makes_its_item_unpriced_once(job: Job) -> None:
    unknown = {"provider": "openai", "model": "unheard-of", "inputTokens": 1}
    job.give_up(1, unknown, tokens(2))
    job.give_up(1, unknown)
    assert job.total() == (Decimal("0.02"), 4, 1)

    job.record(1, 4)

    assert job.cost(1) is None
    assert job.total() == (0, 8, 1)


def test_the_price_of_the_time_of_the_attempt_counts(job: Job) -> None:
    job.give_up(1, tokens(2))
    job.sql.run("update batch.model_prices set usd = 1 where model = 'priced'")

    job.record(1, 1)

    assert job.cost(1) == Decimal("1.02")


def test_an_item_that_needs_no_work_any_more_keeps_what_it_cost(job: Job) -> None:
    job.give_up(1, tokens(2))
    job.give_up(2, {"provider": "openai", "model": "unheard-of", "inputTokens": 1})
    job.sql.run("update public.messages set image_description = 'by another job'")

    job.pass_on()

    assert [job.cost(seq) for seq in (1, 2, 3)] == [Decimal("0.02"), None, 0]
    assert job.total() == (Decimal("0.02"), 3, 1)
    assert job.attempts() == 0


def test_a_cancelled_job_keeps_what_its_unfinished_items_cost(job: Job) -> None:
    job.record(2, 4)
    job.sql.run("select batch.cancel_job(%s)", job.id)
    job.give_up(1, tokens(2))
    job.sql.finish(job.id, 1, job.worker)

    assert job.total() == (Decimal("0.06"), 6, 0)
    job.assert_sound()


def test_what_was_billed_counts_against_the_budget(job: Job) -> None:
    job.sql.run("select batch.set_budget(%s, 0.05)", job.id)

    job.give_up(1, tokens(4))

    assert job.sql.value(
        "select batch.reserve_budget(%s, 2, %s)", job.id, json.dumps([tokens(2)])
    ) == "stop"  # fmt: skip


def test_what_was_found_out_before_the_job_was_resumed_does_not_pause_it_again(sql: Sql) -> None:
    sql.at("2026-06-30 12:00:00+00")
    job = Job(sql)
    job.give_up(1, reason="nobody there")
    sql.at("2026-06-30 12:00:01+00")
    sql.run("select batch.resume_job(%s)", job.id)

    job.give_up(2, reason="nobody there")
    status = sql.job(job.id)["status"]
    job.pass_on()
    job.worker = sql.value("select worker_id from batch.slices where job_id = %s", job.id)
    job.give_up(2, reason="nobody there")

    assert status == "processing"
    assert sql.job(job.id)["status"] == "paused"
