"""batch.sync_prices: the book is filled, changed prices count from now, hand-made ones stay."""

from __future__ import annotations

import json
from typing import Any

from tests.database import NOW, Sql


def offer(usd: str, valid_from: str | None = None) -> dict[str, Any]:
    return {
        "provider": "p", "model": "m", "unit": "input_token", "usd": usd, "perUnits": 1_000_000,
        "validFrom": valid_from,
    }  # fmt: skip


def sync(sql: Sql, *offers: dict[str, Any]) -> int:
    return int(sql.value("select batch.sync_prices(%s, 'a test')", json.dumps(offers)))


def book(sql: Sql) -> list[tuple[str, str]]:
    return [
        (str(usd), day)
        for usd, day in sql.rows(
            "select usd, to_char(valid_from at time zone 'utc', 'YYYY-MM-DD')"
            " from batch.model_prices where provider = 'p' order by valid_from"
        )
    ]


def test_a_new_price_counts_from_the_beginning(sql: Sql) -> None:
    assert sync(sql, offer("1")) == 1

    assert book(sql) == [("1", "2000-01-01")]


def test_syncing_twice_adds_nothing(sql: Sql) -> None:
    sync(sql, offer("1"))

    assert sync(sql, offer("1")) == 0


def test_a_changed_price_counts_from_now(sql: Sql) -> None:
    sql.at(NOW)
    sync(sql, offer("1"))

    assert sync(sql, offer("2")) == 1

    assert book(sql) == [("1", "2000-01-01"), ("2", "2026-06-30")]


def test_a_price_entered_by_hand_is_not_superseded(sql: Sql) -> None:
    sql.run(
        "insert into batch.model_prices (provider, model, unit, usd, per_units, valid_from)"
        " values ('p', 'm', 'input_token', 7, 1000000, '2026-01-01')"
    )

    assert sync(sql, offer("1")) == 0

    assert book(sql) == [("7", "2026-01-01")]


def test_a_price_changed_by_hand_is_not_superseded(sql: Sql) -> None:
    sync(sql, offer("1"))
    sql.run("update batch.model_prices set usd = 7 where provider = 'p'")

    assert sync(sql, offer("2")) == 0

    assert book(sql) == [("7", "2000-01-01")]
    assert sql.value("select source from batch.model_prices where provider = 'p'") == "by hand"


def test_dated_prices_of_a_model_are_all_taken_over(sql: Sql) -> None:
    sql.at(NOW)
    dated = [offer("1"), offer("2", "2026-01-05"), offer("3", "2027-01-01")]

    sync(sql, *dated)

    assert book(sql) == [("1", "2000-01-01"), ("2", "2026-01-05"), ("3", "2027-01-01")]
    assert sync(sql, *dated) == 0


def test_the_book_of_a_migrated_database_knows_omnis_models(sql: Sql) -> None:
    known = sql.rows(
        "select distinct provider, model from batch.model_prices where model = any (%s)",
        ["whisper-large-v3-turbo", "whisper-1", "gpt-4o-mini", "gemini-2.5-flash"],
    )

    assert sorted(known) == [
        ("google", "gemini-2.5-flash"),
        ("groq", "whisper-large-v3-turbo"),
        ("openai", "gpt-4o-mini"),
        ("openai", "whisper-1"),
    ]
    assert sql.value(
        "select minimum_units from batch.model_prices where model = 'whisper-large-v3-turbo'"
    ) == 10  # fmt: skip


def test_a_day_begins_in_utc_wherever_the_session_is(sql: Sql) -> None:
    sql.run("set local timezone = 'Asia/Kolkata'")
    sync(sql, offer("1"), offer("2", "2026-03-01"))
    sql.run("set local timezone = 'UTC'")

    assert sync(sql, offer("1"), offer("2", "2026-03-01")) == 0
    assert book(sql) == [("1", "2000-01-01"), ("2", "2026-03-01")]
