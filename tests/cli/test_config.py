"""`backscroll config`: every setting, where it comes from, and never a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.settings import SettingsError, load_settings, setting_names
from app.settings_listing import masked_address
from tests.processes import backscroll

SECRET = "hunter2"


def shown(**settings: str) -> dict[str, dict[str, Any]]:
    ended = backscroll("config", "--json", **settings)
    assert SECRET not in ended.stdout + ended.stderr
    return {setting["name"]: setting for setting in json.loads(ended.stdout)}


def test_every_setting_is_shown_with_its_origin() -> None:
    listed = shown(BACKSCROLL_CONCURRENCY="7", BACKSCROLL_HEARTBEAT="")

    assert list(listed) == setting_names()
    assert listed["BACKSCROLL_CONCURRENCY"] == {
        "name": "BACKSCROLL_CONCURRENCY", "value": "7", "origin": "environment", "problem": None,
    }  # fmt: skip
    assert listed["BACKSCROLL_HEARTBEAT"]["origin"] == "default"
    assert listed["BACKSCROLL_HEARTBEAT"]["value"] == "2"


def test_what_is_shown_in_plain_is_the_same() -> None:
    ended = backscroll("config", BACKSCROLL_BIND="127.0.0.1:8080")

    assert ended.returncode == 0
    lines = {line.split()[0]: line.split()[1:] for line in ended.stdout.splitlines()}
    assert lines["BACKSCROLL_BIND"] == ["environment", "127.0.0.1:8080"]
    assert lines["GROQ_API_KEY"] == ["default", "-"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GROQ_API_KEY", SECRET),
        ("OPENAI_BASE_URL", f"http://me:{SECRET}@127.0.0.1:1/v1"),
        ("DATABASE_URL", f"postgresql://me:{SECRET}@db/chats"),
        ("DATABASE_URL", f"postgresql://me@db/chats?password={SECRET}"),
        ("DATABASE_URL", f"host=db password='{SECRET}' dbname=chats"),
        ("DATABASE_LISTEN_URL", f"postgresql://me:{SECRET}@db:5432/chats"),
        ("DATABASE_URL", f"not an address {SECRET}"),
        ("BACKSCROLL_GROQ_API_KEY", SECRET),
    ],
)
def test_secrets_are_masked(name: str, value: str) -> None:
    assert "********" in shown(**{name: value})[name]["value"]


def test_a_masked_address_still_says_where_it_leads() -> None:
    assert masked_address("postgresql://me:x%20y@db:6432/chats") == (
        "user=me password=******** dbname=chats host=db port=6432"
    )
    assert masked_address("postgresql://me@db/chats") == "postgresql://me@db/chats"


def test_wrong_and_unknown_settings_are_shown_with_what_is_wrong() -> None:
    ended = backscroll("config", BACKSCROLL_CONCURRENCY="many", BACKSCROLL_BIN="x")

    assert ended.returncode == 1
    assert "BACKSCROLL_CONCURRENCY must be a whole number from 1 to 1000" in ended.stderr
    assert "BACKSCROLL_BIN is not a setting; did you mean BACKSCROLL_BIND?" in ended.stderr


@pytest.mark.parametrize("command", ["serve", "worker", "up", "migrate"])
def test_an_unknown_setting_stops_the_start_with_its_name(command: str) -> None:
    ended = backscroll(command, BACKSCROLL_CONCURENCY="8")

    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "BACKSCROLL_CONCURENCY is not a setting; did you mean BACKSCROLL_CONCURRENCY?"
    )


def test_a_name_that_is_like_nothing_is_told_where_to_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BACKSCROLL_ZZZ", "1")

    with pytest.raises(SettingsError, match="BACKSCROLL_ZZZ is not a setting; `backscroll config`"):
        load_settings()


def test_variables_of_the_tests_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSCROLL_TEST_PG", "18")

    load_settings()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("BACKSCROLL_BIND", "localhost", "HOST:PORT"),
        ("BACKSCROLL_METRICS_BIND", "9100", "HOST:PORT"),
        ("BACKSCROLL_METRICS_BIND", "0.0.0.0:70000", "HOST:PORT"),
        ("BACKSCROLL_METRICS_BIND", "0.0.0.0:8000", "another port than BACKSCROLL_BIND"),
        ("BACKSCROLL_CORS_ORIGINS", "app.example", r"\* or origins"),
        ("BACKSCROLL_CORS_ORIGINS", "https://app.example/page", r"\* or origins"),
        ("BACKSCROLL_CORS_ORIGINS", "*,https://app.example", r"\* or origins"),
        ("BACKSCROLL_WORKER_TIMEOUT", "7", "four times BACKSCROLL_HEARTBEAT or more"),
        ("BACKSCROLL_LOG_FORMAT", "xml", "auto, plain or json"),
        ("WEB_CONCURRENCY", "0", "a whole number from 1 to 64"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=f"^{name} must (be|have) {allowed}"):
        load_settings()
