"""batch.cost_of_usage: exact to the eighth decimal, and never silently free."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.database import Sql

AT = "2026-06-30 12:00:00+00"


@pytest.fixture(autouse=True)
def _price_book(sql: Sql) -> None:
    sql.run("delete from batch.model_prices")
    add_price(sql, "groq", "whisper-large-v3-turbo", "audio_second", "0.04", 3600, 10)
    add_price(sql, "openai", "whisper-1", "audio_second", "0.36", 3600)
    add_price(sql, "google", "gemini-2.5-flash", "input_token", "0.3", 1_000_000)
    add_price(sql, "google", "gemini-2.5-flash", "audio_token", "1", 1_000_000)
    add_price(sql, "google", "gemini-2.5-flash", "output_token", "2.5", 1_000_000)
    add_price(sql, "openai", "gpt-4o-mini", "input_token", "0.15", 1_000_000)
    add_price(sql, "openai", "gpt-4o-mini", "output_token", "0.6", 1_000_000)
    add_price(sql, "openai", "gpt-4o-mini", "cached_token", "0.075", 1_000_000)
    add_price(sql, "openai", "dear", "input_token", "9999.99999999", 1)


def add_price(
    sql: Sql,
    provider: str,
    model: str,
    unit: str,
    usd: str,
    per_units: int,
    minimum_units: int = 0,
    valid_from: str = "2020-01-01",
) -> None:
    sql.run(
        "insert into batch.model_prices"
        " (provider, model, unit, usd, per_units, minimum_units, valid_from)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        provider, model, unit, usd, per_units, minimum_units, valid_from,
    )  # fmt: skip


def cost(sql: Sql, at: str = AT, **usage: Any) -> Decimal | None:
    found: Decimal | None = sql.value("select batch.cost_of_usage(%s, %s)", json.dumps(usage), at)
    return found


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        # 61.5 s at 0.04 an hour: 61.5 * 0.04 / 3600 = 0.000683333...
        ({"provider": "groq", "model": "whisper-large-v3-turbo", "audioSeconds": "61.5"},
         "0.00068333"),
        # 2 s are billed as 10: 0.000111111...
        ({"provider": "groq", "model": "whisper-large-v3-turbo", "audioSeconds": "2"},
         "0.00011111"),
        ({"provider": "openai", "model": "whisper-1", "audioSeconds": "2"}, "0.0002"),
        # 1,290 * 0.3 / 1e6 + 77 * 2.5 / 1e6
        ({"provider": "google", "model": "gemini-2.5-flash", "inputTokens": 1290,
          "outputTokens": 77}, "0.0005795"),
        # sound is priced apart: 290 * 0.3 / 1e6 + 1,000 * 1 / 1e6
        ({"provider": "google", "model": "gemini-2.5-flash", "inputTokens": 1290,
          "audioTokens": 1000}, "0.001087"),
        # no price for sound of its own: 1,290 * 0.15 / 1e6, half a unit in the ninth rounds up
        ({"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 1290, "audioTokens": 1000},
         "0.0001935"),
        ({"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 1}, "0.00000015"),
        # from its cache: 976 * 0.15 / 1e6 + 1,024 * 0.075 / 1e6
        ({"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 2000,
          "cachedTokens": 1024}, "0.0002232"),
        # no price for what was in the cache: 2,000 * 0.3 / 1e6
        ({"provider": "google", "model": "gemini-2.5-flash", "inputTokens": 2000,
          "cachedTokens": 1024}, "0.0006"),
        # the dearest that a result can hold
        ({"provider": "openai", "model": "dear", "inputTokens": 1}, "9999.99999999"),
    ],
)  # fmt: skip
def test_a_cost_is_exact_to_the_eighth_decimal(sql: Sql, usage: dict[str, Any], usd: str) -> None:
    assert cost(sql, **usage) == Decimal(usd)


@pytest.mark.parametrize(
    "usage",
    [
        {"provider": "openai", "model": "gpt-99", "inputTokens": 5},
        {"provider": "groq", "model": "gpt-4o-mini", "inputTokens": 5},
        # the wrong unit: tokens of a model priced by time, time of one priced by tokens
        {"provider": "openai", "model": "whisper-1", "inputTokens": 5},
        {"provider": "openai", "model": "gpt-4o-mini", "audioSeconds": 5},
        # part of it has no price
        {"provider": "groq", "model": "half", "inputTokens": 5, "outputTokens": 5},
        # told, and cannot be true
        {"provider": "openai", "model": "whisper-1", "audioSeconds": -1},
        {"provider": "openai", "model": "whisper-1", "audioSeconds": "1e300"},
        {"provider": "openai", "model": "whisper-1", "audioSeconds": "NaN"},
        {"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 5, "outputTokens": -1},
        {"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 5, "cachedTokens": -1},
        {"provider": "openai", "model": "gpt-4o-mini", "inputTokens": 10**30},
        # more than a result can hold
        {"provider": "openai", "model": "dear", "inputTokens": 2},
        # what it used is not known
        {"provider": "openai", "model": "gpt-4o-mini"},
    ],
)
def test_what_the_price_book_cannot_tell_is_null_and_not_free(
    sql: Sql, usage: dict[str, Any]
) -> None:
    add_price(sql, "groq", "half", "input_token", "1", 1_000_000)

    assert cost(sql, **usage) is None


def test_a_model_priced_by_time_is_not_charged_for_its_tokens_as_well(sql: Sql) -> None:
    add_price(sql, "openai", "whisper-1", "output_token", "100", 1)

    usd = cost(sql, provider="openai", model="whisper-1", audioSeconds="10", outputTokens=50)

    assert usd == Decimal("0.001")


def test_the_price_that_was_valid_then_counts(sql: Sql) -> None:
    add_price(
        sql, "openai", "whisper-1", "audio_second", "3.6", 3600, valid_from="2026-06-30 12:00+00"
    )
    usage = {"provider": "openai", "model": "whisper-1", "audioSeconds": "1"}

    assert cost(sql, at="2026-06-30 11:59:59+00", **usage) == Decimal("0.0001")
    assert cost(sql, at="2026-06-30 12:00:00+00", **usage) == Decimal("0.001")


def test_before_its_first_price_a_model_has_none(sql: Sql) -> None:
    usage = {"provider": "openai", "model": "whisper-1", "audioSeconds": "1"}

    assert cost(sql, at="2019-12-31+00", **usage) is None


def test_several_requests_of_an_item_are_summed_and_one_unknown_makes_all_unknown(
    sql: Sql,
) -> None:
    known = {"provider": "openai", "model": "whisper-1", "audioSeconds": "1"}
    unknown = {"provider": "openai", "model": "x", "audioSeconds": "1"}

    def of(*usages: dict[str, str]) -> Decimal | None:
        found: Decimal | None = sql.value(
            "select batch.cost_of_usages(%s, %s)", json.dumps(usages), AT
        )
        return found

    assert of(known, known) == Decimal("0.0002")
    assert of(known, unknown) is None
    assert of() == 0


def test_requests_whose_sum_no_result_can_hold_have_no_known_cost(sql: Sql) -> None:
    dear = {"provider": "openai", "model": "dear", "inputTokens": 1}

    def of(*usages: dict[str, Any]) -> Decimal | None:
        found: Decimal | None = sql.value(
            "select batch.cost_of_usages(%s, %s)", json.dumps(usages), AT
        )
        return found

    assert of(dear) == Decimal("9999.99999999")
    assert of(dear, dear) is None


def test_tokens_that_cannot_be_true_are_not_counted(sql: Sql) -> None:
    usages = [{"inputTokens": 3, "outputTokens": 2}, {"inputTokens": 10**30}, {"inputTokens": -1}]

    assert sql.value("select batch.tokens_of_usages(%s)", json.dumps(usages)) == 5
    assert sql.value(
        "select batch.tokens_of_usages(%s)", json.dumps([{"inputTokens": 10**8}] * 30)
    ) == 2**31 - 1  # fmt: skip
