"""The processes in which sound and film are decoded, and speech is recognised."""

from __future__ import annotations

from pathlib import Path

from workers.sandbox import Sandbox

MEMORY_MB = 800
"""Enough for a film in 4K, and for PocketSphinx, which takes 450."""
MAX_FILE_BYTES = 200 * 2**20
"""Of one piece of sound: twelve hours of Opus."""
WHISPER_MEMORY_MB = 2_000
"""Address space without the model, with one thread for each of a few cores."""


def media_sandbox(processes: int) -> Sandbox:
    """For `sound`, `film` and LocalVideoProcessor; may write files."""
    return Sandbox("media", processes=processes, memory_mb=MEMORY_MB, max_file_bytes=MAX_FILE_BYTES)


def speech_sandbox(processes: int, whisper_model: Path | None) -> Sandbox:
    """For LocalAudioProcessor; each process holds a model of its own."""
    memory_mb = MEMORY_MB
    if whisper_model is not None:
        weights = whisper_model / "model.bin"
        megabytes = weights.stat().st_size // 2**20 if weights.is_file() else 0
        memory_mb = WHISPER_MEMORY_MB + 3 * megabytes  # while loading: as stored, as used
    return Sandbox(
        "speech", processes=processes, memory_mb=memory_mb, max_file_bytes=MAX_FILE_BYTES
    )
