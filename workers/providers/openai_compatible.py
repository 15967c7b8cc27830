"""What OpenAI, Groq and the servers that imitate them have in common.

https://platform.openai.com/docs/api-reference; https://console.groq.com/docs/api-reference
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from workers.processors.base import ProcessingFailed, Usage
from workers.providers.answers import Answer, Part
from workers.providers.bodies import DataUrl, FormBody, JsonBody
from workers.providers.exchange import Exchange, Question
from workers.providers.languages import code_of, primary
from workers.providers.prompts import heard_with
from workers.providers.told import SENSELESS, count, inner, length
from workers.providers.trouble import Kind, Trouble

MOST_TOKENS = 4096
"""Of one description; a small model on one's own machine can otherwise go on for ever."""
HEARD_TOKENS = 10
"""A second, by OpenAI's prices of whisper-1 and of the models after it."""
WORDS_TOKENS = 1000
"""Of instruction and caption, at most."""
SILENT, UNSURE = 0.6, -1.0
"""Whisper's own thresholds of `no_speech_prob` and `avg_logprob` for calling a segment silence."""
MIME_TYPES = {
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".webm": "audio/webm",
}


class OpenAITranscriber:
    """`/audio/transcriptions`."""

    def __init__(
        self, exchange: Exchange, model: str, *, max_bytes: int, max_seconds: int, context: str
    ) -> None:
        """`context` is the operator's, such as names and words that are often said."""
        self.name = exchange.name
        self.model = model
        self.max_bytes = max_bytes
        self.max_seconds = max_seconds
        self._exchange = exchange
        self._context = context
        # The models after Whisper write neither timestamps nor the language.
        self._is_whisper = "transcribe" not in model

    async def transcribe(
        self,
        sound: Path,
        *,
        seconds: Decimal,
        language: str | None,
        caption: str | None,
        kind: str | None = None,
    ) -> Answer:
        """See `Transcriber`."""
        fields = {
            "model": self.model,
            "response_format": "verbose_json" if self._is_whisper else "json",
            "temperature": "0",
        }
        if language:
            fields["language"] = primary(language) or language
        prompt = heard_with(self._context, caption, is_instructed=not self._is_whisper)
        if prompt:
            fields["prompt"] = prompt
        suffix = f".{kind}" if kind else sound.suffix.lower()
        suffix = suffix if suffix in MIME_TYPES else ".ogg"
        likely = self._usage({}, seconds)
        if not self._is_whisper:
            heard = round(seconds * HEARD_TOKENS)
            likely = replace(likely, input_tokens=heard, audio_tokens=heard)
        question = Question(
            path="audio/transcriptions",
            model=self.model,
            body=FormBody(fields, sound, f"sound{suffix}", MIME_TYPES[suffix]),
            read=partial(self._read, likely=likely, language=language),
            likely=likely,
        )
        return await self._exchange.ask(question)

    def most_usage(self, seconds: Decimal) -> Usage:
        """See `Transcriber`."""
        seconds = max(seconds, Decimal(1))
        most = self._usage({}, seconds)
        if self._is_whisper:
            return most
        heard = round(seconds * HEARD_TOKENS)
        return replace(
            most,
            input_tokens=heard + WORDS_TOKENS,
            audio_tokens=heard,
            output_tokens=heard + WORDS_TOKENS,
        )

    def _read(self, document: Mapping[str, Any], likely: Usage, language: str | None) -> Answer:
        text = document["text"]
        if not isinstance(text, str):
            raise TypeError
        if _is_silence(document.get("segments")):
            text = ""
        seconds = length(document.get("duration")) or likely.audio_seconds
        told = document.get("usage")
        return Answer(
            text=text.strip(),
            usage=[self._usage(told, seconds) if told else replace(likely, audio_seconds=seconds)],
            language=code_of(document.get("language")) or language,
        )

    def _usage(self, told: Any, seconds: Decimal) -> Usage:
        if not isinstance(told, Mapping):
            return Usage(self.name, self.model, audio_seconds=Decimal(SENSELESS))
        details = inner(told, "input_token_details")
        return Usage(
            provider=self.name,
            model=self.model,
            input_tokens=count(told.get("input_tokens")),
            cached_tokens=count(details.get("cached_tokens")),
            audio_tokens=count(details.get("audio_tokens")),
            output_tokens=count(told.get("output_tokens")),
            audio_seconds=length(told.get("seconds")) or seconds,
        )


