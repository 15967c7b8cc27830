"""What providers are told comes from the environment, and nonsense stops the start."""

from __future__ import annotations

import pytest

from app.settings import SettingsError, load_settings


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("GROQ_API_KEY", "two\nlines", "a key as the provider gave it"),
        ("OPENAI_API_KEY", "schlüssel", "a key as the provider gave it"),
        ("OPENAI_BASE_URL", "localhost:11434", "an address such as"),
        ("GEMINI_BASE_URL", "file:///etc/passwd", "an address such as"),
        ("BACKSCROLL_AUDIO_CHAIN", "groq, ,local", "names with commas"),
        ("BACKSCROLL_LANGUAGE", "in Portuguese, please", "a language code"),
        ("BACKSCROLL_LOCAL_WHEN_AWAY", "perhaps", "no or yes"),
        ("BACKSCROLL_PROVIDER_ATTEMPTS", "99", "a whole number from 1 to 20"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError, match=says) as caught:
        load_settings()

    assert variable in str(caught.value)
    assert value not in str(caught.value)


def test_keys_are_not_in_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " sk-of-mine ")

    settings = load_settings()

    assert "sk-of-mine" not in repr(settings)
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-of-mine"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("OPENAI_BASE_URL", "")

    settings = load_settings()

    assert settings.openai_api_key is None
    assert settings.openai_base_url == "https://api.openai.com/v1"


def test_addresses_and_chains_are_tidied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1/")
    monkeypatch.setenv("BACKSCROLL_IMAGE_CHAIN", " openai , local,openai")

    settings = load_settings()

    assert settings.openai_base_url == "http://127.0.0.1:11434/v1"
    assert settings.image_chain == "openai,local"
