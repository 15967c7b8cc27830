"""Sound, from the worker's side: its facts, and pieces of it that a provider takes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from workers.processors import media
from workers.processors.base import ProcessingFailed
from workers.processors.media.limits import MediaLimits
from workers.processors.media.pieces import most_seconds
from workers.sandbox import Sandbox

PROBE_SECONDS, CUT_SECONDS = 120.0, 1800.0
"""Twelve hours, the most there may be, take some 30 seconds to probe and 500 to cut."""


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """What a sound or a film is."""

    duration_seconds: Decimal
    """Counted, not read from a header; exact to a microsecond."""
    format: str
    """The ending that such files usually have: ogg, mp3, m4a, wav, flac, aac, amr, mp4, mov ..."""
    has_audio: bool
    """Whether there is sound that can be decoded."""
    has_video: bool
    """Whether there are moving pictures; the cover of a song does not count."""
    width: int | None
    height: int | None
    """Pixels of the pictures, as they are stored: a camera may have been held sideways."""
    is_taken: bool
    """Whether OpenAI and Groq take the file as it is."""
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sound, in a file of its own."""

    path: Path
    start_seconds: Decimal
    duration_seconds: Decimal
    format: str
    """As in SoundFacts; the path need not tell."""


async def probe(
    sandbox: Sandbox,
    path: Path,
    *,
    limits: MediaLimits | None = None,
    timeout_seconds: float = PROBE_SECONDS,
) -> SoundFacts:
    """The facts about a recording.

    Raises ProcessingFailed: `file_empty`, `file_too_large`, `file_encrypted`, `file_unreadable`
    for what is damaged, `unsupported_format` for what is no recording, and those of the sandbox.
    """
    facts = await sandbox.run(
        media.measure,
        str(path),
        asdict(limits or MediaLimits()),
        timeout_seconds=timeout_seconds,
    )
    return SoundFacts(
        duration_seconds=Decimal(facts["seconds"]),
        format=facts["format"],
        has_audio=facts["has_audio"],
        has_video=facts["has_video"],
        width=facts["width"],
        height=facts["height"],
        is_taken=facts["is_taken"],
        size=facts["size"],
    )


async def cut(
    sandbox: Sandbox,
    path: Path,
    folder: Path,
    max_bytes: int | None,
    max_seconds: float | None,
    *,
    limits: MediaLimits | None = None,
    timeout_seconds: float = CUT_SECONDS,
) -> list[Piece]:
    """The sound of a recording in pieces, written into `folder`, each within both limits.

    Together they are all of it, in order; they part where it is quietest. A file that fits and
    that OpenAI and Groq take is one piece, and linked to instead of written anew. Others become
    Ogg Opus. None means no limit.

    Raises ProcessingFailed as `probe` does, and `unsupported_format` for what has no sound;
    ValueError for limits in which not even a second fits.
    """
    most_seconds(max_bytes, max_seconds)
    parts = await sandbox.run(
        media.cut_sound,
        str(path),
        str(folder / "sound"),
        max_bytes,
        max_seconds,
        asdict(limits or MediaLimits()),
        timeout_seconds=timeout_seconds,
    )
    if not parts:
        raise ProcessingFailed("unsupported_format", "there is no sound in it")
    return [
        Piece(
            path=Path(part["path"]),
            start_seconds=Decimal(part["start"]),
            duration_seconds=Decimal(part["seconds"]),
            format=Path(part["path"]).suffix.removeprefix("."),
        )
        for part in parts
    ]
