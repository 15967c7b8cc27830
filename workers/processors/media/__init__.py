"""Sound and film, as a sandbox's child reads them.

The worker imports this package to name its functions; only calling them imports PyAV, numpy and
the speech recognisers. `sound` and `film` are the worker's side.
"""

from __future__ import annotations

from typing import TypedDict


class Facts(TypedDict):
    """What a recording is. Seconds are decimal texts, exact to a microsecond."""

    seconds: str
    format: str
    has_audio: bool
    has_video: bool
    width: int | None
    height: int | None
    is_taken: bool
    size: int


class Part(TypedDict):
    """A piece of a recording, written to a file of its own. Seconds as in Facts."""

    path: str
    start: str
    seconds: str


class Still(TypedDict):
    """A frame of a film, written as JPEG. Seconds as in Facts."""

    path: str
    at: str


class Heard(TypedDict):
    """What a recogniser made of the sound of a file."""

    text: str
    """'' if nobody speaks."""
    language: str | None
    model: str
    unusable: str | None
    """Why the model cannot be used at all, whatever the file; None if it can."""


def measure(path: str, limits: dict[str, int]) -> Facts:
    """See `workers.processors.media.facts`; `limits` are the fields of MediaLimits."""
    from workers.processors.media import facts
    from workers.processors.media.limits import MediaLimits

    return facts.measure(path, MediaLimits(**limits))


def cut_sound(
    path: str, prefix: str, max_bytes: int | None, max_seconds: float | None, limits: dict[str, int]
) -> list[Part]:
    """See `workers.processors.media.cutting`."""
    from workers.processors.media import cutting
    from workers.processors.media.limits import MediaLimits

    return cutting.cut_sound(path, prefix, max_bytes, max_seconds, MediaLimits(**limits))


def take_stills(path: str, folder: str, count: int, limits: dict[str, int]) -> list[Still]:
    """See `workers.processors.media.stills`."""
    from workers.processors.media import stills
    from workers.processors.media.limits import MediaLimits

    return stills.take_stills(path, folder, count, MediaLimits(**limits))


def hear_english(path: str, limits: dict[str, int]) -> Heard:
    """See `workers.processors.media.sphinx`."""
    from workers.processors.media import sphinx
    from workers.processors.media.limits import MediaLimits

    return sphinx.hear(path, MediaLimits(**limits))


def is_spoken(path: str, limits: dict[str, int]) -> bool:
    """See `workers.processors.media.sphinx`."""
    from workers.processors.media import sphinx
    from workers.processors.media.limits import MediaLimits

    return sphinx.is_spoken(path, MediaLimits(**limits))


def hear_with_whisper(
    path: str, model: str, language: str | None, threads: int, limits: dict[str, int]
) -> Heard:
    """See `workers.processors.media.whisper`."""
    from workers.processors.media import whisper
    from workers.processors.media.limits import MediaLimits

    return whisper.hear(path, model, language, threads, MediaLimits(**limits))
