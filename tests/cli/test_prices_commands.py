"""`backscroll prices`: the price book on the command line."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from app.cli import backscroll


@pytest.fixture
def prices(database_url: str, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(backscroll, ["prices", *arguments], catch_exceptions=False)

    return run


def test_a_migrated_database_has_prices_and_syncing_adds_none(prices: object) -> None:
    assert callable(prices)

    synced = prices("sync")

    assert synced.exit_code == 0
    assert synced.output.startswith("0 prices added; the price book has ")
    counted = json.loads(prices("sync", "--json").output)
    assert counted["added"] == 0
    assert synced.output.split()[-1] == str(counted["prices"])


def test_an_emptied_book_is_filled_again(prices: object, own_sql: object) -> None:
    assert callable(prices)
    own_sql.run("delete from batch.model_prices")  # type: ignore[attr-defined]
    assert "backscroll prices sync" in prices("list").output

    prices("sync")

    listed = json.loads(prices("list", "--json", "--model", "whisper-large-v3-turbo").output)
    assert [(price["usd"], price["perUnits"], price["minimumUnits"]) for price in listed] == [
        ("0.04", "3600", "10")
    ]


def test_the_list_is_for_people(prices: object) -> None:
    assert callable(prices)

    shown = prices("list", "--provider", "openai", "--model", "whisper-1").output

    assert "0.36  3,600  audio_second " in shown
