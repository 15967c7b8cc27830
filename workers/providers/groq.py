"""Groq: Whisper, fast and cheap, and models that see, at an address that speaks OpenAI's language.

https://console.groq.com/docs/speech-to-text
"""

from __future__ import annotations

from workers.providers.exchange import Exchange
from workers.providers.openai_compatible import OpenAITranscriber, OpenAIViewer

NAME = "groq"
PREFIX = "GROQ"
BASE_URL = "https://api.groq.com/openai/v1"
MAX_SOUND_BYTES = 24_000_000
"""Of 25 MB on the free tier."""
MAX_SOUND_SECONDS = 1200
MAX_REQUEST_BYTES = 4_000_000
"""Its limit for pictures in base64."""
PICTURE_TOKENS, MOST_PICTURE_TOKENS = 2000, 8000


def transcriber(exchange: Exchange, model: str, context: str) -> OpenAITranscriber:
    return OpenAITranscriber(
        exchange,
        model,
        max_bytes=MAX_SOUND_BYTES,
        max_seconds=MAX_SOUND_SECONDS,
        context=context,
    )


def viewer(exchange: Exchange, model: str) -> OpenAIViewer:
    return OpenAIViewer(
        exchange,
        model,
        max_bytes=MAX_REQUEST_BYTES,
        length_field="max_completion_tokens",
        picture_tokens=PICTURE_TOKENS,
        most_picture_tokens=MOST_PICTURE_TOKENS,
    )
