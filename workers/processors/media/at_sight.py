"""The facts about Ogg Opus and WAV files that are as they should be, without decoding them.

Runs in the worker itself: it reads fields of fixed size, within bounds, and what is unusual in any
way is for a sandbox to look at. The length is counted here too, and is the one that decoding gives:
see `docs/decisions/2026-11-25-voice-notes-at-sight.md`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from workers.processors.media.limits import MediaLimits
from workers.processors.media.sound import SoundFacts

MOST_BYTES, MOST_SEGMENTS = 500_000, 10_000
"""Of an Ogg Opus file: three minutes of speech, read through in a few milliseconds."""
HEAD_BYTES = 4096
"""Of a WAV file: all that is read of it."""

PAGE = struct.Struct("<4sBBqIIIB")
CHECKSUM = slice(22, 26)
CONTINUED, FIRST, LAST = 1, 2, 4
"""Flags of a page (RFC 3533, 6)."""
NO_PACKET_ENDS = -1
FULL = 255
"""The length of a segment after which its packet goes on."""
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
ALL_ONES = 0xFFFFFFFF

OPUS_HEAD = struct.Struct("<8sBBHIhB")
OPUS_RATE = 48_000
"""Samples a second as Opus counts, whatever was recorded (RFC 7845, 4)."""
OPUS_FRAMES = (*(480, 960, 1920, 2880) * 3, *(480, 960) * 2, *(120, 240, 480, 960) * 4)
"""Samples of a frame, by the five highest bits of its packet (RFC 6716, 3.1)."""
LONGEST_PACKET = 5760

WAV_FORMAT = struct.Struct("<HHIIHH")
PCM = 1
HARMLESS_CHUNKS = (b"LIST", b"fact", b"JUNK")
DISGUISED = (b"\x72\xf8\x1f\x4e", b"\xfe\x7f\x01\x80", b"\xff\x1f\x00\xe8")
"""How AC-3 and DTS begin, which players find in WAV files that claim to hold samples."""


def facts_at_sight(path: Path, limits: MediaLimits) -> SoundFacts | None:
    """The facts about the file at `path`; None: `sound.probe` finds out. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, 2)
        if head.startswith(b"RIFF"):
            kind, seconds = "wav", wav_seconds(head, size)
        elif head.startswith(b"OggS") and size <= MOST_BYTES:
            file.seek(0)
            kind, seconds = "ogg", opus_seconds(file.read(MOST_BYTES))
        else:
            return None
    if seconds is None or not 0 < seconds <= limits.seconds or size > limits.file_bytes:
        return None
    return SoundFacts(
        duration_seconds=Decimal(round(seconds * 1_000_000)).scaleb(-6),
        format=kind,
        has_audio=True,
        has_video=False,
        width=None,
        height=None,
        is_taken=True,
        size=size,
    )


