"""What the stand-in for providers reads and answers, route by route.

The routes are those of OpenAI and Groq (`audio/transcriptions`, `chat/completions`) and of Gemini
(`:generateContent`), as far as Backscroll uses them.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import struct
import wave
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

BYTES_PER_SECOND = 2000
"""Sound of which the length is not told is taken for so dense, as voice notes are."""
PICTURE_TOKENS = 258
FILM_TOKENS_PER_SECOND = 263
SOUND_TOKENS_PER_SECOND = 32
THINKING_TOKENS = 20


@dataclass(frozen=True)
class Billed:
    """What one request would have cost, in the units of the price book."""

    provider: str
    model: str
    input_tokens: int = 0
    audio_tokens: int = 0
    output_tokens: int = 0
    audio_seconds: float = 0.0
    key: str | None = field(default=None, compare=False)
    """Who has to pay."""
    at: float = field(default=0.0, compare=False)
    """By time.monotonic()."""


@dataclass(frozen=True)
class Received:
    """One request."""

    provider: str
    route: str
    headers: Mapping[str, str]
    size: int
    model: str
    fields: Mapping[str, Any]
    """Of the form, or the JSON document."""
    texts: tuple[str, ...]
    """Everything that was said in words, instructions first."""
    media: tuple[tuple[str, bytes], ...]
    """Everything to look at or listen to: MIME type and bytes."""

    @property
    def key(self) -> str | None:
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return bearer or self.headers.get("x-goog-api-key")


def _read_form(provider: str, route: str, headers: Mapping[str, str], body: bytes) -> Received:
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    fields: dict[str, Any] = {}
    media: list[tuple[str, bytes]] = []
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        content: Any = part.get_payload(decode=True)
        if part.get_filename():
            media.append((part.get_content_type(), content))
            fields[str(name)] = part.get_filename()
        else:
            fields[str(name)] = content.decode()
    texts = (fields["prompt"],) if "prompt" in fields else ()
    model = str(fields["model"])
    return Received(provider, route, headers, len(body), model, fields, texts, tuple(media))


def _read_chat(provider: str, route: str, headers: Mapping[str, str], body: bytes) -> Received:
    document = json.loads(body)
    texts: list[str] = []
    media: list[tuple[str, bytes]] = []
    for message in document["messages"]:
        content: Any = message["content"]
        parts: list[Any] = [{"text": content}] if isinstance(content, str) else content
        for part in parts:
            if "image_url" in part:
                mime_type, _, data = part["image_url"]["url"][5:].partition(";base64,")
                media.append((mime_type, base64.b64decode(data, validate=True)))
            else:
                texts.append(part["text"])
    return Received(
        provider, route, headers, len(body), document["model"], document, tuple(texts), tuple(media)
    )


def _read_gemini(provider: str, route: str, headers: Mapping[str, str], body: bytes) -> Received:
    document = json.loads(body)
    parts = [*document.get("systemInstruction", {"parts": []})["parts"]]
    parts += [part for content in document["contents"] for part in content["parts"]]
    inline = [part["inlineData"] for part in parts if "inlineData" in part]
    media = tuple(
        (each["mimeType"], base64.b64decode(each["data"], validate=True)) for each in inline
    )
    texts = tuple(part["text"] for part in parts if "text" in part)
    model = route.removeprefix("models/").removesuffix(":generateContent")
    return Received(provider, route, headers, len(body), model, document, texts, media)


def digest(content: bytes) -> str:
    """How answers name what arrived: the first 12 digits of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:12]


def _words(received: Received) -> int:
    return 10 + sum(map(len, received.texts)) // 4


def _seconds(sound: bytes) -> float:
    """The length that the headers of Ogg Opus, MP4 and WAV tell; else a guess by the size."""
    if sound.startswith(b"OggS") and (head := sound.find(b"OpusHead")) > 0:
        (last,) = struct.unpack_from("<q", sound, sound.rindex(b"OggS") + 6)
        (skipped,) = struct.unpack_from("<H", sound, head + 10)
        return float(max(0, last - skipped) / 48_000)
    if (header := sound.find(b"mvhd")) > 0:
        per_second, length = struct.unpack_from(">II", sound, header + 16)
        return float(length) / float(per_second)
    if sound.startswith(b"RIFF"):
        with wave.open(io.BytesIO(sound)) as file:
            return float(file.getnframes()) / float(file.getframerate())
    return len(sound) / BYTES_PER_SECOND


