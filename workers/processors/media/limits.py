"""How much of a recording is taken in before it is called too large."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Bounds for one sound or film."""

    file_bytes: int = 2 * 2**30
    seconds: int = 12 * 3600
    pixels: int = 40_000_000
    """Of one frame; a film in 8K has 33 million."""
    streams: int = 100
    """Tracks of sound, picture and subtitles together."""
