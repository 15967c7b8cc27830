"""`backscroll webhooks`: what receivers verify with."""

from __future__ import annotations

import base64
import json

import pytest
from click.testing import CliRunner

from app.cli import backscroll
from tests.database import Sql

SECRETS = [f"whsec_{base64.b64encode(bytes([n]) * 24).decode()}" for n in (1, 2)]


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(
        backscroll, ["webhooks", "secret", *arguments], catch_exceptions=False
    )
    assert result.exit_code == 0
    return result.output


def test_the_databases_secret_is_shown(
    own_sql: Sql, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = own_sql.value("select batch.webhook_secret()")

    assert shown() == f"{made}\n"
    assert json.loads(shown("--json")) == {"secrets": [made], "from": "the database"}


def test_the_settings_secrets_are_shown_without_a_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    monkeypatch.setenv("BACKSCROLL_WEBHOOK_SECRET", " ".join(SECRETS))

    assert shown().split() == SECRETS
    assert json.loads(shown("--json")) == {
        "secrets": SECRETS,
        "from": "BACKSCROLL_WEBHOOK_SECRET",
    }
