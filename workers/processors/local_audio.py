"""Sound: the words spoken in it, recognised on this machine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

from workers.processors import media
from workers.processors.base import Extraction, Medium, ProcessingFailed, ProvidersAway
from workers.processors.media import Heard, sound
from workers.processors.media.limits import MediaLimits
from workers.processors.media.sound import Piece, SoundFacts
from workers.processors.text import cut, tidy
from workers.sandbox import Sandbox

ROUGH = "[rough English speech recognition; expect wrong words]"
LONGEST_SECONDS = 300.0
"""Of what is recognised in one call: memory and time grow with it."""
TIMES_LENGTH = 8.0
"""Seconds of work allowed for a second of sound. PocketSphinx takes 1, a large Whisper 3."""
MODEL_FILES = ("model.bin", "config.json", "tokenizer.json")
"""Without the last one, faster-whisper would download it."""
MOST_CHARACTERS = 2_000_000


class UnusableModel(ValueError):
    """The folder set for the speech model holds none, or the package to run it is missing."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What was recognised."""

    text: str
    """'' if nobody speaks."""
    model: str
    language: str | None


class LocalAudioProcessor:
    """Recognises speech with a Whisper model, or roughly, and English only, with PocketSphinx."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        whisper_model: Path | None = None,
        timeout_seconds: float,
        threads: int = 0,
        limits: MediaLimits | None = None,
    ) -> None:
        """`whisper_model` is a folder with a Whisper model for CTranslate2.

        `timeout_seconds` is what a recording is given besides eight times its length, and
        `threads` is for each process of the sandbox; 0 means as many as there are cores.

        Raises UnusableModel.
        """
        if whisper_model is not None:
            check_model(whisper_model)
        self._sandbox = sandbox
        self._whisper_model = whisper_model
        self._timeout_seconds = timeout_seconds
        self._threads = threads or os.cpu_count() or 1
        self._limits = limits or MediaLimits()

    async def process(self, medium: Medium) -> Extraction:
        """What is said, or a line in brackets that says that nobody speaks.

        Raises ProcessingFailed: as `sound.probe` does, `unsupported_format` for a film without
        sound, `no_provider` if somebody speaks a language that nobody here understands. Raises
        ProvidersAway if the model cannot be loaded.
        """
        facts = await sound.probe(self._sandbox, medium.path, limits=self._limits)
        if not facts.has_audio:
            raise ProcessingFailed("unsupported_format", "there is no sound in it")
        speech = await self.hear(medium.path, facts, medium.language)
        return Extraction(
            text=speech.text or f"[no speech found; {length(facts.duration_seconds)} of sound]",
            provider="local",
            model=speech.model,
            language=speech.language,
            duration_seconds=facts.duration_seconds,
        )

    async def hear(self, path: Path, facts: SoundFacts, language: str | None) -> Speech:
        """What is said in a recording that has sound. Raises as `process` does."""
        wanted = language.replace("_", "-").partition("-")[0].lower() if language else None
        if self._whisper_model is None:
            return await self._hear_english(path, facts, wanted)

        texts: list[str] = []
        heard_language = model = None
        async with self._pieces(path, facts) as pieces:
            for piece in pieces:
                heard = await self._hear_with_whisper(piece, wanted or heard_language)
                texts.append(heard["text"])
                heard_language = heard_language or heard["language"]
                model = heard["model"]
        return Speech(joined(texts), model or "whisper", heard_language)

    async def _hear_with_whisper(self, piece: Piece, language: str | None) -> Heard:
        heard = await self._sandbox.run(
            media.hear_with_whisper,
            str(piece.path),
            str(self._whisper_model),
            language,
            self._threads,
            asdict(self._limits),
            timeout_seconds=self._seconds_for(piece.duration_seconds),
        )
        if heard["unusable"] is not None:
            raise ProvidersAway(
                f"the speech model in {self._whisper_model} cannot be used: {heard['unusable']}"
            )
        return heard

    async def _hear_english(self, path: Path, facts: SoundFacts, wanted: str | None) -> Speech:
        """What is said, under a line that warns of it."""
        if find_spec("pocketsphinx") is None:
            raise ProcessingFailed(
                "no_provider",
                "no speech recognition is installed; set a provider's key or a Whisper model",
            )
        if wanted not in (None, "en"):
            is_spoken = await self._sandbox.run(
                media.is_spoken,
                str(path),
                asdict(self._limits),
                timeout_seconds=self._seconds_for(facts.duration_seconds),
            )
            if is_spoken:
                raise ProcessingFailed(
                    "no_provider",
                    f"speech in the language {wanted} needs a provider or a Whisper model; "
                    "without one, only English is recognised here",
                )
        texts: list[str] = []
        model = "pocketsphinx"
        async with self._pieces(path, facts) as pieces:
            for piece in pieces:
                heard = await self._sandbox.run(
                    media.hear_english,
                    str(piece.path),
                    asdict(self._limits),
                    timeout_seconds=self._seconds_for(piece.duration_seconds),
                )
                texts.append(heard["text"])
                model = heard["model"]
        text = joined(texts)
        return Speech(f"{ROUGH}\n{text}" if text else "", model, "en" if text else None)

    @asynccontextmanager
    async def _pieces(self, path: Path, facts: SoundFacts) -> AsyncIterator[list[Piece]]:
        """The recording itself if it is short, else pieces, for as long as the context lasts."""
        if facts.duration_seconds <= LONGEST_SECONDS:
            yield [Piece(path, Decimal(0), facts.duration_seconds, facts.format)]
            return
        with tempfile.TemporaryDirectory(prefix="backscroll-speech-") as folder:
            yield await sound.cut(
                self._sandbox, path, Path(folder), None, LONGEST_SECONDS, limits=self._limits
            )

    def _seconds_for(self, duration: Decimal) -> float:
        return self._timeout_seconds + TIMES_LENGTH * float(duration)

    async def close(self) -> None:
        """Ends the sandbox."""
        await self._sandbox.close()


def check_model(folder: Path) -> None:
    """Raises UnusableModel: faster-whisper's own errors do not say what is missing."""
    # Of a folder that is closed to this user `is_dir` may not tell, but raise.
    if not os.access(folder, os.R_OK | os.X_OK) or not folder.is_dir():
        raise UnusableModel(
            f"the speech model {folder} is not a folder on this machine that the worker may read"
        )
    missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
    if missing:
        raise UnusableModel(
            f"the speech model in {folder} lacks {', '.join(missing)}; "
            "it has to be a Whisper model converted for CTranslate2 (faster-whisper)"
        )
    if find_spec("faster_whisper") is None:
        raise UnusableModel("a speech model needs the package: pip install 'backscroll[whisper]'")


def joined(texts: list[str]) -> str:
    """The texts of the pieces, a paragraph each."""
    return cut(tidy("\n".join(filter(None, texts))), MOST_CHARACTERS)


def length(seconds: Decimal) -> str:
    """A length for people, such as 12.3 s, 5:07 or 1:02:03."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return clock_time(seconds)


def clock_time(seconds: Decimal) -> str:
    """A moment of a recording, such as 0:05, 5:07 or 1:02:03."""
    minutes, whole = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"
