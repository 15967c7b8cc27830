"""Films without any provider: what can be read in them, what is said, how long they are."""

import re
import tempfile
from decimal import Decimal

import pytest

from tests.workers.processors import files, recordings
from workers.processors import sandboxes
from workers.processors.base import Extraction, Medium, ProcessingFailed
from workers.processors.image import ImageProcessor
from workers.processors.limits import ImageLimits
from workers.processors.local_audio import ROUGH, LocalAudioProcessor
from workers.processors.local_video import LocalVideoProcessor, NewLines


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture(scope="module")
def eyes(studio):
    """A real reader of pictures."""
    reader = ImageProcessor(
        sandboxes.picture_sandbox(1),
        sandboxes.ocr_sandbox(1),
        ImageLimits(),
        timeout_seconds=60,
    )
    yield reader
    studio.run(reader.close())


class Script:
    """A reader of pictures that says what it is told, frame by frame."""

    def __init__(self, *texts):
        self.texts = list(texts)

    async def process(self, medium):
        assert medium.path.is_file()
        text = self.texts.pop(0)
        if isinstance(text, ProcessingFailed):
            raise text
        return Extraction(text, provider="local", model="script")


NOTHING = "[no text found; JPEG image, 320 x 240]"
SLOW = ProcessingFailed("processor_timeout", "gave no result within 1 s")


@pytest.fixture
def process(studio):
    """The extraction from some bytes."""

    def process(content, reader, *, frames=4, has_ears=True, language=None):
        audio = LocalAudioProcessor(studio.sandbox, timeout_seconds=30) if has_ears else None
        video = LocalVideoProcessor(
            studio.sandbox, reader, audio, frames=frames, timeout_seconds=30
        )
        medium = Medium(studio.write(content), "video", language=language)
        return studio.run(video.process(medium))

    return process


def test_text_and_speech_of_a_film_are_found(process, studio, eyes):
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    pictures = [files.picture(text, size=(640, 200)) for text in ("Platform 9", "Mind the gap")]
    spoken = recordings.decoded(studio.write(recordings.SPOKEN))

    extraction = process(recordings.film("mp4", pictures, seconds=6, samples=spoken), eyes)

    header, first, second, *heard = extraction.text.split("\n")
    assert re.fullmatch(r"\[film of 6\.\d s, 640 x 200\]", header)
    assert first.replace(" ", "") == "Seenat0:00:Platform9"
    assert second.replace(" ", "") == "Seenat0:03:Mindthegap"
    assert heard[0] == f"Heard: {ROUGH}"
    assert heard[1].startswith(recordings.SPOKEN_WORDS)
    assert (extraction.provider, extraction.language) == ("local", "en")
    assert re.fullmatch(r"rapidocr-[\d.]+\+pocketsphinx-[\d.]+", extraction.model)
    assert abs(extraction.duration_seconds - 6) < Decimal("0.1")


def test_a_film_without_text_or_sound_says_so(process):
    extraction = process(recordings.film(seconds=2), Script(*[NOTHING] * 4))

    assert extraction.text == ("[film of 2.0 s, 320 x 240]\n[no text seen in 4 frames]\n[no sound]")
    assert (extraction.model, extraction.duration_seconds) == ("script", 2)


def test_a_film_in_which_nobody_speaks_says_so(process):
    content = recordings.film(seconds=2, samples=recordings.silence(2))

    assert process(content, Script(*[NOTHING] * 4)).text.endswith("\n[no speech found]")


def test_what_a_film_goes_on_showing_is_told_once(process):
    reader = Script("EXIT\nPlatform 9", "EXlT\nPlatform 9", "EXIT\nPlatform 10", NOTHING)

    lines = process(recordings.film(seconds=4), reader).text.split("\n")

    assert lines[1:-1] == ["Seen at 0:00: EXIT", "Platform 9", "Seen at 0:02: Platform 10"]


def test_a_frame_that_cannot_be_read_is_told_and_no_more(process):
    reader = Script("one", SLOW, "two", SLOW)

    lines = process(recordings.film(seconds=4), reader).text.split("\n")

    assert lines[1:-1] == [
        "Seen at 0:00: one",
        "Seen at 0:02: two",
        "[2 of 4 frames could not be read]",
    ]


def test_if_nothing_can_be_read_or_heard_the_film_fails(process):
    with pytest.raises(ProcessingFailed) as caught:
        process(recordings.film(), Script(*[SLOW] * 4))

    assert caught.value is SLOW


def test_the_sound_is_kept_when_the_pictures_are_broken(process):
    content = recordings.film("mov", samples=recordings.silence(2))
    broken = content.replace(b"\xff\xc0", b"\xff\xc9")  # no decoder knows these pictures

    lines = process(broken, Script()).text.split("\n")

    assert lines[1:] == [
        "[the pictures could not be read: no frame of the film can be decoded]",
        "[no speech found]",
    ]


def test_speech_that_is_not_understood_leaves_the_text_that_is_seen(process, studio):
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    spoken = recordings.decoded(studio.write(recordings.SPOKEN))
    content = recordings.film(seconds=6, samples=spoken)

    text = process(content, Script("Olá", NOTHING, NOTHING, NOTHING), language="pt").text

    assert "Seen at 0:00: Olá" in text
    assert "\n[the sound could not be understood: speech in the language pt needs" in text


def test_without_eyes_and_ears_the_film_is_measured(process):
    content = recordings.film(seconds=2, samples=recordings.silence(2))

    extraction = process(content, None, has_ears=False)

    assert extraction.text.split("\n")[1:] == [
        "[the pictures were not looked at]",
        "[the sound was not listened to]",
    ]


def test_a_sound_is_left_to_others(process):
    with pytest.raises(ProcessingFailed) as caught:
        process(recordings.song_with_cover(), Script())

    assert caught.value.code == "unsupported_format"


def test_nothing_is_left_behind(process, studio, monkeypatch):
    scratch = studio.new_folder()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    process(recordings.film(), Script(*[NOTHING] * 4))
    with pytest.raises(ProcessingFailed):
        process(recordings.film()[:-300], Script())

    assert list(scratch.iterdir()) == []


def test_lines_are_the_same_though_read_a_little_differently():
    lines = NewLines()

    assert lines.of(["Departures from platform 9", "--"]) == ["Departures from platform 9"]
    assert lines.of(["Departures fr0m platform 9"]) == ["Departures fr0m platform 9"]
    assert lines.of(["departures from p1atform 9", "Departvres from platform 9"]) == [
        "departures from p1atform 9"
    ]
    assert lines.of(["Arrivals"]) == ["Arrivals"]
