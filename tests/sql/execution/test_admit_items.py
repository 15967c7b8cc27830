"""batch.admit_items: nothing is paid twice, and no budget is overshot."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, processed

MODEL = {"provider": "openai", "model": "priced"}
BYTES, OTHER_BYTES = "ab" * 32, "cd" * 32


@pytest.fixture(autouse=True)
def _price_book(sql: Sql) -> None:
    # a cent for every token sent
    sql.run(
        "insert into batch.model_prices (provider, model, unit, usd, per_units, valid_from)"
        " values ('openai', 'priced', 'input_token', 0.01, 1, '2020-01-01')"
    )


class Job:
    """A planned job whose first slice a worker has in hand."""

    def __init__(self, sql: Sql, items: int = 8, **request: Any) -> None:
        self.sql = sql
        chat = add_chat(sql)
        chat.add_many(items)
        self.id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), **request)
        # One for all jobs, so that it can ask for items of several at once.
        self.worker = any_worker(sql)
        self.first_seq = sql.slices(self.id)[0][0]
        sql.run("update batch.slices set last_seq = %s where job_id = %s and first_seq = %s",
                items, self.id, self.first_seq)  # fmt: skip
        sql.run("delete from batch.slices where job_id = %s and first_seq > %s",
                self.id, self.first_seq)  # fmt: skip
        sql.take(self.id, self.first_seq, self.worker)

    def asks(self, seq: int, sha256: str, tokens: int = 1, **more: Any) -> dict[str, Any]:
        return {
            "jobId": str(self.id), "seq": seq, "sha256": sha256, "contentType": "image",
            "language": None, "models": ["priced"], "isForced": False, "isPaid": True,
            "mayUse": [{**MODEL, "inputTokens": tokens}], **more,
        }  # fmt: skip

    def verdict(self, seq: int, sha256: str, tokens: int = 1, **more: Any) -> str:
        ((verdict, _),) = admit(self.sql, self.asks(seq, sha256, tokens, **more))
        return verdict

    def record(self, seq: int, sha256: str, tokens: int, **more: Any) -> None:
        result = processed(
            self.id, self.first_seq, seq, text="what it says", sha256=sha256,
            usage=[{**MODEL, "inputTokens": tokens}], **more,
        )  # fmt: skip
        del result["costUsd"]
        self.sql.record(self.worker, {**result, **MODEL})

    def status(self) -> tuple[str, str | None]:
        job = self.sql.job(self.id)
        return job["status"], job["pause_reason"]


def any_worker(sql: Sql) -> int:
    known: int | None = sql.value("select min(id) from batch.workers")
    return known or sql.worker()


def admit(sql: Sql, *items: dict[str, Any]) -> list[tuple[str, str | None]]:
    rows = sql.rows(
        "select verdict, content from batch.admit_items(%s, %s)", any_worker(sql), json.dumps(items)
    )
    return [(verdict, content) for verdict, content in rows]


def test_new_bytes_may_be_worked_on(sql: Sql) -> None:
    assert Job(sql).verdict(1, BYTES) == "go"


def test_bytes_that_somebody_works_on_are_waited_for(sql: Sql) -> None:
    one, two = Job(sql), Job(sql)
    one.verdict(1, BYTES)

    assert two.verdict(1, BYTES) == "wait"
    assert one.verdict(2, BYTES) == "wait"
    assert one.verdict(1, BYTES) == "go"


def test_the_text_of_bytes_that_were_paid_for_is_given_again(sql: Sql) -> None:
    one, two = Job(sql), Job(sql)
    one.verdict(1, BYTES)
    one.record(1, BYTES, tokens=1)

    assert admit(sql, two.asks(1, BYTES), two.asks(2, OTHER_BYTES)) == [
        ("made", "what it says"),
        ("go", None),
    ]


@pytest.mark.parametrize(
    "difference",
    [{"language": "pt"}, {"models": ["better"]}, {"contentType": "document"}],
)
def test_another_language_model_or_kind_is_another_text(
    sql: Sql, difference: dict[str, Any]
) -> None:
    job = Job(sql)
    job.verdict(1, BYTES)
    job.record(1, BYTES, tokens=1)

    assert job.verdict(2, BYTES, **difference) == "go"


def test_a_forced_job_pays_again(sql: Sql) -> None:
    job = Job(sql)
    job.verdict(1, BYTES)
    job.record(1, BYTES, tokens=1)

    assert job.verdict(2, BYTES, isForced=True) == "go"


def test_a_text_that_its_owner_deleted_is_not_given_again(sql: Sql) -> None:
    job = Job(sql)
    job.verdict(1, BYTES)
    job.record(1, BYTES, tokens=1)
    sql.run("delete from public.media_content where batch_job_id = %s", job.id)

    assert job.verdict(2, BYTES) == "go"


def test_a_reused_text_costs_nothing_and_says_so(sql: Sql) -> None:
    job = Job(sql)
    job.verdict(1, BYTES)
    job.record(1, BYTES, tokens=5)

    sql.record(
        job.worker,
        {**processed(job.id, 1, 2, text="what it says", cost="0", tokens=0), **MODEL,
         "sha256": BYTES, "isReused": True},
    )  # fmt: skip

    row = sql.job(job.id)
    assert (row["total_cost_usd"], row["reused_items"]) == (Decimal("0.05"), 1)
    assert sql.rows(
        "select cost_usd, is_reused from batch.item_results where job_id = %s order by seq", job.id
    ) == [(Decimal("0.05"), False), (Decimal(0), True)]
    assert sql.rows("select * from batch.audit() where job_id = %s", job.id) == []


def test_an_item_that_is_given_back_frees_its_bytes(sql: Sql) -> None:
    one, two = Job(sql), Job(sql)
    one.verdict(1, BYTES)

    sql.finish(one.id, one.first_seq, one.worker)

    assert two.verdict(1, BYTES) == "go"


def test_an_item_that_failed_frees_its_bytes(sql: Sql) -> None:
    one, two = Job(sql), Job(sql)
    one.verdict(1, BYTES)

    sql.record(one.worker, {
        "jobId": str(one.id), "firstSeq": 1, "seq": 1, "status": "failed",
        "errorCode": "file_unreadable", "error": "x", "usage": [{**MODEL, "inputTokens": 2}],
    })  # fmt: skip

    assert two.verdict(1, BYTES) == "go"
    assert sql.job(one.id)["total_cost_usd"] == Decimal("0.02")


def test_a_budget_holds_what_is_in_hand_as_well_as_what_is_spent(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0.10)

    verdicts = [job.verdict(seq, f"{seq:064x}", tokens=4) for seq in (1, 2, 3)]

    assert verdicts == ["go", "go", "wait"]
    assert job.status() == ("processing", None)


def test_what_an_item_did_not_spend_is_there_for_the_next(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0.10)
    job.verdict(1, BYTES, tokens=9)
    assert job.verdict(2, OTHER_BYTES, tokens=9) == "wait"

    job.record(1, BYTES, tokens=1)

    assert job.verdict(2, OTHER_BYTES, tokens=9) == "go"


def test_a_spent_budget_pauses_the_job_and_says_what_to_do(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0.10)
    job.verdict(1, BYTES, tokens=8)
    job.record(1, BYTES, tokens=8)

    assert job.verdict(2, OTHER_BYTES, tokens=3) == "stop"

    assert job.status() == ("paused", "budget")
    assert "raise maxCostUsd" in sql.job(job.id)["error_message"]


def test_a_budget_of_nothing_spends_nothing(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0)

    assert job.verdict(1, BYTES) == "stop"


def test_unpaid_work_needs_no_budget(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0)

    assert job.verdict(1, BYTES, isPaid=False, mayUse=[]) == "go"


def test_unpaid_work_is_not_done_twice_at_once_either(sql: Sql) -> None:
    one, two = Job(sql), Job(sql)
    one.verdict(1, BYTES, isPaid=False, mayUse=[])

    assert two.verdict(1, BYTES, isPaid=False, mayUse=[]) == "wait"


def test_a_message_that_has_a_text_by_now_is_left_alone(sql: Sql) -> None:
    job = Job(sql)
    sql.run(
        "update public.messages m set image_description = 'meanwhile' from batch.items i"
        " where i.message_id = m.id and i.job_id = %s and i.seq = 1",
        job.id,
    )

    assert job.verdict(1, BYTES) == "done"
    assert job.verdict(2, BYTES) == "go"


def test_a_document_whose_pages_a_provider_read_is_paid_for_once(sql: Sql) -> None:
    job = Job(sql)
    job.sql.run("update batch.items set content_type = 'document' where job_id = %s", job.id)
    job.verdict(1, BYTES, contentType="document", models=[])
    result = processed(
        job.id, 1, 1, text="its pages", sha256=BYTES, usage=[{**MODEL, "inputTokens": 1}]
    )
    del result["costUsd"]
    sql.record(job.worker, result | {"provider": "google", "model": "pypdfium2-5+gemini"})

    assert admit(sql, job.asks(2, BYTES, contentType="document", models=[])) == [
        ("made", "its pages")
    ]


def test_many_waiting_for_one_text_all_get_it_at_once(sql: Sql) -> None:
    job = Job(sql)
    job.verdict(1, BYTES)
    job.record(1, BYTES, tokens=1)

    verdicts = admit(sql, *(job.asks(seq, BYTES) for seq in (2, 3, 4)))

    assert verdicts == [("made", "what it says")] * 3


def test_the_dearest_provider_that_may_be_asked_decides(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0.05)
    may_use = [{**MODEL, "inputTokens": 1}, {**MODEL, "inputTokens": 6}]

    assert job.verdict(1, BYTES, mayUse=may_use) == "stop"


def test_what_has_no_price_cannot_be_held_to_a_budget(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=100)
    may_use = [{**MODEL, "inputTokens": 1}, {**MODEL, "model": "unheard-of", "inputTokens": 1}]

    assert job.verdict(1, BYTES, mayUse=may_use) == "stop"

    assert job.status() == ("paused", "budget")
    said = sql.job(job.id)["error_message"]
    assert "what openai unheard-of costs is not known" in said
    assert "batch.model_prices" in said
    assert sql.value("select count(*) from batch.claims where job_id = %s", job.id) == 0


def test_given_a_price_it_goes_on(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=100)
    may_use = [{**MODEL, "model": "unheard-of", "inputTokens": 1}]
    job.verdict(1, BYTES, mayUse=may_use)
    sql.run(
        "insert into batch.model_prices (provider, model, unit, usd, per_units, valid_from)"
        " values ('openai', 'unheard-of', 'input_token', 0, 1, '2020-01-01')"
    )

    sql.run("select batch.resume_job(%s)", job.id)

    assert job.verdict(1, BYTES, mayUse=may_use) == "go"


def test_without_a_budget_nobody_asks_for_a_price(sql: Sql) -> None:
    job = Job(sql)

    assert job.verdict(1, BYTES, mayUse=[{**MODEL, "model": "unheard-of", "inputTokens": 1}]) == (
        "go"
    )


def test_raising_the_budget_resumes_the_job(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0.01)
    job.verdict(1, BYTES, tokens=2)
    assert job.status() == ("paused", "budget")

    sql.run("select batch.set_budget(%s, 0.02)", job.id)

    assert job.status() == ("processing", None)


def test_a_budget_below_what_is_spent_does_not_resume(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0.10)
    job.verdict(1, BYTES, tokens=9)
    job.record(1, BYTES, tokens=9)
    job.verdict(2, OTHER_BYTES, tokens=9)

    sql.run("select batch.set_budget(%s, 0.05)", job.id)

    assert job.status() == ("paused", "budget")


def test_lifting_the_budget_resumes_the_job(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=0)
    job.verdict(1, BYTES)

    sql.run("select batch.set_budget(%s, null)", job.id)

    assert job.status() == ("processing", None)


def test_a_job_that_a_user_paused_is_not_resumed_by_its_budget(sql: Sql) -> None:
    job = Job(sql, maxCostUsd=1)
    sql.run("select batch.pause_job(%s)", job.id)

    sql.run("select batch.set_budget(%s, 2)", job.id)

    assert job.status() == ("paused", None)


def test_an_ended_job_has_no_budget_to_set(sql: Sql) -> None:
    job = Job(sql)
    sql.run("select batch.cancel_job(%s)", job.id)

    with sql.refused("BJ409"):
        sql.run("select batch.set_budget(%s, 2)", job.id)
    with sql.refused("BJ404"):
        sql.run("select batch.set_budget(%s, 2)", UUID(int=0))


def test_spending_adds_up_to_the_jobs_total(sql: Sql) -> None:
    job = Job(sql)
    for seq, tokens in ((1, 3), (2, 5)):
        job.verdict(seq, f"{seq:064x}")
        job.record(seq, f"{seq:064x}", tokens=tokens)

    rows = sql.rows(
        "select content_type, provider, model, items, cost_usd from batch.spending"
        " where job_id = %s",
        job.id,
    )

    assert rows == [("image", "openai", "priced", 2, Decimal("0.08"))]
    assert sql.job(job.id)["total_cost_usd"] == Decimal("0.08")


def test_an_item_without_a_known_price_is_counted_as_unpriced(sql: Sql) -> None:
    job = Job(sql)
    result = processed(job.id, 1, 1, usage=[{"provider": "x", "model": "y", "inputTokens": 1}])
    del result["costUsd"]

    sql.record(job.worker, result)

    row = sql.job(job.id)
    assert (row["total_cost_usd"], row["unpriced_items"], row["total_tokens"]) == (0, 1, 1)
    assert sql.value("select cost_usd from batch.item_results where job_id = %s", job.id) is None
    assert sql.rows("select * from batch.audit() where job_id = %s", job.id) == []


@pytest.mark.parametrize("order", ["cancel_job", "pause_job"])
def test_nothing_begins_once_its_job_was_cancelled_or_paused(sql: Sql, order: str) -> None:
    job = Job(sql)
    sql.run(f"select batch.{order}(%s)", job.id)

    assert job.verdict(1, BYTES) == "stop"
    assert job.verdict(2, BYTES, isPaid=False, mayUse=[]) == "stop"
    assert sql.value("select count(*) from batch.claims where job_id = %s", job.id) == 0


def test_who_has_lost_the_slice_claims_nothing_and_is_told_to_stop(sql: Sql) -> None:
    job = Job(sql)
    sql.run("select batch.lose_slice(%s, %s, %s)", job.id, job.first_seq, job.worker)
    sql.take(job.id, job.first_seq, sql.worker())

    assert job.verdict(1, BYTES) == "stop"
    assert sql.rows("select * from batch.claims") == []
