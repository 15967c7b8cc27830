"""Films: the text that they show and the words spoken in them, found on this machine."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workers.processors.base import Extraction, Medium, ProcessingFailed
from workers.processors.local_audio import LocalAudioProcessor, Speech, clock_time, length
from workers.processors.media import film, sound
from workers.processors.media.film import Frame
from workers.processors.media.limits import MediaLimits
from workers.processors.media.sound import SoundFacts
from workers.processors.text import tidy
from workers.sandbox import Sandbox

NO_TEXT = re.compile(r"\[no text found; [^\]]*\]")
"""What a reader of pictures says when there is no text."""
SAME_SHARE = 0.6
"""Of the letters' triples of two lines: OCR reads a line a little differently every time."""
TIMES_LENGTH = 0.5
"""Seconds of work allowed for a second of film, to find the frames."""


class ImageReader(Protocol):
    """Reads the text in a picture, as ImageProcessor does."""

    async def process(self, medium: Medium) -> Extraction:
        """The text, or a line in brackets that says that there is none."""
        ...


class LocalVideoProcessor:
    """Reads some frames of a film as pictures, and listens to its sound."""

    def __init__(
        self,
        sandbox: Sandbox,
        image_reader: ImageReader | None,
        audio: LocalAudioProcessor | None,
        *,
        frames: int = 8,
        timeout_seconds: float,
        limits: MediaLimits | None = None,
    ) -> None:
        """`sandbox` is where films are decoded; it may be that of `audio`.

        `timeout_seconds` is what finding the frames may take, besides half the film's length.
        Without an `image_reader` or `audio`, a line in brackets says what was left out.
        """
        self._sandbox = sandbox
        self._image_reader = image_reader
        self._audio = audio
        self._frames = frames
        self._timeout_seconds = timeout_seconds
        self._limits = limits or MediaLimits()

    async def process(self, medium: Medium) -> Extraction:
        """Length and size of the film, the text seen in it and when, and what is said.

        Raises ProcessingFailed: as `sound.probe` does, `unsupported_format` for what has no
        pictures, and what the pictures fail with if the sound gives nothing either. Raises
        ProvidersAway as `audio` does.
        """
        facts = await sound.probe(self._sandbox, medium.path, limits=self._limits)
        if not facts.has_video:
            raise ProcessingFailed("unsupported_format", "there are no pictures in it")

        seen = await self._look(medium.path, facts)
        heard = await self._listen(medium, facts)
        if seen.failure is not None and heard.speech is None:
            raise seen.failure

        speech = heard.speech
        models = dict.fromkeys(filter(None, (seen.model, speech.model if speech else None)))
        size = f"{facts.width} x {facts.height}"
        return Extraction(
            text="\n".join(
                [
                    f"[film of {length(facts.duration_seconds)}, {size}]",
                    *(seen.lines or [seen.note]),
                    *([heard.note] if heard.note else []),
                    *([f"Heard: {speech.text}"] if speech and speech.text else []),
                ]
            ),
            provider="local",
            model="+".join(models) or "pyav",
            language=speech.language if speech else None,
            duration_seconds=facts.duration_seconds,
        )

    async def _look(self, path: Path, facts: SoundFacts) -> _Seen:
        """What some frames show."""
        if self._image_reader is None:
            return _Seen(note="[the pictures were not looked at]")
        with tempfile.TemporaryDirectory(prefix="backscroll-frames-") as folder:
            try:
                frames = await film.frames(
                    self._sandbox,
                    path,
                    Path(folder),
                    self._frames,
                    limits=self._limits,
                    timeout_seconds=self._timeout_seconds
                    + TIMES_LENGTH * float(facts.duration_seconds),
                )
                return await self._read(self._image_reader, frames)
            except ProcessingFailed as failure:
                return _Seen(
                    note=f"[the pictures could not be read: {failure.message}]", failure=failure
                )

    async def _read(self, reader: ImageReader, frames: list[Frame]) -> _Seen:
        """The text in the frames. Raises ProcessingFailed if not one of them can be read."""
        seen = _Seen()
        lines = NewLines()
        failures: list[ProcessingFailed] = []
        for frame in frames:
            try:
                read = await reader.process(Medium(frame.path, "image", "image/jpeg"))
            except ProcessingFailed as failure:
                failures.append(failure)
                continue
            seen.model = read.model
            text = NO_TEXT.sub("", read.text)
            if new := lines.of(tidy(text).split("\n")):
                seen.lines.append(f"Seen at {clock_time(frame.at_seconds)}: " + "\n".join(new))
        if len(failures) == len(frames):
            raise failures[0]
        if failures:
            seen.lines.append(f"[{len(failures)} of {len(frames)} frames could not be read]")
        many = "one frame" if len(frames) == 1 else f"{len(frames)} frames"
        seen.note = f"[no text seen in {many}]"
        return seen

    async def _listen(self, medium: Medium, facts: SoundFacts) -> _Heard:
        """What is said, or why not."""
        if not facts.has_audio:
            return _Heard("[no sound]")
        if self._audio is None:
            return _Heard("[the sound was not listened to]")
        try:
            speech = await self._audio.hear(medium.path, facts, medium.language)
        except ProcessingFailed as failure:
            return _Heard(f"[the sound could not be understood: {failure.message}]")
        return _Heard("" if speech.text else "[no speech found]", speech)

    async def close(self) -> None:
        """Ends the sandbox; the image reader and the audio processor are their owners' to close."""
        await self._sandbox.close()


@dataclass(slots=True)
class _Seen:
    """The text of the frames, and what to say if there is none."""

    lines: list[str] = field(default_factory=list)
    note: str = ""
    model: str | None = None
    failure: ProcessingFailed | None = None


@dataclass(frozen=True, slots=True)
class _Heard:
    """What is said; None and a note if the sound was not listened to."""

    note: str
    speech: Speech | None = None


class NewLines:
    """Tells the lines that were not there before from those that a film goes on showing."""

    MOST_KEPT = 500

    def __init__(self) -> None:
        self._known: list[tuple[str, set[str]]] = []

    def of(self, lines: Iterable[str]) -> list[str]:
        """Those that are new; from now on they are not."""
        new = []
        for line in lines:
            letters = "".join(filter(str.isalnum, line.casefold())).replace("i", "l")
            digits = "".join(filter(str.isdigit, letters))
            triples = {letters[at : at + 3] for at in range(max(1, len(letters) - 2))}
            if letters and not any(
                digits == known_digits and is_same(triples, known)
                for known_digits, known in self._known
            ):
                new.append(line)
                if len(self._known) < self.MOST_KEPT:
                    self._known.append((digits, triples))
        return new


def is_same(some: set[str], others: set[str]) -> bool:
    """Whether two lines are most likely one that was read twice."""
    return len(some & others) >= SAME_SHARE * len(some | others)
