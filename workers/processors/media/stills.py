"""Frames of a film, at evenly spaced moments."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import VideoFrame
from PIL import Image

from workers.processors.base import ProcessingFailed
from workers.processors.media import Still
from workers.processors.media.facts import as_text, film_seconds
from workers.processors.media.limits import MediaLimits
from workers.processors.media.opening import Recording, check_pixels, check_seconds, opened

LONGEST_SIDE = 1280
"""Pixels: text that a film shows to be read is readable at this size."""
QUALITY = 85


def take_stills(path: str, folder: str, count: int, limits: MediaLimits) -> list[Still]:
    """Writes at most `count` frames as JPEG into `folder`: the middles of as many equal parts.

    Fewer if the film has fewer frames or is damaged. A frame lies upright, as players show it.

    Raises ProcessingFailed: as `opened` does, `unsupported_format` if there are no pictures,
    `file_unreadable` if none can be decoded, `file_too_large` for giants.
    """
    file = Path(path)
    with opened(file, limits) as recording:
        seconds = film_seconds(recording)
    if seconds is None:
        raise ProcessingFailed("unsupported_format", "has no moving pictures")
    check_seconds(float(seconds), limits)

    stills: list[Still] = []
    with opened(file, limits) as recording:
        for at, frame in frames_at(recording, middles(seconds, count)):
            check_pixels(frame.width, frame.height, limits)
            still = Path(folder) / f"frame-{len(stills) + 1:03}.jpg"
            upright(frame).save(still, "JPEG", quality=QUALITY)
            stills.append(Still(path=str(still), at=as_text(at)))
    if not stills:
        raise ProcessingFailed("file_unreadable", "no frame of the film can be decoded")
    return stills


def middles(seconds: Fraction, count: int) -> list[Fraction]:
    """The middle moments of `count` equal parts."""
    return [seconds * (2 * number + 1) / (2 * count) for number in range(count)]


def frames_at(
    recording: Recording, moments: list[Fraction]
) -> Iterator[tuple[Fraction, VideoFrame]]:
    """The frame shown at each moment, and its time from the first frame on; none twice.

    Goes on decoding where the next moment is near, and seeks where that skips something.
    """
    reader = FrameReader(recording)
    shown: Fraction | None = None
    for moment in moments:
        found = reader.frame_at(moment)
        if found is not None and found[0] != shown:
            shown = found[0]
            yield found


class FrameReader:
    """Reads a film forward."""

    def __init__(self, recording: Recording) -> None:
        track = recording.picture
        if track is None or track.time_base is None:
            raise ProcessingFailed("unsupported_format", "has no moving pictures")
        self._container, self._track, self._time_base = (
            recording.container,
            track,
            track.time_base,
        )
        self._start = Fraction(track.start_time or 0) * self._time_base
        self._current: tuple[Fraction, VideoFrame] | None = None
        self._frames = self._decode()

    def frame_at(self, moment: Fraction) -> tuple[Fraction, VideoFrame] | None:
        """The last frame that begins no later than `moment`; the first one if none does.

        None if nothing can be decoded there.
        """
        self._seek(moment)
        found = self._current
        for at, frame in self._frames:
            if found is not None and at > moment:
                self._current = at, frame
                break
            found = self._current = at, frame
            if at > moment:
                break
        return found

    def _seek(self, moment: Fraction) -> None:
        """To the last key frame before the moment, unless that lies behind the current frame."""
        offset = int((moment + self._start) / self._time_base)
        try:
            self._container.seek(offset, stream=self._track, backward=True)
        except av.error.FFmpegError:
            return  # no index: goes on from where it is
        self._current = None
        self._frames = self._decode()

    def _decode(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """The frames that can be decoded, each with its time."""
        try:
            for packet in self._container.demux(self._track):
                try:
                    frames = packet.decode()
                except av.error.MemoryError:
                    raise
                except av.error.FFmpegError:
                    continue
                for frame in frames:
                    if isinstance(frame, VideoFrame) and frame.pts is not None:
                        yield frame.pts * self._time_base - self._start, frame
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError:
            return


def upright(frame: VideoFrame) -> Image.Image:
    """The frame as a picture, scaled down, and turned as the camera was held."""
    scale = min(1.0, LONGEST_SIDE / max(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    scaled = frame.reformat(width=width, height=height, format="rgb24")
    picture = Image.fromarray(scaled.to_ndarray())
    turn = round(frame.rotation / 90) * 90 % 360
    return picture.rotate(turn, expand=True) if turn else picture
