"""What a recording is: how long, with sound or picture, how large.

The length is counted, never read: headers lie (an mp3 that was cut off said 133 s for 66.6), and
so do the times of packets. Decoding is 1,400 to 4,000 times as fast as listening.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from workers.processors.base import ProcessingFailed
from workers.processors.media import Facts, boxes
from workers.processors.media.limits import MediaLimits
from workers.processors.media.opening import Recording, check_seconds, opened, what_is_wrong
from workers.processors.media.pcm import sound_frames

PADDING = Fraction(1, 10)
"""Seconds: what decoding gives beyond the end that an mp4 states fills its last frame."""
TAKEN_FORMATS = {
    "ogg": ("opus", "vorbis"),
    "webm": ("opus", "vorbis"),
    "mp3": ("mp3float", "mp3"),
    "m4a": ("aac",),
    "flac": ("flac",),
    "wav": ("pcm_s16le", "pcm_u8", "pcm_s24le", "pcm_f32le"),
}
"""Containers, and codecs in them, that OpenAI and Groq take as they are."""
OGG, MATROSKA, MOV = "ogg", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"


def measure(path: str, limits: MediaLimits) -> Facts:
    """The facts about the recording at `path`; a track in which nothing can be read is no track.

    Raises ProcessingFailed: as `opened` does, `file_too_large` for what lasts too long, and
    `file_unreadable` for what holds nothing that can be decoded.
    """
    file = Path(path)
    film = width = height = None
    with opened(file, limits) as recording:
        sound = sound_seconds(recording, limits)
        kind = format_name(recording)
        has_pictures = recording.picture is not None
        has_tracks = recording.sound is not None or has_pictures
        codec = recording.sound.codec_context.name if recording.sound else ""
    if has_pictures:
        with opened(file, limits) as recording:
            film = film_seconds(recording)
            if recording.picture is not None and film is not None:
                width, height = recording.picture.width, recording.picture.height
    check_seconds(float(film or 0), limits)

    if not sound and film is None:
        if has_tracks:
            raise ProcessingFailed("file_unreadable", "holds no sound that can be decoded")
        raise what_is_wrong(file)
    return Facts(
        seconds=as_text(max(sound, film or Fraction())),
        format=kind,
        has_audio=sound > 0,
        has_video=film is not None,
        width=width,
        height=height,
        is_taken=film is None and codec in TAKEN_FORMATS.get(kind, ()),
        size=file.stat().st_size,
    )


def sound_seconds(recording: Recording, limits: MediaLimits) -> Fraction:
    """How long the sound lasts, by its decoded samples."""
    track = recording.sound
    if track is None:
        return Fraction()
    samples: dict[int, int] = {}
    for frame in sound_frames(recording, limits):
        samples[frame.sample_rate] = samples.get(frame.sample_rate, 0) + frame.samples
    counted = sum((Fraction(count, rate) for rate, count in samples.items()), Fraction())
    if recording.container.format.name == MOV and track.duration and track.time_base:
        stated = track.duration * track.time_base
        if abs(counted - stated) < PADDING:
            return stated
    return counted


def film_seconds(recording: Recording) -> Fraction | None:
    """How long the pictures last, from the first packet's time to the last one's end.

    None if there are no packets.
    """
    track = recording.picture
    if track is None or track.time_base is None:
        return None
    first = last = None
    try:
        for packet in recording.container.demux(track):
            time = packet.pts if packet.pts is not None else packet.dts
            if packet.size and time is not None:
                end = time + max(packet.duration or 0, 0)
                first = time if first is None else min(first, time)
                last = end if last is None else max(last, end)
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError:
        pass  # as far as the file goes
    if first is None or last is None:
        return None
    return (last - first) * track.time_base


def format_name(recording: Recording) -> str:
    """The kind of file by the ending it usually has, such as ogg, m4a, mp4 or webm."""
    name = recording.container.format.name
    if name == MATROSKA:
        with recording.path.open("rb") as file:
            return "webm" if b"webm" in file.read(64) else "mkv"
    if name == MOV:
        brand = boxes.brand_of(recording.path) or b"qt  "
        if brand[:2] == b"3g":
            return "3gp"
        if brand == b"qt  ":
            return "mov"
        return "mp4" if recording.picture is not None else "m4a"
    return name.partition(",")[0]


def as_text(seconds: Fraction) -> str:
    """Decimal seconds, exact to a microsecond."""
    micro = round(seconds * 1_000_000)
    return f"{micro // 1_000_000}.{micro % 1_000_000:06}"
