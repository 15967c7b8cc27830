"""batch.usual_item: what an item takes, by what items took."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.database import Sql, add_chat, failed, processed

USUAL = "select ms, cost from batch.usual_item(%s, 'local', null, null)"


@pytest.mark.parametrize(
    ("content_type", "milliseconds"),
    [("audio", 1500), ("image", 700), ("video", 8000), ("document", 60)],
)
def test_before_there_are_results_it_is_what_was_measured(
    sql: Sql, content_type: str, milliseconds: int
) -> None:
    assert sql.row(USUAL, content_type) == (milliseconds, 0)


def test_afterwards_it_is_the_mean_of_what_was_processed(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(3)
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.record(
        worker,
        processed(job_id, 1, 1, cost="0.01", processingMs=100),
        processed(job_id, 1, 2, cost="0.03", processingMs=300),
        failed(job_id, 1, 3, cost="9") | {"processingMs": 99999},
    )

    assert sql.row(USUAL, "image") == (200, Decimal("0.02"))
    assert sql.row(USUAL, "document") == (60, 0)


def test_a_tenth_takes_less_than_the_low_and_a_tenth_more_than_the_high(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(11)
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.record(
        worker,
        *(processed(job_id, 1, seq, processingMs=seq * 100) for seq in range(1, 12)),
    )

    low_and_high = sql.row(
        "select ms_low, ms_high from batch.usual_item('image', 'local', null, null)"
    )

    assert low_and_high == (200, 1000)


def test_sound_of_known_length_costs_its_price_by_the_second(sql: Sql) -> None:
    row = sql.row(
        "select cost_low, cost, cost_high from batch.usual_item('audio', 'openai', 'whisper-1', 30)"
    )

    assert row == (Decimal("0.003"),) * 3


def test_a_model_without_a_price_has_no_cost(sql: Sql) -> None:
    assert sql.value("select cost from batch.usual_item('image', 'openai', 'gpt-99', null)") is None
