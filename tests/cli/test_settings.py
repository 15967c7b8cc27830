"""app.settings: what the environment may say, and how a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import SettingsError, load_settings


def test_everything_has_a_default() -> None:
    settings = load_settings()

    assert settings.database_url is None
    assert settings.bind == "127.0.0.1:8000"
    assert settings.media_folder == Path.cwd() / ".backscroll" / "media"


def test_an_empty_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("BACKSCROLL_CONCURRENCY", "")

    settings = load_settings()

    assert (settings.database_url, settings.concurrency) == (None, 384)


@pytest.mark.parametrize("name", ["HOME", "BIND", "CONCURRENCY", "LOG_LEVEL", "MEDIA_ROOT"])
def test_a_variable_that_only_looks_like_ours_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = load_settings()
    monkeypatch.setenv(name, "/elsewhere")

    assert load_settings() == before


def test_media_are_in_the_home_unless_another_folder_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BACKSCROLL_HOME", "/data")
    assert load_settings().media_folder == Path("/data/media")

    monkeypatch.setenv("BACKSCROLL_MEDIA_ROOT", "~/chats")
    assert load_settings().media_folder == Path.home() / "chats"


@pytest.mark.parametrize(
    ("name", "value", "field", "taken"),
    [
        ("BACKSCROLL_EMBEDDED_POSTGRES", "16", "embedded_postgres", 16),
        ("BACKSCROLL_LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("BACKSCROLL_CONCURRENCY", "1000", "concurrency", 1000),
        ("BACKSCROLL_CANCEL_GRACE", "0", "cancel_grace", 0),
        ("BACKSCROLL_DOWNLOAD_TIMEOUT", "0.5", "download_timeout", 0.5),
        ("DATABASE_URL", "host=/tmp dbname=x", "database_url", "host=/tmp dbname=x"),
    ],
)
def test_a_variable_sets_its_field(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, taken: object
) -> None:
    monkeypatch.setenv(name, value)

    assert getattr(load_settings(), field) == taken


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("BACKSCROLL_CONCURRENCY", "abc", "a whole number from 1 to 1000"),
        ("BACKSCROLL_CONCURRENCY", "0", "a whole number from 1 to 1000"),
        ("BACKSCROLL_CONCURRENCY", "7.5", "a whole number from 1 to 1000"),
        ("BACKSCROLL_DOCUMENT_PROCESSES", "65", "a whole number from 1 to 64"),
        ("BACKSCROLL_MAX_MEDIA_MB", "-1", "a whole number, 1 or more"),
        ("BACKSCROLL_STOP_GRACE", "-1", "a number of seconds, 0 or more"),
        ("BACKSCROLL_HEARTBEAT", "nan", "a number of seconds greater than 0"),
        ("BACKSCROLL_DOWNLOAD_TIMEOUT", "inf", "a number of seconds greater than 0"),
        ("BACKSCROLL_EMBEDDED_POSTGRES", "17", "16 or 18"),
        ("BACKSCROLL_LOG_LEVEL", "loud", "DEBUG, INFO, WARNING or ERROR"),
        ("DATABASE_LISTEN_URL", "x y", "an address such as postgresql://"),
        ("BACKSCROLL_CALLBACK_ALLOW_HOSTS", "http://x", "host names, addresses or networks"),
        ("BACKSCROLL_WEBHOOK_SECRET", "secret", "whsec_ and 24 to 64 bytes in base64"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=f"^{name} must be {allowed}"):
        load_settings()


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSCROLL_CONCURRENCY", "abc")
    monkeypatch.setenv("BACKSCROLL_HEARTBEAT", "abc")

    with pytest.raises(SettingsError) as refused:
        load_settings()

    assert "BACKSCROLL_CONCURRENCY" in str(refused.value)
    assert "BACKSCROLL_HEARTBEAT" in str(refused.value)