class OpenAIViewer:
    """`/chat/completions` with pictures."""

    def __init__(
        self,
        exchange: Exchange,
        model: str,
        *,
        max_bytes: int,
        length_field: str,
        picture_tokens: int,
        most_picture_tokens: int,
    ) -> None:
        """`length_field` is what the server calls the limit of the answer's tokens."""
        self.name = exchange.name
        self.model = model
        self.max_bytes = max_bytes
        self._exchange = exchange
        self._length_field = length_field
        self._picture_tokens = picture_tokens
        self._most_picture_tokens = most_picture_tokens

    async def view(self, instruction: str, context: str, parts: Sequence[Part]) -> Answer:
        """See `Viewer`."""
        content: list[dict[str, Any]] = [{"type": "text", "text": context}]
        for part in parts:
            if part.label:
                content.append({"type": "text", "text": part.label})
            url: DataUrl | str = (
                DataUrl(part.mime_type, part.data)
                if isinstance(part.data, Path)
                else f"data:{part.mime_type};base64,{part.data}"
            )
            content.append({"type": "image_url", "image_url": {"url": url}})
        document = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": content},
            ],
            self._length_field: MOST_TOKENS,
        }
        words = (len(instruction) + len(context)) // 4
        seen = sum(part.likely_tokens or self._picture_tokens for part in parts)
        likely = Usage(self.name, self.model, input_tokens=words + seen)
        question = Question(
            path="chat/completions",
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
        seen = pictures * self._most_picture_tokens + tokens
        return Usage(
            self.name,
            self.model,
            input_tokens=seen + sound_tokens + requests * WORDS_TOKENS,
            audio_tokens=sound_tokens,
            output_tokens=requests * MOST_TOKENS,
        )

    def _read(self, document: Mapping[str, Any], likely: Usage) -> Answer:
        told = document.get("usage")
        usage = [self._usage(told) if told else likely]
        choice = document["choices"][0]
        message, reason = choice["message"], choice.get("finish_reason")
        text = message.get("content") or ""
        if message.get("refusal") or reason == "content_filter":
            said = message.get("refusal") or "its content filter stopped it"
            raise ProcessingFailed(
                "provider_refused", f"{self.name} refused it: {str(said)[:200]}", usage
            )
        if not isinstance(text, str):
            raise TypeError
        if not text and reason == "length":
            raise Trouble(Kind.GARBLED, "it used up its length without a word", usage=usage[0])
        return Answer(text=text.strip(), usage=usage, is_cut=reason == "length")

    def _usage(self, told: Any) -> Usage:
        if not isinstance(told, Mapping):
            return Usage(self.name, self.model, input_tokens=SENSELESS)
        details = inner(told, "prompt_tokens_details")
        return Usage(
            provider=self.name,
            model=self.model,
            input_tokens=count(told.get("prompt_tokens")),
            cached_tokens=count(details.get("cached_tokens")),
            audio_tokens=count(details.get("audio_tokens")),
            output_tokens=count(told.get("completion_tokens")),
        )


def _is_silence(segments: object) -> bool:
    """Whether Whisper took every segment for silence, and guessed at words all the same."""
    if not isinstance(segments, list) or not segments:
        return False
    return all(
        isinstance(segment, dict)
        and float(segment.get("no_speech_prob") or 0) > SILENT
        and float(segment.get("avg_logprob") or 0) < UNSURE
        for segment in segments
    )
