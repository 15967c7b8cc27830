"""Makes small sounds and films of every kind, and the hostile ones, with PyAV's encoders.

`amiable.ogg` is a sentence from Jane Austen's "Sense and Sensibility", read for LibriVox by a
volunteer who gave the recording to the public domain.
"""

import asyncio
import io
import struct
import wave
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from PIL import Image

from workers.processors.sandboxes import media_sandbox

SPOKEN = Path(__file__).with_name("amiable.ogg").read_bytes()
SPOKEN_WORDS = "had he married a more amiable woman he might have been made still more respectable"
SPOKEN_SECONDS = 6.05

SOUNDS = {
    "ogg": ("ogg", "libopus", 48_000),
    "mp3": ("mp3", "libmp3lame", 44_100),
    "m4a": ("ipod", "aac", 44_100),
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "3gp": ("3gp", "libopencore_amrnb", 8_000),
    "webm": ("webm", "libopus", 48_000),
    "wav": ("wav", "pcm_s16le", 16_000),
    "flac": ("flac", "flac", 44_100),
    "aac": ("adts", "aac", 44_100),
    "caf": ("caf", "pcm_s16le", 16_000),
}
"""Muxer, encoder and samples a second, by the usual ending."""
FILMS = {
    "mp4": ("mp4", "libx264", "yuv420p"),
    "mov": ("mov", "mjpeg", "yuvj420p"),
    "webm": ("webm", "libvpx", "yuv420p"),
    "3gp": ("3gp", "h263", "yuv420p"),
    "mkv": ("matroska", "libx264", "yuv420p"),
    "avi": ("avi", "mpeg4", "yuv420p"),
}
"""Muxer, encoder and pixel format, likewise."""


class Studio:
    """An event loop and a sandbox to process media in, and a folder for them."""

    def __init__(self, runner, sandbox, folder):
        self.sandbox = sandbox
        self.folder = folder
        self._runner = runner
        self._count = 0

    def run(self, coroutine):
        return self._runner.run(coroutine)

    def write(self, content):
        """A new file without an ending: names are not to be trusted."""
        self._count += 1
        path = self.folder / f"medium-{self._count}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def new_folder(self):
        self._count += 1
        path = self.folder / f"folder-{self._count}"
        path.mkdir()
        return path


@contextmanager
def studio(folder):
    """A Studio, closed at the end."""
    with asyncio.Runner() as runner:
        sandbox = media_sandbox(1)
        yield Studio(runner, sandbox, folder)
        runner.run(sandbox.close())


def silence(seconds, rate=16_000):
    return np.zeros(round(seconds * rate), np.int16)


def tone(seconds, rate=16_000, loudness=8_000):
    times = np.arange(round(seconds * rate)) / rate
    return (loudness * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def noise(seconds, rate=16_000, loudness=3_000):
    return np.random.default_rng(1).normal(0, loudness, round(seconds * rate)).astype(np.int16)


def wav(samples, rate=16_000):
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def sound(kind, make, seconds):
    """A sound in the format `kind` of SOUNDS; `make` is one of the functions above."""
    muxer, codec, rate = SOUNDS[kind]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        if codec == "libopencore_amrnb":
            stream.bit_rate = 12_200
        mux_sound(container, stream, make(seconds, rate), rate)
    return buffer.getvalue()


def decoded(path):
    """The sound in a file as 16-bit samples at 16 kHz."""
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(path)) as container:
        frames = [resampler.resample(frame) for frame in container.decode(audio=0)]
    frames.append(resampler.resample(None))
    return np.concatenate([frame.to_ndarray()[0] for some in frames for frame in some])


def mux_sound(container, stream, samples, rate):
    for start in range(0, samples.size, rate):
        block = samples[start : start + rate].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def film(
    kind="mp4", pictures=None, *, seconds=2, rate=10, size=(320, 240), samples=None, **options
):
    """A film that shows each of the Pillow `pictures` for an equal part of its length.

    `samples` is its sound, at 16 kHz; `options` are the muxer's.
    """
    muxer, codec, pixels = FILMS[kind]
    pictures = pictures or [Image.new("RGB", size, "grey")]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=muxer, options=options) as container:
        seen = container.add_stream(codec, rate=rate)
        seen.width, seen.height = pictures[0].size
        seen.pix_fmt = pixels
        heard = None
        if samples is not None:
            heard = container.add_stream("libopus" if kind == "webm" else "aac", rate=16_000)
            heard.layout = "mono"
        count = round(seconds * rate)
        for number in range(count):
            picture = pictures[number * len(pictures) // count]
            frame = av.VideoFrame.from_image(picture)
            frame.pts = number
            container.mux(seen.encode(frame))
        container.mux(seen.encode(None))
        if heard is not None:
            mux_sound(container, heard, samples, 16_000)
    return buffer.getvalue()


def song_with_cover():
    """An mp3 with the picture of its record in it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as container:
        heard = container.add_stream("libmp3lame", rate=44_100, layout="mono")
        seen = container.add_stream("mjpeg", rate=1)
        seen.width = seen.height = 64
        seen.pix_fmt = "yuvj420p"
        seen.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_image(Image.new("RGB", (64, 64), "red"))
        frame.pts = 0
        container.mux(seen.encode(frame))
        container.mux(seen.encode(None))
        mux_sound(container, heard, tone(2, 44_100), 44_100)
    return buffer.getvalue()


def boxes(content, start=0, end=None):
    """The boxes of an mp4 between two offsets: name, offset and size of each."""
    end = len(content) if end is None else end
    while start < end:
        size, name = struct.unpack_from(">I4s", content, start)
        yield name, start, size
        start += size


def with_tracks(content, count):
    """The mp4 with its one track listed so many times."""
    at, size = next((at, size) for name, at, size in boxes(content) if name == b"moov")
    track_at, track_size = next(
        (at, size) for name, at, size in boxes(content, at + 8, at + size) if name == b"trak"
    )
    track = content[track_at : track_at + track_size]
    inside = content[at + 8 : track_at] + track * count + content[track_at + track_size : at + size]
    return (
        content[:at] + struct.pack(">I4s", len(inside) + 8, b"moov") + inside + content[at + size :]
    )


def giant(size=65_500):
    """A film of which every frame claims to be this wide and high."""
    content = bytearray(film("mov"))
    at = content.find(b"\xff\xc0")
    while at >= 0:
        content[at + 5 : at + 9] = struct.pack(">HH", size, size)
        at = content.find(b"\xff\xc0", at + 5)
    return bytes(content)


def claiming_seconds(seconds):
    """A film of two seconds in mp4 whose every table of times claims this many."""
    content = bytearray(film("mp4", seconds=2, rate=10))
    at = content.index(b"stts")
    (count,) = struct.unpack_from(">I", content, at + 8)
    for number in range(count):
        struct.pack_into(">I", content, at + 16 + 8 * number, seconds * 1_000)
    return bytes(content)
