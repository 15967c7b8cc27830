"""Voice notes and noises: real WAV files, and a real Ogg Opus file in which nobody speaks."""

from __future__ import annotations

import io
import math
import struct
import wave
from array import array
from collections.abc import Callable, Iterator
from random import Random

RATE = 8000
Wave = Callable[[float, Random], float]


def foghorn(second: float, chance: Random) -> float:
    """A low note that swells and fades."""
    swell = math.sin(math.pi * min(second / 3.0, 1.0))
    return 0.6 * swell * (math.sin(740 * second) + 0.4 * math.sin(1110 * second)) / 1.4


def engine(second: float, chance: Random) -> float:
    """A two-cylinder diesel at idle: a thump and some clatter nine times a second."""
    thump = math.exp(-18 * (second * 9 % 1) / 2)
    return thump * (0.5 * math.sin(380 * second) + chance.uniform(-0.3, 0.3))


def bell(second: float, chance: Random) -> float:
    """The ship's bell, struck every second and a half."""
    since = second % 1.5
    return math.exp(-3 * since) * 0.4 * (math.sin(5500 * since) + 0.5 * math.sin(8800 * since))


def babble(second: float, chance: Random) -> float:
    """Something with the rhythm of speech, and no words in it."""
    syllable = max(0.0, math.sin(21 * second) * math.sin(3.1 * second))
    return syllable * 0.4 * (math.sin((760 + 120 * math.sin(5 * second)) * second) + 0.2)


def wav(sound: Wave, seconds: float, chance: Random) -> bytes:
    """A mono 16 bit WAV file of `sound` at 8 kHz."""
    samples = array(
        "h", (round(32000 * sound(i / RATE, chance)) for i in range(int(seconds * RATE)))
    )
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return buffer.getvalue()


def silent_opus(seconds: float, chance: Random) -> bytes:
    """An Ogg Opus voice note in which the sender only held the button (RFC 7845, RFC 6716)."""
    serial = chance.getrandbits(32)
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 10) + b"Backscroll" + struct.pack("<I", 0)
    pages = [_page(serial, 0, 2, 0, [head]), _page(serial, 1, 0, 0, [tags])]
    pages += _sound_pages(serial, int(seconds * 50))
    return b"".join(pages)


def _sound_pages(serial: int, packets: int) -> Iterator[bytes]:
    silence = b"\xf8\xff\xfe"  # 20 ms of nothing, mono, as every Opus encoder writes it
    for number, start in enumerate(range(0, packets, 50), start=2):
        count = min(50, packets - start)
        last = 4 if start + count == packets else 0
        yield _page(serial, number, last, (start + count) * 960, [silence] * count)


def _page(serial: int, number: int, flags: int, position: int, packets: list[bytes]) -> bytes:
    sizes = bytes(len(packet) for packet in packets)
    head = struct.pack("<4sBBqII", b"OggS", 0, flags, position, serial, number)
    tail = bytes([len(packets)]) + sizes + b"".join(packets)
    return head + struct.pack("<I", _checksum(head + bytes(4) + tail)) + tail


def _checksum(data: bytes) -> int:
    """Ogg's CRC: polynomial 0x04c11db7, most significant bit first, nothing inverted."""
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value
