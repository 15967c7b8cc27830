"""Sound: the words spoken in it, by a provider."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from workers.processors.base import Extraction, Medium, ProcessingFailed, Usage
from workers.processors.media import sound
from workers.processors.media.sound import Piece, SoundFacts
from workers.processors.recordings import Recordings
from workers.providers.answers import Bill, Transcriber


class OnlineAudio:
    """Has a provider write down what is said; long recordings go in pieces.

    The sound is looked at here first, so that what is broken costs nothing and every provider gets
    a format that it knows.
    """

    def __init__(self, transcriber: Transcriber, recordings: Recordings) -> None:
        """`recordings` is its owner's to close."""
        self.provider = transcriber.name
        self.model = transcriber.model
        self._transcriber = transcriber
        self._recordings = recordings

    async def most_usage(self, medium: Medium) -> Usage | None:
        """See `chain.Paid`."""
        facts = await self._recordings.facts(medium.path)
        return self._transcriber.most_usage(facts.duration_seconds) if facts.has_audio else None

    async def process(self, medium: Medium) -> Extraction:
        """What is said, or a line in brackets that says that nobody speaks."""
        facts = await self._recordings.facts(medium.path)
        if not facts.has_audio:
            raise ProcessingFailed("unsupported_format", "there is no sound in it")
        asked = self._transcriber
        bill, texts, language = Bill(), [], medium.language
        async with self._pieces(medium.path, facts) as pieces:
            with bill.kept():
                for piece in pieces:
                    answer = await asked.transcribe(
                        piece.path,
                        kind=piece.format,
                        seconds=piece.duration_seconds,
                        language=medium.language,
                        caption=medium.caption,
                    )
                    bill.add(answer.usage)
                    if answer.text:
                        texts.append(answer.text)
                        language = language or answer.language
        nothing = f"[no speech found; {facts.duration_seconds:.0f} s of sound]"
        return Extraction(
            text="\n".join(texts) or nothing,
            provider=asked.name,
            model=asked.model,
            language=language,
            duration_seconds=facts.duration_seconds,
            usage=tuple(bill.usage),
        )

    @asynccontextmanager
    async def _pieces(self, path: Path, facts: SoundFacts) -> AsyncIterator[Sequence[Piece]]:
        """What the provider takes: most voice notes as they are, the rest written anew."""
        most_bytes, most_seconds = self._transcriber.max_bytes, self._transcriber.max_seconds
        if facts.is_taken and facts.size <= most_bytes and facts.duration_seconds <= most_seconds:
            yield [Piece(path, Decimal(0), facts.duration_seconds, facts.format)]
            return
        with tempfile.TemporaryDirectory(prefix="backscroll-sound-") as folder:
            yield await sound.cut(
                self._recordings.sandbox, path, Path(folder), most_bytes, most_seconds
            )

    async def close(self) -> None:
        """Has nothing of its own."""