def _answer_speech(received: Received) -> tuple[dict[str, Any], Billed]:
    ((_, sound),) = received.media
    seconds = max(0.01, round(_seconds(sound), 2))
    text = f"spoken words of {digest(sound)}"
    if received.fields.get("response_format") == "json":
        heard = round(seconds * 10)
        sent, said = heard + _words(received), 10 + len(text) // 4
        billed = Billed(received.provider, received.model, sent, heard, said, seconds)
        usage: dict[str, Any] = {
            "type": "tokens",
            "input_tokens": sent,
            "input_token_details": {"audio_tokens": heard, "text_tokens": sent - heard},
            "output_tokens": said,
            "total_tokens": sent + said,
        }
        return {"text": text, "usage": usage}, billed
    answer = {
        "task": "transcribe",
        "language": "english",
        "duration": seconds,
        "text": text,
        "segments": [{"id": 0, "text": text, "no_speech_prob": 0.01, "avg_logprob": -0.2}],
    }
    return answer, Billed(received.provider, received.model, audio_seconds=seconds)


def _describe(received: Received) -> str:
    kinds = Counter(mime_type.partition("/")[0] for mime_type, _ in received.media)
    digests = " ".join(digest(content) for _, content in received.media)
    return f"description of {' and '.join(sorted(kinds))} {digests}"


def _answer_chat(received: Received) -> tuple[dict[str, Any], Billed]:
    text = _describe(received)
    sent, said = _words(received) + PICTURE_TOKENS * len(received.media), 5 + len(text) // 4
    answer = {
        "object": "chat.completion",
        "model": received.model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text, "refusal": None},
            }
        ],
        "usage": {
            "prompt_tokens": sent,
            "completion_tokens": said,
            "total_tokens": sent + said,
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    }
    return answer, Billed(received.provider, received.model, sent, 0, said)


def _answer_gemini(received: Received) -> tuple[dict[str, Any], Billed]:
    text = _describe(received)
    heard, seen = 0, 0
    for mime_type, content in received.media:
        seconds = math.ceil(_seconds(content))
        if mime_type.startswith("image/"):
            seen += PICTURE_TOKENS
        else:
            heard += seconds * SOUND_TOKENS_PER_SECOND
            seen += seconds * FILM_TOKENS_PER_SECOND * mime_type.startswith("video/")
    words, said = _words(received), 5 + len(text) // 4
    details = [{"modality": "TEXT", "tokenCount": words}]
    details += [{"modality": "IMAGE", "tokenCount": seen}] if seen else []
    details += [{"modality": "AUDIO", "tokenCount": heard}] if heard else []
    answer = {
        "candidates": [
            {
                "index": 0,
                "finishReason": "STOP",
                "content": {
                    "role": "model",
                    "parts": [{"text": "I think so.", "thought": True}, {"text": text}],
                },
            }
        ],
        "usageMetadata": {
            "promptTokenCount": words + seen + heard,
            "promptTokensDetails": details,
            "candidatesTokenCount": said,
            "thoughtsTokenCount": THINKING_TOKENS,
            "totalTokenCount": words + seen + heard + said + THINKING_TOKENS,
        },
        "modelVersion": received.model,
    }
    return answer, Billed(
        received.provider, received.model, words + seen + heard, heard, said + THINKING_TOKENS
    )


Reader = Callable[[str, str, Mapping[str, str], bytes], Received]
Answerer = Callable[[Received], tuple[dict[str, Any], Billed]]
_ROUTES: dict[str, tuple[Reader, Answerer]] = {
    "audio/transcriptions": (_read_form, _answer_speech),
    "chat/completions": (_read_chat, _answer_chat),
    "generateContent": (_read_gemini, _answer_gemini),
}


def read_and_answer(route: str) -> tuple[Reader, Answerer] | None:
    """Who reads a request of the route, and who answers it; None if there is no such route."""
    return _ROUTES.get("generateContent" if route.endswith(":generateContent") else route)
