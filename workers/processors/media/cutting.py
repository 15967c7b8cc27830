"""Sound cut into pieces that a provider takes, at moments when nobody speaks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from workers.processors.media import Facts, Part
from workers.processors.media.facts import as_text, measure
from workers.processors.media.limits import MediaLimits
from workers.processors.media.opening import opened
from workers.processors.media.pcm import RATE, Samples, pcm
from workers.processors.media.pieces import BITS_PER_SECOND, most_seconds

SEARCHED_SECONDS, SEARCHED_SHARE = 30.0, 0.25
"""The end of a piece in which the quietest moment is looked for, and how much of it at most."""
MOMENT = RATE // 10
"""Samples that are judged together."""


def cut_sound(
    path: str, prefix: str, max_bytes: int | None, max_seconds: float | None, limits: MediaLimits
) -> list[Part]:
    """Writes the sound at `path` into one file or several, whose paths begin with `prefix`.

    A file that fits and that providers take is linked to, under a name with the right ending.
    Any other becomes Ogg Opus at 16 kHz, mono. None means no limit; without both, all becomes
    one piece of Opus.

    Without sound there is no piece. Raises ProcessingFailed as `measure` does.
    """
    facts = measure(path, limits)
    if not facts["has_audio"]:
        return []
    source = Path(path)

    longest = most_seconds(max_bytes, max_seconds)
    if facts["is_taken"] and fits(facts, max_bytes, max_seconds):
        linked = Path(f"{prefix}.{facts['format']}")
        linked.symlink_to(source.resolve())
        return [Part(path=str(linked), start="0.000000", seconds=facts["seconds"])]

    parts: list[Part] = []
    with opened(source, limits) as recording:
        start = 0
        for number, blocks in enumerate(pieces(pcm(recording, limits), longest), start=1):
            piece = Path(f"{prefix}-{number:04}.ogg")
            with OpusFile(piece) as file:
                for block in blocks:
                    file.write(block)
            if max_bytes is not None and piece.stat().st_size > max_bytes:
                raise RuntimeError(f"a piece of {piece.stat().st_size} bytes, above {max_bytes}")
            parts.append(
                Part(
                    path=str(piece),
                    start=as_text(Fraction(start, RATE)),
                    seconds=as_text(Fraction(file.samples, RATE)),
                )
            )
            start += file.samples
    return parts


def fits(facts: Facts, max_bytes: int | None, max_seconds: float | None) -> bool:
    """Whether the file as it is stays within the limits, one of which there must be."""
    if max_bytes is None and max_seconds is None:
        return False
    return facts["size"] <= (inf if max_bytes is None else max_bytes) and (
        max_seconds is None or Fraction(facts["seconds"]) <= max_seconds
    )


def pieces(blocks: Iterator[Samples], longest_seconds: float) -> Iterator[Iterator[Samples]]:
    """The sound piece by piece, each at most that long; each is to be taken before the next.

    Holds at most what is searched for a quiet moment, not the whole piece.
    """
    if longest_seconds == inf:
        yield blocks
        return
    source = Source(blocks)
    longest = int(longest_seconds * RATE / MOMENT) * MOMENT
    searched = int(min(SEARCHED_SECONDS, longest_seconds * SEARCHED_SHARE) * RATE / MOMENT) * MOMENT
    while source.has_more():
        yield piece(source, longest - searched, searched)


def piece(source: Source, sure: int, searched: int) -> Iterator[Samples]:
    """The next piece: `sure` samples, and on to the quietest moment of those searched then."""
    while sure and (block := source.take(sure)).size:
        sure -= block.size
        yield block
    if sure:
        return
    window = source.look_ahead(searched + 1)
    yield source.take(quietest(window[:searched]) if window.size > searched else window.size)


def quietest(window: Samples) -> int:
    """Where to cut: the middle of the longest run of moments that are about the quietest."""
    count = window.size // MOMENT
    if count < 2:
        return window.size
    moments = window[: count * MOMENT].reshape(count, MOMENT).astype(np.float32)
    loudness = np.sqrt((moments**2).mean(axis=1))
    is_quiet = loudness <= max(loudness.min() * 1.5, loudness.min() + 10)
    best_start, best_length, length = 0, 0, 0
    for index, quiet in enumerate([*is_quiet, False]):
        if quiet:
            length += 1
        else:
            if length > best_length:
                best_start, best_length = index - length, length
            length = 0
    return int((best_start + best_length / 2) * MOMENT)


class Source:
    """Blocks of sound, to be taken in lengths of one's own."""

    def __init__(self, blocks: Iterator[Samples]) -> None:
        self._blocks = blocks
        self._held = np.zeros(0, np.int16)

    def has_more(self) -> bool:
        return self.look_ahead(1).size > 0

    def take(self, most: int) -> Samples:
        """At least one sample and at most so many; none if the sound has ended."""
        self.look_ahead(1)
        taken, self._held = self._held[:most], self._held[most:]
        return taken

    def look_ahead(self, count: int) -> Samples:
        """The next samples, fewer if the sound ends; they stay to be taken."""
        held = [self._held]
        missing = count - self._held.size
        while missing > 0 and (block := next(self._blocks, None)) is not None:
            held.append(block)
            missing -= block.size
        if len(held) > 1:
            self._held = np.concatenate(held)
        return self._held[:count]


class OpusFile:
    """Writes an Ogg Opus file. Raises OSError, its error number EFBIG, at the child's limit."""

    def __init__(self, path: Path) -> None:
        self.samples = 0
        self._container = av.open(f"file:{path}", "w", format="ogg")
        self._stream: AudioStream = self._container.add_stream(
            "libopus",
            rate=RATE,
            layout="mono",
            options={"vbr": "constrained", "application": "voip", "compression_level": "4"},
        )
        self._stream.bit_rate = BITS_PER_SECOND

    def __enter__(self) -> OpusFile:
        return self

    def write(self, block: Samples) -> None:
        for start in range(0, block.size, RATE):  # a second at a time
            some = block[start : start + RATE]
            frame = AudioFrame.from_ndarray(some.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.pts = self.samples
            self.samples += some.size
            self._container.mux(self._stream.encode(frame))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
