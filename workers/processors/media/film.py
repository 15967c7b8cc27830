"""Films, from the worker's side: some of their frames, and their sound."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from workers.processors import media
from workers.processors.media.limits import MediaLimits
from workers.processors.media.sound import CUT_SECONDS
from workers.sandbox import Sandbox

FRAMES_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Frame:
    """What a film shows at a moment, as JPEG."""

    path: Path
    at_seconds: Decimal
    """From the beginning of the film."""


async def frames(
    sandbox: Sandbox,
    path: Path,
    folder: Path,
    count: int,
    *,
    limits: MediaLimits | None = None,
    timeout_seconds: float = FRAMES_SECONDS,
) -> list[Frame]:
    """At most `count` frames at evenly spaced moments, written into `folder`, none twice.

    They lie upright and have at most 1280 pixels a side. At least one.

    Raises ProcessingFailed: as `sound.probe` does, `file_unreadable` if no frame can be decoded,
    `unsupported_format` for what has no moving pictures.
    """
    stills = await sandbox.run(
        media.take_stills,
        str(path),
        str(folder),
        count,
        asdict(limits or MediaLimits()),
        timeout_seconds=timeout_seconds,
    )
    return [Frame(Path(still["path"]), Decimal(still["at"])) for still in stills]


async def sound_track(
    sandbox: Sandbox,
    path: Path,
    folder: Path,
    *,
    limits: MediaLimits | None = None,
    timeout_seconds: float = CUT_SECONDS,
) -> Path | None:
    """All of a film's sound as one file of Ogg Opus in `folder`; None if it has none.

    Raises ProcessingFailed as `sound.probe` does.
    """
    parts = await sandbox.run(
        media.cut_sound,
        str(path),
        str(folder / "track"),
        None,
        None,
        asdict(limits or MediaLimits()),
        timeout_seconds=timeout_seconds,
    )
    return Path(parts[0]["path"]) if parts else None