def wav_seconds(head: bytes, size: int) -> Fraction | None:
    """The length of a WAV file of so many bytes; None unless it is plain samples to its end."""
    if head[8:12] != b"WAVE" or int.from_bytes(head[4:8], "little") != size - 8:
        return None
    rate = width = 0
    at = 12
    while at + 8 <= len(head):
        name, length = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt " and not rate and length in (16, 18) and at + length <= len(head):
            tag, channels, rate, per_second, width, bits = WAV_FORMAT.unpack_from(head, at)
            is_plain = tag == PCM and channels in (1, 2) and bits in (8, 16, 24)
            if not is_plain or width != channels * bits // 8 or per_second != rate * width:
                return None
        elif name == b"data" and rate and at + length == size and length % width == 0:
            is_disguised = any(mark in head for mark in DISGUISED)
            return None if is_disguised else Fraction(length // width, rate)
        elif name not in HARMLESS_CHUNKS:
            return None
        at += length + length % 2
    return None


def opus_seconds(data: bytes) -> Fraction | None:
    """The length of an Ogg Opus file: its packets' samples, up to where its last page says.

    None if a page is damaged, missing or of another stream, or if it counts other than its packets.
    """
    pages = _pages(data)
    if pages is None or len(pages) < 3 or not _holds_tags(data, pages[1]):
        return None
    skipped, packets = _skipped(data, pages[0]), _packets(data, pages[2:])
    if skipped is None or packets is None:
        return None
    counted = pages[-1].counted
    # Of the last packet, what only fills it does not count.
    if not 0 <= packets.samples - counted < packets.samples_of_last:
        return None
    return Fraction(counted - skipped, OPUS_RATE)


@dataclass(frozen=True, slots=True)
class _Page:
    flags: int
    counted: int
    """Samples up to the end of the last packet that ends on it."""
    lacing: bytes
    """The lengths of its segments, of which packets are made."""
    start: int
    """Where the first of them begins."""


def _pages(data: bytes) -> list[_Page] | None:
    """All that the file consists of; None if it is not one whole stream and nothing else."""
    pages: list[_Page] = []
    stream = at = segments = 0
    while at < len(data):
        if at + PAGE.size > len(data):
            return None
        name, version, flags, counted, serial, number, _, count = PAGE.unpack_from(data, at)
        start = at + PAGE.size + count
        lacing = data[start - count : start]
        end = start + sum(lacing)
        segments += count
        stream = stream if pages else serial
        if (name, version, serial, number) != (b"OggS", 0, stream, len(pages)):
            return None
        if bool(flags & FIRST) != (not pages) or bool(flags & LAST) != (end == len(data)):
            return None
        if end > len(data) or segments > MOST_SEGMENTS or not _is_whole(data[at:end]):
            return None
        pages.append(_Page(flags, counted, lacing, start))
        at = end
    return pages


def _is_whole(page: bytes) -> bool:
    """Whether its checksum is right: Ogg's is that of zlib with each byte's bits the other way."""
    told = page[CHECKSUM].translate(REVERSED)
    counted = page[: CHECKSUM.start] + bytes(4) + page[CHECKSUM.stop :]
    checksum = zlib.crc32(counted.translate(REVERSED), ALL_ONES) ^ ALL_ONES
    return int.from_bytes(told, "big") == checksum


def _skipped(data: bytes, page: _Page) -> int | None:
    """How many samples a player leaves out at first; None if the page is no usual head of Opus."""
    if page.lacing != bytes([OPUS_HEAD.size]):
        return None
    name, version, channels, skipped, _, _, mapping = OPUS_HEAD.unpack_from(data, page.start)
    is_usual = (name, version, mapping) == (b"OpusHead", 1, 0) and channels in (1, 2)
    return int(skipped) if is_usual else None


def _holds_tags(data: bytes, page: _Page) -> bool:
    """Whether it holds the comments and nothing else."""
    is_one_packet = page.lacing.count(FULL) == len(page.lacing) - 1 and page.lacing[-1] < FULL
    return is_one_packet and data.startswith(b"OpusTags", page.start)


@dataclass(frozen=True, slots=True)
class _Packets:
    samples: int
    samples_of_last: int


def _packets(data: bytes, pages: Sequence[_Page]) -> _Packets | None:
    """What the packets on all these pages hold; None if one is not valid, or a page miscounts."""
    samples = last = at = size = 0
    for page in pages:
        if bool(page.flags & CONTINUED) != bool(size):
            return None
        segment_at, has_end = page.start, False
        for length in page.lacing:
            at = at if size else segment_at
            size += length
            segment_at += length
            if length == FULL:
                continue
            last = _samples_of(data, at, size)
            if not last:
                return None
            samples += last
            size, has_end = 0, True
        if page is not pages[-1] and page.counted != (samples if has_end else NO_PACKET_ENDS):
            return None
    return None if size else _Packets(samples, last)


def _samples_of(data: bytes, at: int, size: int) -> int:
    """The samples of an Opus packet (RFC 6716, 3); 0 if it is not valid."""
    if not size:
        return 0
    kind = data[at] & 3
    if kind < 3:
        # Two frames of the same length have an even number of bytes.
        count = 0 if kind == 1 and size % 2 == 0 else min(kind, 1) + 1
    else:
        count = data[at + 1] & 63 if size > 1 else 0
    samples = OPUS_FRAMES[data[at] >> 3] * count
    return samples if samples <= LONGEST_PACKET else 0
