"""What is seen of a voice note without decoding it is what decoding finds, or nothing."""

import struct

import pytest

from tests.workers.processors import recordings
from workers.processors.media.at_sight import MOST_BYTES, facts_at_sight, opus_seconds, wav_seconds
from workers.processors.media.limits import MediaLimits
from workers.processors.media.sound import SoundFacts, probe
from workers.processors.recordings import Recordings


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture
def at_sight(studio):
    """What is seen of some bytes."""

    def at_sight(content) -> SoundFacts | None:
        return facts_at_sight(studio.write(content), MediaLimits())

    return at_sight


@pytest.fixture(scope="module")
def note():
    """Some seconds of Ogg Opus, on several pages."""
    return recordings.sound("ogg", recordings.noise, 4.3)


def pages_of(content):
    """Where each Ogg page begins and ends."""
    at = 0
    while at < len(content):
        count = content[at + 26]
        end = at + 27 + count + sum(content[at + 27 : at + 27 + count])
        yield at, end
        at = end


def sealed(page):
    """The Ogg page with the checksum that it should have, counted bit by bit (RFC 3533)."""
    page = bytearray(page)
    page[22:26] = bytes(4)
    checksum = 0
    for byte in page:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ (0x04C11DB7 if checksum >> 31 else 0)) & 0xFFFFFFFF
    page[22:26] = checksum.to_bytes(4, "little")
    return bytes(page)


def with_page(content, number, change):
    """The Ogg file with one page changed, its checksum right."""
    start, end = list(pages_of(content))[number]
    page = bytearray(content[start:end])
    change(page)
    return content[:start] + sealed(page) + content[end:]


@pytest.mark.parametrize("kind", ["ogg", "wav"])
@pytest.mark.parametrize("seconds", [0.01, 0.02, 0.5, 1, 1.2345, 2.999, 12.5])
def test_what_is_seen_is_what_decoding_finds(studio, at_sight, kind, seconds):
    content = recordings.sound(kind, recordings.noise, seconds)

    seen = at_sight(content)

    assert seen == studio.run(probe(studio.sandbox, studio.write(content)))


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
def test_a_wav_of_any_rate_is_seen_exactly(studio, at_sight, rate):
    content = recordings.wav(recordings.tone(1, rate)[: rate - 1], rate)

    seen = at_sight(content)

    assert seen == studio.run(probe(studio.sandbox, studio.write(content)))


def test_speech_from_elsewhere_is_seen_too(studio, at_sight):
    seen = at_sight(recordings.SPOKEN)

    assert seen == studio.run(probe(studio.sandbox, studio.write(recordings.SPOKEN)))
    assert float(seen.duration_seconds) == recordings.SPOKEN_SECONDS


@pytest.mark.parametrize("kind", ["mp3", "m4a", "amr", "webm", "flac", "aac", "caf"])
def test_other_formats_are_for_the_sandbox(at_sight, kind):
    assert at_sight(recordings.sound(kind, recordings.tone, 1)) is None


def test_a_file_that_is_cut_anywhere_is_for_the_sandbox(note):
    ends = range(0, len(note), 97)

    assert [end for end in ends if opus_seconds(note[:end]) is not None] == []


def test_a_file_with_a_wrong_bit_anywhere_is_for_the_sandbox(note):
    def with_wrong_bit(at):
        content = bytearray(note)
        content[at] ^= 1 << at % 8
        return bytes(content)

    assert [at for at in range(0, len(note), 61) if opus_seconds(with_wrong_bit(at))] == []


def test_what_follows_the_end_is_for_the_sandbox(note):
    assert opus_seconds(note) is not None
    assert opus_seconds(note + b"\0") is None
    assert opus_seconds(note + note) is None


def test_pages_that_are_left_out_or_in_another_order_are_for_the_sandbox(note):
    pages = [note[start:end] for start, end in pages_of(note)]

    assert opus_seconds(b"".join([*pages[:3], *pages[4:]])) is None
    assert opus_seconds(b"".join([*pages[:2], pages[3], pages[2], *pages[4:]])) is None


def count_an_hour(page):
    struct.pack_into("<q", page, 6, 3600 * 48_000)


def count_nothing(page):
    struct.pack_into("<q", page, 6, 0)


def belong_to_another_stream(page):
    page[14] ^= 1


def empty_its_first_packet(page):
    page[27] = 0


def hold_too_many_frames(page):
    first = 27 + page[26]
    page[first] |= 3
    page[first + 1] = 63


@pytest.mark.parametrize("number", [2, -1])
@pytest.mark.parametrize(
    "change",
    [count_an_hour, count_nothing, belong_to_another_stream, hold_too_many_frames],
)
def test_a_page_that_says_what_is_not_there_is_for_the_sandbox(note, number, change):
    assert opus_seconds(with_page(note, number, change)) is None


def test_heads_that_say_what_is_not_known_are_for_the_sandbox(note):
    def name_a_version_to_come(page):
        page[36] = 2

    assert opus_seconds(with_page(note, 0, name_a_version_to_come)) is None
    assert opus_seconds(with_page(note, 1, empty_its_first_packet)) is None


def test_the_checksum_is_the_one_of_the_standard(note):
    assert with_page(note, 2, lambda _: None) == note


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (4, 4),  # the size of the whole
        (20, 3),  # floating point
        (22, 0),  # no channel
        (22, 9),
        (24, 0),  # no rate
        (32, 5),  # bytes of a sample
        (34, 7),  # bits of it
        (36, 0x58),  # the name of the chunk with the samples
        (40, 1),  # its size
    ],
)
def test_a_wav_with_an_unusual_field_is_for_the_sandbox(at, value):
    content = bytearray(recordings.wav(recordings.tone(0.5)))
    assert wav_seconds(bytes(content[:4096]), len(content)) is not None

    content[at] = value

    assert wav_seconds(bytes(content[:4096]), len(content)) is None


def test_a_wav_that_hides_what_is_no_samples_is_for_the_sandbox():
    content = bytearray(recordings.wav(recordings.tone(0.5)))
    content[44:48] = b"\xfe\x7f\x01\x80"

    assert wav_seconds(bytes(content[:4096]), len(content)) is None


def test_a_wav_of_many_chunks_is_for_the_sandbox():
    chunks = b"LIST\x04\x00\x00\x00INFO" * 400
    content = recordings.wav(recordings.tone(0.5))
    padded = content[:36] + chunks + content[36:]
    padded = padded[:4] + (len(padded) - 8).to_bytes(4, "little") + padded[8:]

    assert wav_seconds(padded[:4096], len(padded)) is None


def test_a_long_file_is_for_the_sandbox(at_sight, note):
    assert at_sight(note.ljust(MOST_BYTES + 1, b"\0")) is None


def test_of_what_is_seen_no_sandbox_is_asked(studio, note):
    class NoSandbox:
        async def run(self, *_, **__):
            raise AssertionError("a sandbox was asked")

    looked = Recordings(NoSandbox())

    facts = studio.run(looked.facts(studio.write(note)))

    assert (facts.format, facts.is_taken, facts.size) == ("ogg", True, len(note))
