"""What a recording is: measured, not believed."""

from decimal import Decimal

import pytest

from tests.workers.processors import recordings
from workers.processors.media import sound


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture
def facts(studio):
    """The facts about some bytes."""

    def facts(content):
        return studio.run(sound.probe(studio.sandbox, studio.write(content)))

    return facts


@pytest.mark.parametrize("kind", ["ogg", "mp3", "m4a", "webm", "wav", "flac", "3gp", "caf"])
def test_the_length_of_a_sound_is_exact(facts, kind):
    found = facts(recordings.sound(kind, recordings.tone, 12.5))

    assert found.duration_seconds == Decimal("12.5")
    assert (found.format, found.has_audio, found.has_video) == (kind, True, False)
    assert (found.width, found.height) == (None, None)


@pytest.mark.parametrize("kind", ["amr", "aac"])
def test_formats_that_know_no_length_give_that_of_their_frames(facts, kind):
    found = facts(recordings.sound(kind, recordings.tone, 12.5))

    assert Decimal("12.5") <= found.duration_seconds < Decimal("12.56")


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
def test_the_length_is_exact_to_a_microsecond_at_any_rate(facts, rate):
    samples = recordings.tone(1, rate)[: rate - 1]

    found = facts(recordings.wav(samples, rate))

    assert found.duration_seconds == round(Decimal(rate - 1) / rate, 6)


@pytest.mark.parametrize("kind", ["ogg", "mp3", "flac", "wav", "webm", "aac"])
def test_what_was_cut_off_has_the_length_that_is_there_whatever_the_header_says(facts, kind):
    whole = recordings.sound(kind, recordings.noise, 20)

    found = facts(whole[: len(whole) // 2])

    assert Decimal("8.9") < found.duration_seconds < 11  # Ogg pages hold a second


def test_a_wav_whose_header_claims_an_hour_has_its_true_length(facts):
    content = bytearray(recordings.wav(recordings.tone(3)))
    content[40:44] = (3600 * 32_000).to_bytes(4, "little")

    assert facts(bytes(content)).duration_seconds == 3


@pytest.mark.parametrize("kind", list(recordings.FILMS))
def test_a_film_has_a_size_and_a_length(facts, kind):
    size = (176, 144)  # H.263 knows few others

    found = facts(recordings.film(kind, seconds=2, size=size))

    assert (found.width, found.height) == size
    assert (found.has_audio, found.has_video, found.format) == (False, True, kind)
    assert abs(found.duration_seconds - 2) < Decimal("0.11")


def test_a_film_lasts_as_long_as_the_longer_of_picture_and_sound(facts):
    found = facts(recordings.film(seconds=2, samples=recordings.tone(5)))

    assert (found.has_audio, found.has_video) == (True, True)
    assert abs(found.duration_seconds - 5) < Decimal("0.1")


def test_the_cover_of_a_song_is_no_film(facts):
    found = facts(recordings.song_with_cover())

    assert (found.has_audio, found.has_video, found.width) == (True, False, None)
    assert abs(found.duration_seconds - 2) < Decimal("0.1")
