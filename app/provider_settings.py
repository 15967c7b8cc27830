"""The settings of the providers: keys, addresses, models, prompts, and who is asked when."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

GROQ_ADDRESS = "https://api.groq.com/openai/v1"
OPENAI_ADDRESS = "https://api.openai.com/v1"
GEMINI_ADDRESS = "https://generativelanguage.googleapis.com/v1beta"


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError("an address such as http://127.0.0.1:11434/v1")
    return text.rstrip("/")


def _key(secret: SecretStr) -> SecretStr:
    key = secret.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]+", key):
        raise ValueError("a key as the provider gave it: letters, digits and signs on one line")
    return SecretStr(key)


def _chain(text: str) -> str:
    names = [name.strip() for name in text.split(",")]
    if not all(re.fullmatch(r"[\w.-]+", name) for name in names):
        raise ValueError("names with commas between, such as groq,openai,local")
    return ",".join(dict.fromkeys(names))


def _language(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", text):
        raise ValueError("a language code such as pt or pt-BR")
    return text


Address = Annotated[str, AfterValidator(_address)]
Key = Annotated[SecretStr, AfterValidator(_key)]
ChainText = Annotated[str, AfterValidator(_chain)]
LanguageCode = Annotated[str, AfterValidator(_language)]


class ProviderSettings(BaseSettings):
    """All of them are absent or sensible by default: without a key, nobody is asked."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    groq_api_key: Key | None = Field(None, validation_alias="GROQ_API_KEY")
    groq_base_url: Address = Field(GROQ_ADDRESS, validation_alias="GROQ_BASE_URL")
    groq_audio_model: str | None = Field(
        "whisper-large-v3-turbo", validation_alias="GROQ_AUDIO_MODEL"
    )
    groq_image_model: str | None = Field(None, validation_alias="GROQ_IMAGE_MODEL")

    openai_api_key: Key | None = Field(None, validation_alias="OPENAI_API_KEY")
    openai_base_url: Address = Field(OPENAI_ADDRESS, validation_alias="OPENAI_BASE_URL")
    openai_audio_model: str | None = Field("whisper-1", validation_alias="OPENAI_AUDIO_MODEL")
    openai_image_model: str | None = Field("gpt-4o-mini", validation_alias="OPENAI_IMAGE_MODEL")

    gemini_api_key: Key | None = Field(None, validation_alias="GEMINI_API_KEY")
    gemini_base_url: Address = Field(GEMINI_ADDRESS, validation_alias="GEMINI_BASE_URL")
    gemini_image_model: str | None = Field(
        "gemini-2.5-flash", validation_alias="GEMINI_IMAGE_MODEL"
    )
    gemini_video_model: str | None = Field(
        "gemini-2.5-flash", validation_alias="GEMINI_VIDEO_MODEL"
    )
    gemini_document_model: str | None = Field(
        "gemini-2.5-flash", validation_alias="GEMINI_DOCUMENT_MODEL"
    )

    audio_chain: ChainText = Field("groq,openai,local", validation_alias="BACKSCROLL_AUDIO_CHAIN")
    image_chain: ChainText = Field("google,openai,local", validation_alias="BACKSCROLL_IMAGE_CHAIN")
    video_chain: ChainText = Field("google,local", validation_alias="BACKSCROLL_VIDEO_CHAIN")
    document_chain: ChainText = Field("local", validation_alias="BACKSCROLL_DOCUMENT_CHAIN")
    page_chain: ChainText = Field("google,local", validation_alias="BACKSCROLL_PAGE_CHAIN")
    """For the pages of documents that are pictures."""

    local_when_away: Literal["no", "yes"] = Field(
        "no", validation_alias="BACKSCROLL_LOCAL_WHEN_AWAY"
    )
    """Whether `local` takes over while the providers before it in a chain are away."""

    language: LanguageCode | None = Field(None, validation_alias="BACKSCROLL_LANGUAGE")
    """For jobs that name none; absent: detected."""

    audio_prompt: str | None = Field(None, validation_alias="BACKSCROLL_AUDIO_PROMPT")
    image_prompt: str | None = Field(None, validation_alias="BACKSCROLL_IMAGE_PROMPT")
    video_prompt: str | None = Field(None, validation_alias="BACKSCROLL_VIDEO_PROMPT")
    page_prompt: str | None = Field(None, validation_alias="BACKSCROLL_PAGE_PROMPT")

    provider_timeout: float = Field(
        120, gt=0, allow_inf_nan=False, validation_alias="BACKSCROLL_PROVIDER_TIMEOUT"
    )
    """For one request with its whole answer."""
    provider_attempts: int = Field(4, ge=1, le=20, validation_alias="BACKSCROLL_PROVIDER_ATTEMPTS")
    """How often a provider is asked that answers 5xx or cannot be reached."""
