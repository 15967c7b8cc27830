"""OpenAI: Whisper, its successors, and models that see."""

from __future__ import annotations

from workers.providers.exchange import Exchange
from workers.providers.openai_compatible import OpenAITranscriber, OpenAIViewer

NAME = "openai"
PREFIX = "OPENAI"
BASE_URL = "https://api.openai.com/v1"
MAX_SOUND_BYTES = 25_000_000
"""Of 25 MiB."""
MAX_SOUND_SECONDS = 1200
"""The models after whisper-1 take 25 minutes."""
MAX_REQUEST_BYTES = 20_000_000
PICTURE_TOKENS = 25_501
"""Of a square picture for gpt-4o-mini: 2833, and 5667 a tile of 512 by 512 pixels."""
MOST_PICTURE_TOKENS = 48_169
"""Eight tiles: it shrinks pictures to 768 by 2048 pixels."""


def transcriber(exchange: Exchange, model: str, context: str) -> OpenAITranscriber:
    return OpenAITranscriber(
        exchange,
        model,
        max_bytes=MAX_SOUND_BYTES,
        max_seconds=MAX_SOUND_SECONDS,
        context=context,
    )


def viewer(exchange: Exchange, model: str) -> OpenAIViewer:
    # OpenAI's newer models refuse `max_tokens`; the servers that imitate it know nothing else.
    is_itself = exchange.account.base_url.rstrip("/") == BASE_URL
    return OpenAIViewer(
        exchange,
        model,
        max_bytes=MAX_REQUEST_BYTES,
        length_field="max_completion_tokens" if is_itself else "max_tokens",
        picture_tokens=PICTURE_TOKENS,
        most_picture_tokens=MOST_PICTURE_TOKENS,
    )
