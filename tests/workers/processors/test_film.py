"""Frames of films: the right moments, upright and small."""

import av
import pytest
from PIL import Image

from tests.workers.processors import recordings
from workers.processors.base import ProcessingFailed
from workers.processors.media import film

COLOURS = ("red", "lime", "blue", "white")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture
def frames(studio):
    """The frames of some bytes."""

    def frames(content, count):
        path, folder = studio.write(content), studio.new_folder()
        return studio.run(film.frames(studio.sandbox, path, folder, count))

    return frames


def colour_of(path):
    """The name of the colour in the middle of a picture."""
    with Image.open(path) as picture:
        red, green, blue = (
            channel > 128 for channel in picture.convert("RGB").getpixel((picture.width // 2, 5))
        )
    return {(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue", (1, 1, 1): "white"}.get(
        (red, green, blue), "another"
    )


@pytest.mark.parametrize("kind", list(recordings.FILMS))
def test_frames_are_evenly_spaced(frames, kind):
    pictures = [Image.new("RGB", (176, 144), colour) for colour in COLOURS]

    taken = frames(recordings.film(kind, pictures, seconds=8), 4)

    assert [colour_of(frame.path) for frame in taken] == list(COLOURS)
    for frame, moment in zip(taken, (1, 3, 5, 7), strict=True):
        assert abs(float(frame.at_seconds) - moment) <= 0.15


def test_moments_between_key_frames_are_found(frames):
    pictures = [Image.new("RGB", (176, 144), colour) for colour in COLOURS]

    content = recordings.film("mkv", pictures, seconds=20)  # x264 sets one key frame in 250

    assert [colour_of(frame.path) for frame in frames(content, 4)] == list(COLOURS)


def test_a_film_of_one_frame_gives_it_once(frames):
    (frame,) = frames(recordings.film(seconds=0.1), 8)

    assert frame.at_seconds == 0


def test_large_frames_are_made_smaller(frames):
    (frame,) = frames(recordings.film(size=(2560, 1440), seconds=0.2, rate=5), 1)

    with Image.open(frame.path) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1280, 720))


def test_a_film_held_sideways_is_turned_upright(frames):
    picture = Image.new("RGB", (320, 240), "red")
    picture.paste("blue", (0, 0, 160, 240))  # left half
    content = bytearray(recordings.film("mp4", [picture]))
    at = content.index(b"tkhd") + 4 + 40
    matrix = (0, 1, 0, -1, 0, 0)  # the left edge goes up
    for place, number in zip((0, 4, 8, 12, 16, 20), matrix, strict=True):
        content[at + place : at + place + 4] = (number * 65536).to_bytes(4, signed=True)

    (frame,) = frames(bytes(content), 1)

    with Image.open(frame.path) as upright:
        assert upright.size == (240, 320)
        top, bottom = (upright.getpixel((120, y)) for y in (20, 300))
    assert top[2] > 128 > top[0]
    assert bottom[0] > 128 > bottom[2]


def test_the_frames_before_a_cut_are_taken(frames):
    pictures = [Image.effect_noise((320, 240), 90).convert("RGB") for _ in range(20)]
    whole = recordings.film("webm", pictures, seconds=2)

    taken = frames(whole[:-7_000], 4)

    assert 1 <= len(taken) <= 4
    assert all(frame.at_seconds < 1.5 for frame in taken)


def test_a_sound_has_no_frames(frames):
    with pytest.raises(ProcessingFailed) as caught:
        frames(recordings.song_with_cover(), 4)

    assert caught.value.code == "unsupported_format"


def test_the_test_films_have_few_key_frames(studio):
    path = studio.write(recordings.film("mkv", seconds=20))

    with av.open(str(path)) as container:
        assert sum(packet.is_keyframe for packet in container.demux(video=0)) == 1
