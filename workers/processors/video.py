"""Films: what they show and what is said in them, by a provider."""

from __future__ import annotations

import base64
import math
import tempfile
from pathlib import Path

from workers.processors.base import Extraction, Medium, ProcessingFailed, Usage
from workers.processors.image import CUT
from workers.processors.media import film, sound
from workers.processors.media.sound import SoundFacts
from workers.processors.recordings import Recordings
from workers.providers import prompts
from workers.providers.answers import Part, Viewer

FRAMES = 12
FILM_TOKENS, SOUND_TOKENS = 263, 32
"""A second; https://ai.google.dev/gemini-api/docs/video-understanding"""
BRANDS = {b"qt  ": "video/quicktime", b"3gp": "video/3gpp"}
LEAST_ROOM = 100_000
"""Bytes for sound in base64; with less, it is left out."""
ROOM = 16_384
"""Bytes of a request kept for everything but the film."""


class OnlineVideo:
    """Has a provider watch and listen: to the whole film, or to frames and sound if it is large."""

    def __init__(self, viewer: Viewer, recordings: Recordings, prompt: str) -> None:
        """`recordings` is its owner's to close."""
        self.provider = viewer.name
        self.model = viewer.model
        self._viewer = viewer
        self._recordings = recordings
        self._prompt = prompt

    async def most_usage(self, medium: Medium) -> Usage | None:
        """See `chain.Paid`."""
        facts = await self._recordings.facts(medium.path)
        if not facts.has_video:
            return None
        seconds = math.ceil(facts.duration_seconds)
        heard = SOUND_TOKENS * seconds * facts.has_audio
        if self._whole(medium.path, facts) is None:
            return self._viewer.most_usage(pictures=FRAMES, sound_tokens=heard)
        return self._viewer.most_usage(pictures=0, tokens=FILM_TOKENS * seconds, sound_tokens=heard)

    async def process(self, medium: Medium) -> Extraction:
        """What happens and is said, or a line in brackets that says that nothing does."""
        facts = await self._recordings.facts(medium.path)
        if not facts.has_video:
            raise ProcessingFailed("unsupported_format", "there are no pictures in it")
        with tempfile.TemporaryDirectory(prefix="backscroll-film-") as folder:
            parts = self._whole(medium.path, facts)
            what, note = "A video from a chat.", ""
            if parts is None:
                parts, note = await self._sampled(medium.path, facts, Path(folder))
                what = "Frames of a video from a chat, with their times, and its sound if any."
            answer = await self._viewer.view(
                prompts.instruction(self._prompt, medium.language),
                prompts.context(what, medium.caption),
                parts,
            )
        text = answer.text
        if prompts.is_blank(text):
            text = f"[nothing to see or hear; {facts.duration_seconds:.0f} s of video]"
        return Extraction(
            text="\n".join(filter(None, (text, CUT if answer.is_cut else "", note))),
            provider=self._viewer.name,
            model=self._viewer.model,
            language=medium.language,
            duration_seconds=facts.duration_seconds,
            usage=answer.usage,
        )

    def _whole(self, path: Path, facts: SoundFacts) -> list[Part] | None:
        """The film as it is; None if it is too large or in a format that needs converting."""
        mime_type = mime_type_of(path)
        encoded = -(-path.stat().st_size // 3) * 4
        if mime_type is None or encoded + ROOM > self._viewer.max_bytes:
            return None
        seconds = round(facts.duration_seconds)
        return [
            Part(
                mime_type,
                path,
                likely_tokens=FILM_TOKENS * seconds,
                likely_sound_tokens=SOUND_TOKENS * seconds * facts.has_audio,
            )
        ]

    async def _sampled(self, path: Path, facts: SoundFacts, folder: Path) -> tuple[list[Part], str]:
        """Frames and as much of the sound as can go along, and a note on what is left out."""
        parts = []
        for frame in await film.frames(self._recordings.sandbox, path, folder, FRAMES):
            jpeg = base64.b64encode(frame.path.read_bytes()).decode()
            minutes, seconds = divmod(int(frame.at_seconds), 60)
            parts.append(Part("image/jpeg", jpeg, f"Frame at {minutes}:{seconds:02}"))
        room = self._viewer.max_bytes - ROOM - sum(len(str(part.data)) for part in parts)
        heard, note = await self._sound(path, facts, folder, room)
        return [*parts, *heard], note

    async def _sound(
        self, path: Path, facts: SoundFacts, folder: Path, room: int
    ) -> tuple[list[Part], str]:
        """The sound, as much as fits into `room` bytes of base64, and a note on what does not."""
        if not facts.has_audio:
            return [], ""
        if room < LEAST_ROOM:
            return [], "[the sound was not listened to]"
        sandbox = self._recordings.sandbox
        track = await film.sound_track(sandbox, path, folder)
        if track is None:
            return [], ""
        whole = math.ceil(facts.duration_seconds) + 60
        pieces = await sound.cut(sandbox, track, folder, room * 3 // 4, whole)
        first = pieces[0]
        part = Part(
            f"audio/{first.path.suffix.lstrip('.')}",
            first.path,
            "Its sound",
            likely_tokens=0,
            likely_sound_tokens=round(first.duration_seconds * SOUND_TOKENS),
        )
        note = f"[of the sound, only the first {first.duration_seconds:.0f} s were heard]"
        return [part], note if len(pieces) > 1 else ""

    async def close(self) -> None:
        """Has nothing of its own."""


def mime_type_of(path: Path) -> str | None:
    """The kind of film by its first bytes, where Gemini takes it as it is."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return BRANDS.get(brand) or BRANDS.get(brand[:3]) or "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head:
        return "video/webm"
    return None
