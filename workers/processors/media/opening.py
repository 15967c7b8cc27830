"""Opens a sound or film of a stranger with PyAV, or says why that cannot be done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import filetype
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from workers.processors.base import ProcessingFailed
from workers.processors.media import boxes
from workers.processors.media.limits import MediaLimits
from workers.processors.text import SAMPLE_BYTES, encoding_of

DEMUXERS = (
    "mov,mp4,matroska,webm,ogg,wav,mp3,aac,flac,amr,3gp",
    "caf,aiff,avi,asf,mpegts,mpeg,flv",
)
"""What ffmpeg may take a file for. Without it, a text that calls itself a playlist (ffconcat, HLS
and others) opens its neighbours on the disk, or the network."""
READABLE_MIME_TYPES = re.compile(
    r"audio/(mpeg|mp4|m4a|ogg|x-flac|x-wav|amr|aac|x-aiff)"
    r"|video/(mp4|x-m4v|x-matroska|webm|quicktime|x-msvideo|x-ms-wmv|mpeg|x-flv|3gpp)"
)


@dataclass(frozen=True, slots=True)
class Recording:
    """An open file with its one track of sound and its one track of pictures."""

    path: Path
    container: InputContainer
    sound: AudioStream | None
    picture: VideoStream | None


@contextmanager
def opened(path: Path, limits: MediaLimits) -> Iterator[Recording]:
    """The recording at `path`, of which nothing is decoded yet. The cover of a song is no film.

    Raises ProcessingFailed: `file_empty`, `file_too_large`, `file_encrypted`, `file_unreadable`
    for what is damaged, `unsupported_format` for what is not a recording that can be decoded.
    """
    size = path.stat().st_size
    if size == 0:
        raise ProcessingFailed("file_empty", "the file has no content (0 bytes)")
    if size > limits.file_bytes:
        raise ProcessingFailed(
            "file_too_large",
            f"{size / 2**20:,.1f} MB; at most {limits.file_bytes / 2**20:,.0f} MB are read",
        )
    if boxes.brand_of(path) in boxes.PICTURE_BRANDS:
        raise ProcessingFailed("unsupported_format", "a picture (HEIF), not a recording")
    if boxes.is_locked(path):
        raise ProcessingFailed("file_encrypted", "the recording is encrypted")

    with open_container(path, limits) as container:
        if len(container.streams) > limits.streams:
            raise too_many_streams(limits)
        yield Recording(path, container, sound_track(container), picture_track(container, limits))


def open_container(path: Path, limits: MediaLimits) -> InputContainer:
    """Raises ProcessingFailed as `opened` does."""
    options = {
        "format_whitelist": ",".join(DEMUXERS),
        "protocol_whitelist": "file",
        "max_streams": str(limits.streams + 1),
    }
    try:
        return av.open(f"file:{path}", options=options, metadata_errors="replace")
    except av.error.MemoryError as error:  # how ffmpeg reports a stream more than max_streams
        raise too_many_streams(limits) from error
    except av.error.FFmpegError as error:
        raise what_is_wrong(path) from error


def sound_track(container: InputContainer) -> AudioStream | None:
    """The track of sound that a player would choose; None if there is none."""
    track = container.streams.best("audio")
    if not isinstance(track, AudioStream):
        return None
    if track.codec_context is None:
        raise ProcessingFailed("unsupported_format", "the sound is in a codec that is not known")
    track.codec_context.thread_count = 1
    return track


def picture_track(container: InputContainer, limits: MediaLimits) -> VideoStream | None:
    """The track of moving pictures that a player would choose; None if there is none."""
    track = container.streams.best("video")
    if not isinstance(track, VideoStream) or track.disposition & Disposition.attached_pic:
        return None
    if track.codec_context is None:
        raise ProcessingFailed("unsupported_format", "the film is in a codec that is not known")
    check_pixels(track.width, track.height, limits)
    track.codec_context.thread_count = 1
    track.codec_context.options = {"max_pixels": str(limits.pixels)}
    return track


def check_pixels(width: int, height: int, limits: MediaLimits) -> None:
    """Raises ProcessingFailed `file_too_large`."""
    if width * height > limits.pixels:
        raise ProcessingFailed(
            "file_too_large",
            f"{width:,} x {height:,} pixels; at most {limits.pixels:,} are read",
        )


def check_seconds(seconds: float, limits: MediaLimits) -> None:
    """Raises ProcessingFailed `file_too_large`."""
    if seconds > limits.seconds:
        hours = limits.seconds / 3600
        raise ProcessingFailed("file_too_large", f"lasts longer than the {hours:g} hours allowed")


def too_many_streams(limits: MediaLimits) -> ProcessingFailed:
    return ProcessingFailed("file_too_large", f"has more than {limits.streams} tracks")


def what_is_wrong(path: Path) -> ProcessingFailed:
    """Why nothing could be decoded: the file is damaged, or it is something else."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
    known = filetype.guess(head)
    if known is not None and READABLE_MIME_TYPES.fullmatch(known.mime):
        return ProcessingFailed("file_unreadable", "the recording is cut off or damaged")
    if encoding_of(head) is not None:
        return ProcessingFailed("unsupported_format", "a text, not a recording")
    if known is not None:
        return ProcessingFailed("unsupported_format", f"{known.mime} is not a recording")
    return ProcessingFailed("file_unreadable", "the content is of no known kind of sound or film")
