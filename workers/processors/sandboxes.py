"""The sandboxes of a worker, and how they share its memory.

The figures are measured: see `docs/decisions/2026-11-24-one-bound-for-a-workers-memory.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workers.memory_room import MemoryRoom
from workers.sandbox import Sandbox

USUAL_MB = 900
"""Of a worker with all its processes, without a Whisper model."""
WORKER_MB = 110
"""Of the worker process itself."""
PARSERS_MB, PARSERS_SHARE = 270, 0.3
"""For all that opens files of strangers; of what is there above the usual, so much goes to it."""

DOCUMENT_MB, PICTURE_MB, MEDIA_MB = 88, 88, 130
"""What honest files need that are not large; others get the whole room for a while."""
OCR_MB, SPEECH_MB = 480, 260
"""The models included. What is read and heard has been opened before, and has a known size."""
PICTURE_FILE_BYTES = 16 * 2**20
"""Of one JPEG that is written: noise of 2048 x 6144 pixels."""
SOUND_FILE_BYTES = 256 * 2**20
"""Twelve hours of Opus have 173 MB."""
WHISPER_MB = 700
"""Without the model."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """Two, so that a worker that recognises nothing stays small whatever it opens."""

    parsers: MemoryRoom
    recognisers: MemoryRoom


def rooms_within(memory_mb: int) -> Rooms:
    """The rooms of a worker that may hold so much in all.

    A sandbox that is given none has one to itself, as large as is usual.
    """
    parsers = PARSERS_MB + int(PARSERS_SHARE * (memory_mb - USUAL_MB))
    return Rooms(MemoryRoom(parsers), MemoryRoom(memory_mb - WORKER_MB - parsers))


def usual_rooms() -> Rooms:
    """Those that the default of the setting gives."""
    return rooms_within(USUAL_MB)


def document_sandbox(processes: int, rooms: Rooms | None = None) -> Sandbox:
    """For DocumentProcessor."""
    return _parsers("documents", processes, DOCUMENT_MB, rooms, library_mb=22)


def picture_sandbox(processes: int, rooms: Rooms | None = None) -> Sandbox:
    """For what ImageProcessor opens."""
    return _parsers(
        "pictures",
        processes,
        PICTURE_MB,
        rooms,
        library_mb=20,
        max_file_bytes=PICTURE_FILE_BYTES,
    )


def media_sandbox(processes: int, rooms: Rooms | None = None) -> Sandbox:
    """For `sound`, `film` and LocalVideoProcessor."""
    return _parsers(
        "media",
        processes,
        MEDIA_MB,
        rooms,
        library_mb=30,
        max_file_bytes=SOUND_FILE_BYTES,
        preload=["workers.processors.media.cutting"],
    )


def ocr_sandbox(processes: int, rooms: Rooms | None = None) -> Sandbox:
    """For what ImageProcessor reads."""
    room = (rooms or usual_rooms()).recognisers
    return Sandbox(
        "ocr",
        processes=processes,
        memory_mb=OCR_MB,
        most_memory_mb=room.megabytes,
        library_mb=20,
        room=room,
        preload=["workers.processors.images.ocr"],
    )


def speech_sandbox(
    processes: int, whisper_model: Path | None, rooms: Rooms | None = None
) -> Sandbox:
    """For LocalAudioProcessor. A Whisper model, of any size, has a room of its own."""
    if whisper_model is None:
        room = (rooms or usual_rooms()).recognisers
        return Sandbox(
            "speech",
            processes=processes,
            memory_mb=SPEECH_MB,
            most_memory_mb=room.megabytes,
            library_mb=36,
            room=room,
            max_file_bytes=SOUND_FILE_BYTES,
            preload=["workers.processors.media.cutting"],
        )
    return Sandbox(
        "speech",
        processes=processes,
        memory_mb=whisper_mb(whisper_model),
        library_mb=80,
        max_file_bytes=SOUND_FILE_BYTES,
    )


def whisper_mb(model: Path) -> int:
    """What a process with the model in this folder may hold."""
    weights = model / "model.bin"
    megabytes = weights.stat().st_size // 2**20 if weights.is_file() else 0
    return WHISPER_MB + 3 * megabytes  # while it is loaded: as it is stored, and as it is used


def _parsers(
    name: str,
    processes: int,
    memory_mb: int,
    rooms: Rooms | None,
    *,
    library_mb: int,
    max_file_bytes: int = 1_000_000,
    preload: list[str] | None = None,
) -> Sandbox:
    room = (rooms or usual_rooms()).parsers
    return Sandbox(
        name,
        processes=processes,
        memory_mb=memory_mb,
        most_memory_mb=room.megabytes,
        library_mb=library_mb,
        room=room,
        max_file_bytes=max_file_bytes,
        preload=preload or (),
    )
