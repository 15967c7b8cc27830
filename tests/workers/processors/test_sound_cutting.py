"""Pieces of sound: small enough, and nothing lost between them."""

import asyncio
from decimal import Decimal
from itertools import pairwise

import av
import numpy as np
import pytest

from tests.workers.processors import recordings
from workers.processors.base import ProcessingFailed
from workers.processors.media import film, sound

SECOND = 16_000


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture
def cut(studio):
    """The pieces of some bytes."""

    def cut(content, max_bytes=25_000_000, max_seconds=3600):
        path, folder = studio.write(content), studio.new_folder()
        return studio.run(sound.cut(studio.sandbox, path, folder, max_bytes, max_seconds))

    return cut


@pytest.mark.parametrize("kind", ["ogg", "mp3", "m4a", "webm", "wav", "flac"])
def test_a_file_that_fits_and_that_providers_take_stays_as_it_is(cut, kind):
    content = recordings.sound(kind, recordings.tone, 3)

    (piece,) = cut(content)

    assert piece.path.name == f"sound.{kind}"
    assert piece.path.read_bytes() == content
    assert (piece.start_seconds, piece.duration_seconds) == (0, 3)


@pytest.mark.parametrize("kind", ["amr", "3gp", "aac", "caf"])
def test_a_format_that_providers_do_not_take_becomes_opus(cut, kind):
    (piece,) = cut(recordings.sound(kind, recordings.tone, 3))

    assert piece.path.suffix == ".ogg"
    assert abs(recordings.decoded(piece.path).size / SECOND - 3) < 0.1


def test_of_a_film_only_the_sound_is_kept(cut):
    (piece,) = cut(recordings.film(seconds=2, samples=recordings.tone(2)))

    with av.open(str(piece.path)) as container:
        assert [stream.type for stream in container.streams] == ["audio"]


def test_pieces_cover_everything_and_each_is_within_both_limits(cut):
    whole = recordings.noise(65)

    pieces = cut(recordings.wav(whole), max_bytes=60_000, max_seconds=20)

    assert len(pieces) > 4
    assert [piece.path for piece in pieces] == sorted(piece.path for piece in pieces)
    assert pieces[0].start_seconds == 0
    for piece, following in pairwise(pieces):
        assert piece.start_seconds + piece.duration_seconds == following.start_seconds
    assert sum(piece.duration_seconds for piece in pieces) == 65
    for piece in pieces:
        assert piece.path.stat().st_size <= 60_000
        assert piece.duration_seconds <= 20
        assert (
            abs(recordings.decoded(piece.path).size / SECOND - float(piece.duration_seconds))
            < 0.021
        )


def test_what_is_heard_in_the_pieces_is_what_was_in_the_whole(cut):
    loudness = np.repeat(np.arange(1, 41), SECOND)  # grows second by second
    whole = (recordings.tone(40) * (loudness / 40)).astype(np.int16)

    pieces = cut(recordings.wav(whole), max_seconds=15)

    joined = np.concatenate([recordings.decoded(piece.path) for piece in pieces]).astype(np.float64)
    seconds = joined[: 40 * SECOND - SECOND // 10]
    heard = [np.abs(part).mean() for part in np.array_split(seconds, 40)]
    meant = [np.abs(part).mean() for part in np.array_split(whole.astype(np.float64), 40)]
    assert np.allclose(heard, meant, rtol=0.15, atol=60)


def test_pieces_part_where_it_is_silent(cut):
    spoken, pause = recordings.tone(8), recordings.silence(1)
    whole = np.concatenate([spoken, pause] * 5)  # pauses at 8, 17, 26, 35, 44

    pieces = cut(recordings.wav(whole), max_seconds=10)

    ends = [float(piece.start_seconds + piece.duration_seconds) for piece in pieces[:-1]]
    assert ends
    assert all(8 < end % 9 < 9 for end in ends), ends


def test_limits_in_which_nothing_fits_are_a_mistake_of_the_caller(cut):
    with pytest.raises(ValueError, match="no piece of sound fits into 2000 bytes"):
        cut(recordings.wav(recordings.tone(1)), max_bytes=2_000)


def test_a_film_without_sound_has_no_pieces(cut):
    with pytest.raises(ProcessingFailed) as caught:
        cut(recordings.film())

    assert caught.value.code == "unsupported_format"


def test_the_sound_track_of_a_film_is_one_file(studio):
    talking = studio.write(recordings.film(seconds=2, samples=recordings.tone(2)))
    silent = studio.write(recordings.film())
    folder = studio.new_folder()

    track = studio.run(film.sound_track(studio.sandbox, talking, folder))
    nothing = studio.run(film.sound_track(studio.sandbox, silent, folder))

    assert nothing is None
    assert track.parent == folder
    assert abs(recordings.decoded(track).size / SECOND - 2) < 0.1


def test_the_sound_track_can_be_cut_in_the_same_folder(studio):
    path = studio.write(recordings.film(seconds=2, samples=recordings.noise(12)))
    folder = studio.new_folder()

    async def track_in_pieces():
        track = await film.sound_track(studio.sandbox, path, folder)
        return await sound.cut(studio.sandbox, track, folder, 20_000, 3600)

    pieces = studio.run(track_in_pieces())

    assert len(pieces) > 2
    assert abs(sum(piece.duration_seconds for piece in pieces) - 12) < Decimal("0.1")


def test_cancelling_ends_the_work(studio):
    path = studio.write(recordings.sound("flac", recordings.silence, 2400))
    folder = studio.new_folder()

    async def cancelled():
        work = asyncio.create_task(sound.cut(studio.sandbox, path, folder, 25_000_000, 600))
        await asyncio.wait([work], timeout=0.3)
        assert not work.done()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(work, 1)

    studio.run(cancelled())
