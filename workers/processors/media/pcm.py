"""The sound of a file, decoded."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet
from av.stream import Stream

from workers.processors.media.limits import MediaLimits
from workers.processors.media.opening import Recording, check_seconds

RATE = 16_000
"""Samples a second: what speech recognisers take."""

Samples = npt.NDArray[np.int16]
"""Shape: samples; one channel at RATE."""


def sound_frames(recording: Recording, limits: MediaLimits) -> Iterator[AudioFrame]:
    """The frames of the sound track that can be decoded, in order; damaged ones are left out.

    Raises ProcessingFailed `file_too_large` once they last longer than allowed.
    """
    if recording.sound is None:
        return
    seconds = Fraction()
    for packet in packets_of(recording):
        try:
            frames = packet.decode()
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            continue
        for frame in frames:
            if isinstance(frame, AudioFrame) and frame.sample_rate > 0:
                seconds += Fraction(frame.samples, frame.sample_rate)
                check_seconds(float(seconds), limits)
                yield frame


def packets_of(recording: Recording) -> Iterator[Packet[Stream]]:
    """The packets of the sound track, up to where the file ends or breaks."""
    try:
        yield from recording.container.demux(recording.sound)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        return


def pcm(recording: Recording, limits: MediaLimits) -> Iterator[Samples]:
    """The sound in blocks of some length. Raises ProcessingFailed as `sound_frames` does."""
    resampler, shape = None, None
    for frame in sound_frames(recording, limits):
        frame.pts = None  # a gap in the times is not made a gap in the sound
        if shape != (shape := (frame.format.name, frame.layout.name, frame.sample_rate)):
            if resampler is not None:
                yield from samples_of(resampler.resample(None))
            resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        if resampler is not None:
            yield from samples_of(resampler.resample(frame))
    if resampler is not None:
        yield from samples_of(resampler.resample(None))


def samples_of(frames: list[AudioFrame]) -> Iterator[Samples]:
    for frame in frames:
        yield frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)
