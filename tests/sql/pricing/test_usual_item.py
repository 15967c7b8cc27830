"""batch.usual_item: what an item takes, by what items took."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

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


def test_afterwards_it_is_the_median_of_what_was_processed(sql: Sql) -> None:
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


class Before:
    """Results to learn from."""

    def __init__(self, sql: Sql, mime_type: str, *results: dict[str, Any]) -> None:
        chat = add_chat(sql)
        chat.add_many(len(results), mime_type)
        job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
        worker = sql.worker()
        sql.take(job_id, 1, worker)
        sql.record(
            worker, *(processed(job_id, 1, seq, **more) for seq, more in enumerate(results, 1))
        )


COSTS = "select cost_low, cost, cost_high from batch.usual_item(%s, %s, %s, %s, %s, %s)"


def test_no_outlier_moves_what_is_expected(sql: Sql) -> None:
    costs = ["0.001"] * 6 + ["0.002"] * 3 + ["900"]
    Before(sql, "image/png", *({"cost": cost} for cost in costs))

    assert sql.row(COSTS, "image", "local", None, None, None, None) == (
        Decimal("0.001"), Decimal("0.001"), Decimal("0.002"),
    )  # fmt: skip


def test_where_most_cost_nothing_the_few_that_cost_are_not_forgotten(sql: Sql) -> None:
    costs = ["0"] * 8 + ["0.01"] * 12 + ["0"] * 20
    Before(sql, "application/pdf", *({"cost": cost} for cost in costs))

    assert sql.row(COSTS, "document", "local", None, None, None, None)[1] == Decimal("0.003")


def test_film_costs_by_the_second_where_its_length_is_known(sql: Sql) -> None:
    seen = ((10, "0.01"), (20, "0.02"), (400, "0.40"))
    Before(
        sql, "video/mp4",
        *({"cost": cost, "durationSeconds": seconds, "bytes": seconds * 1000}
          for seconds, cost in seen),
    )  # fmt: skip

    assert sql.row(COSTS, "video", "local", None, 60, None, None)[1] == Decimal("0.06")
    # only the size is known: as long as what was seen of that size
    assert sql.row(COSTS, "video", "local", None, None, None, 30_000)[1] == Decimal("0.03")
    assert sql.row(COSTS, "video", "local", None, None, None, None)[1] == Decimal("0.02")


def test_documents_cost_by_the_page_or_by_their_size(sql: Sql) -> None:
    seen = ((1, "0.002"), (10, "0.02"), (3, "0.006"))
    Before(
        sql, "application/pdf",
        *({"cost": cost, "pages": pages, "bytes": pages * 5000} for pages, cost in seen),
    )  # fmt: skip

    assert sql.row(COSTS, "document", "local", None, None, 20, None)[1] == Decimal("0.04")
    assert sql.row(COSTS, "document", "local", None, None, None, 100_000)[1] == Decimal("0.04")


def test_how_long_sound_plays_is_learnt_from_whoever_processed_it(sql: Sql) -> None:
    Before(sql, "audio/ogg", {"cost": "0", "durationSeconds": 10, "bytes": 20_000})

    # 60,000 bytes are 30 s
    assert sql.row(COSTS, "audio", "openai", "whisper-1", None, None, 60_000) == (
        Decimal("0.003"),
    ) * 3  # fmt: skip


def test_sound_of_known_length_costs_its_price_by_the_second(sql: Sql) -> None:
    row = sql.row(
        "select cost_low, cost, cost_high from batch.usual_item('audio', 'openai', 'whisper-1', 30)"
    )

    assert row == (Decimal("0.003"),) * 3


def test_a_model_without_a_price_has_no_cost(sql: Sql) -> None:
    assert sql.value("select cost from batch.usual_item('image', 'openai', 'gpt-99', null)") is None
