"""Speech to text by faster-whisper, with a model that lies in a folder on this machine."""

from __future__ import annotations

import os

# before anything that might look something up is imported
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1"}

from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import VadOptions, get_speech_timestamps

from workers.processors.media import Heard
from workers.processors.media.limits import MediaLimits
from workers.processors.media.opening import opened
from workers.processors.media.pcm import RATE, pcm

BEAM_SIZE = 5


@cache
def model_in(folder: str, threads: int) -> WhisperModel:
    """The model, loaded with the first sound."""
    return WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=threads)


def hear(path: str, folder: str, language: str | None, threads: int, limits: MediaLimits) -> Heard:
    """What is said at `path`; `language` is a code such as pt, None or unknown: detect.

    Holds all of the sound in memory (230 MB an hour), so long ones are to be cut before.

    Raises ProcessingFailed as `opened` and `sound_frames` do.
    """
    name = f"{Path(folder).name} (faster-whisper-{version('faster-whisper')})"
    try:
        model = model_in(folder, threads)
    except Exception as error:
        return Heard(text="", language=None, model=name, unusable=str(error))

    with opened(Path(path), limits) as recording:
        blocks = list(pcm(recording, limits))
    sound = np.concatenate(blocks or [np.zeros(0, np.int16)]).astype(np.float32) / 32768
    if not get_speech_timestamps(sound, VadOptions(), sampling_rate=RATE):
        return Heard(text="", language=None, model=name, unusable=None)
    segments, information = model.transcribe(
        sound,
        language=language if language in model.supported_languages else None,
        beam_size=BEAM_SIZE,
        vad_filter=True,
        condition_on_previous_text=False,  # else one mistake is repeated to the end
    )
    text = " ".join(filter(None, (segment.text.strip() for segment in segments)))
    return Heard(
        text=text, language=information.language if text else None, model=name, unusable=None
    )
