"""The price book's source: what providers charge, from the package genai-prices, offline.

Prices of models whose rate rises with the length of a request (tiers) are taken at their base
rate: what Backscroll sends stays below the first tier.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
from genai_prices import Usage, calc_price, data_snapshot, types

PROVIDERS = ("groq", "openai", "google")
_MILLION = Decimal(1_000_000)
_HOUR = Decimal(3600)

# genai-prices' name of a price -> our unit, and how many units it is for
_UNITS = {
    "input_mtok": ("input_token", _MILLION),
    "cache_read_mtok": ("cached_token", _MILLION),
    "input_audio_mtok": ("audio_token", _MILLION),
    "output_mtok": ("output_token", _MILLION),
    "input_audio_hours": ("audio_second", _HOUR),
    "audio_hours": ("audio_second", _HOUR),
}


def sync_prices(connection: psycopg.Connection[Any]) -> int:
    """Brings the price book up to the installed genai-prices. How many prices were added."""
    source = f"genai-prices {importlib.metadata.version('genai-prices')}"
    row = connection.execute(
        "select batch.sync_prices(%s, %s)", [json.dumps(list(_prices())), source]
    ).fetchone()
    return int(row[0]) if row else 0


def _prices() -> Iterator[dict[str, Any]]:
    for provider in data_snapshot.get_snapshot().providers:
        if provider.id not in PROVIDERS:
            continue
        for model in provider.models:
            dated = (
                model.prices
                if isinstance(model.prices, list)
                else [types.ConditionalPrice(prices=model.prices)]
            )
            for conditional in dated:
                yield from _of_model(provider.id, model.id, conditional)


def _of_model(
    provider: str, model: str, conditional: types.ConditionalPrice
) -> Iterator[dict[str, Any]]:
    constraint = conditional.constraint
    if constraint is not None and not isinstance(constraint, types.StartDateConstraint):
        # Prices by the time of day: Backscroll's book has none.
        return
    named = conditional.prices.__dict__
    for name, (unit, per_units) in _UNITS.items():
        price = named.get(name)
        if price is None or (name == "audio_hours" and named.get("input_audio_hours") is not None):
            continue
        usd = price.base if isinstance(price, types.TieredPrices) else price
        yield {
            "provider": provider,
            "model": model,
            "unit": unit,
            "usd": str(usd),
            "perUnits": str(per_units),
            "minimumUnits": _minimum_seconds(provider, model, usd) if per_units == _HOUR else "0",
            "validFrom": None if constraint is None else constraint.start_date.isoformat(),
        }


def _minimum_seconds(provider: str, model: str, usd_an_hour: Decimal) -> str:
    """The seconds that a request is billed for at least: what a millisecond of sound costs."""
    if not usd_an_hour:
        return "0"
    instant = Decimal("0.001")
    charged = calc_price(Usage(audio_seconds=instant), model, provider_id=provider).total_price
    seconds = (charged * _HOUR / usd_an_hour).quantize(instant)
    return "0" if seconds <= instant else format(seconds.normalize(), "f")
