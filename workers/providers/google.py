"""Google's Gemini: `generateContent` with pictures, films and sound inline.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from workers.processors.base import ProcessingFailed, Usage
from workers.providers.answers import Answer, Part
from workers.providers.bodies import JsonBody
from workers.providers.exchange import Exchange, Question
from workers.providers.told import SENSELESS, count
from workers.providers.trouble import Kind, Trouble

NAME = "google"
PREFIX = "GEMINI"
BASE_URL = "https://generativelanguage.googleapis.com/v1beta"
KEY_HEADER = "x-goog-api-key"
MAX_REQUEST_BYTES = 19_900_000
"""Google takes 20 MB inline, in base64 and with all the rest of the request."""
PICTURE_TOKENS = 1290
"""Of a picture of common size; 258 a tile of 768 by 768 pixels."""
MOST_PICTURE_TOKENS = 6192
"""24 tiles: pictures come here with at most 2048 by 6144 pixels."""
WORDS_TOKENS = 1000
"""Of instruction and caption, at most."""
MOST_TOKENS = 8192
"""Of one answer, thinking included."""
WITHOUT_THINKING = ("gemini-2.5-flash", "gemini-flash-latest")
"""Beginnings of models that can do without: it costs more than the text, and reads no better."""
REFUSALS = {
    "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
    "LANGUAGE",
}  # fmt: skip


class GeminiViewer:
    """Looks at pictures and pages, watches films, listens."""

    def __init__(self, exchange: Exchange, model: str) -> None:
        self.name = exchange.name
        self.model = model
        self.max_bytes = MAX_REQUEST_BYTES
        self._exchange = exchange

    async def view(self, instruction: str, context: str, parts: Sequence[Part]) -> Answer:
        """See `Viewer`."""
        sent: list[dict[str, Any]] = [{"text": context}]
        for part in parts:
            if part.label:
                sent.append({"text": part.label})
            sent.append({"inlineData": {"mimeType": part.mime_type, "data": part.data}})
        document: dict[str, Any] = {
            "systemInstruction": {"parts": [{"text": instruction}]},
            "contents": [{"role": "user", "parts": sent}],
            "generationConfig": {"maxOutputTokens": MOST_TOKENS},
        }
        if self.model.startswith(WITHOUT_THINKING):
            document["generationConfig"]["thinkingConfig"] = {"thinkingBudget": 0}
        words = (len(instruction) + len(context)) // 4
        heard = sum(part.likely_sound_tokens for part in parts)
        seen = sum(
            PICTURE_TOKENS if part.likely_tokens is None else part.likely_tokens for part in parts
        )
        likely = Usage(self.name, self.model, input_tokens=words + seen + heard, audio_tokens=heard)
        question = Question(
            path=f"models/{quote(self.model, safe='')}:generateContent",
            model=self.model,
            body=JsonBody(document),
            read=partial(self._read, likely=likely),
            likely=likely,
        )
        return await self._exchange.ask(question)

    def most_usage(
        self, *, pictures: int, tokens: int = 0, sound_tokens: int = 0, requests: int = 1
    ) -> Usage:
        """See `Viewer`."""
        seen = pictures * MOST_PICTURE_TOKENS + tokens
        return Usage(
            self.name,
            self.model,
            input_tokens=seen + sound_tokens + requests * WORDS_TOKENS,
            audio_tokens=sound_tokens,
            output_tokens=requests * MOST_TOKENS,
        )

    def _read(self, document: Mapping[str, Any], likely: Usage) -> Answer:
        told = document.get("usageMetadata")
        usage = [self._usage(told) if told else likely]
        blocked = (document.get("promptFeedback") or {}).get("blockReason")
        if blocked:
            raise self._refusal(str(blocked), usage)
        candidate = document["candidates"][0]
        reason = candidate.get("finishReason")
        if reason in REFUSALS:
            raise self._refusal(str(reason), usage)
        parts = (candidate.get("content") or {}).get("parts") or []
        text = "".join(part.get("text") or "" for part in parts if not part.get("thought"))
        if not text and reason not in (None, "STOP"):
            said = f"it ended with {str(reason)[:40]} and without a word"
            raise Trouble(Kind.GARBLED, said, usage=usage[0])
        return Answer(text=text.strip(), usage=usage, is_cut=reason == "MAX_TOKENS")

    def _refusal(self, reason: str, usage: Sequence[Usage]) -> ProcessingFailed:
        said = f"{self.name} refused it: {reason[:40]}"
        return ProcessingFailed("provider_refused", said, usage)

    def _usage(self, told: Any) -> Usage:
        if not isinstance(told, Mapping):
            return Usage(self.name, self.model, input_tokens=SENSELESS)
        heard = _of_sound(told.get("promptTokensDetails"))
        # Of what it had in its cache, sound has a price of its own, which the price book does not
        # hold: it is charged as if it were sent anew, never too little.
        heard_before = count(*_of_sound(told.get("cacheTokensDetails")))
        cached = count(told.get("cachedContentTokenCount"))
        return Usage(
            provider=self.name,
            model=self.model,
            input_tokens=count(told.get("promptTokenCount"), told.get("toolUsePromptTokenCount")),
            cached_tokens=max(0, cached - max(0, heard_before)) if cached >= 0 else SENSELESS,
            audio_tokens=count(*heard),
            output_tokens=count(told.get("candidatesTokenCount"), told.get("thoughtsTokenCount")),
        )


def _of_sound(details: Any) -> list[Any]:
    """The numbers of tokens that were sound, among those of all kinds."""
    told = details if isinstance(details, list) else []
    return [
        each.get("tokenCount")
        for each in told
        if isinstance(each, Mapping) and each.get("modality") == "AUDIO"
    ]


def viewer(exchange: Exchange, model: str) -> GeminiViewer:
    """Its viewer; it has no transcriber."""
    return GeminiViewer(exchange, model)
