"""Speech recognised without any provider, and what is said when nobody speaks."""

import asyncio
import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.workers.processors import recordings
from workers.processors import local_audio
from workers.processors.base import Medium, ProcessingFailed
from workers.processors.local_audio import ROUGH, LocalAudioProcessor, clock_time, length
from workers.processors.sandboxes import speech_sandbox
from workers.sandbox import Sandbox

pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture
def process(studio):
    """The extraction from some bytes."""

    def process(content, language=None, mime_type=None):
        audio = LocalAudioProcessor(studio.sandbox, timeout_seconds=30)
        medium = Medium(studio.write(content), "audio", mime_type, language=language)
        return studio.run(audio.process(medium))

    return process


def failure_of(process, content, **more):
    with pytest.raises(ProcessingFailed) as caught:
        process(content, **more)
    return caught.value


@pytest.mark.parametrize("language", [None, "EN_us"])
def test_english_is_recognised_and_labelled_as_rough(process, language):
    extraction = process(recordings.SPOKEN, language)

    label, words = extraction.text.split("\n", 1)
    assert label == ROUGH
    assert words.startswith(recordings.SPOKEN_WORDS)
    assert (extraction.provider, extraction.language) == ("local", "en")
    assert extraction.model.startswith("pocketsphinx-")
    assert extraction.duration_seconds == Decimal("6.05")
    assert extraction.usage == ()


@pytest.mark.parametrize("kind", ["ogg", "mp3", "m4a", "amr", "webm", "wav", "flac"])
def test_silence_is_told_with_its_length(process, kind):
    extraction = process(recordings.sound(kind, recordings.silence, 12.3))

    assert extraction.text == "[no speech found; 12.3 s of sound]"
    assert abs(extraction.duration_seconds - Decimal("12.3")) < Decimal("0.06")
    assert extraction.language is None


@pytest.mark.parametrize("make", [recordings.noise, recordings.tone])
def test_noise_is_not_taken_for_speech(process, make):
    extraction = process(recordings.wav(make(2)))

    assert extraction.text == "[no speech found; 2.0 s of sound]"


def test_what_is_said_at_the_very_end_is_not_lost(process, studio):
    spoken = recordings.decoded(studio.write(recordings.SPOKEN))
    frame = 480  # samples that are judged together
    up_to_the_last_word = spoken[: int(5.1 * 16_000) // frame * frame]

    assert "respectable" in process(recordings.wav(up_to_the_last_word)).text


def test_pauses_part_the_text_into_lines(process, studio):
    spoken = recordings.decoded(studio.write(recordings.SPOKEN))
    pause = recordings.silence(2)

    extraction = process(recordings.wav(np.concatenate([spoken, pause, spoken])))

    lines = extraction.text.split("\n")
    assert len(lines) == 3
    assert all(line.startswith(recordings.SPOKEN_WORDS[:20]) for line in lines[1:])


def test_a_long_recording_is_heard_piece_by_piece_to_its_end(process, studio, monkeypatch):
    monkeypatch.setattr(local_audio, "LONGEST_SECONDS", 10)
    spoken = recordings.decoded(studio.write(recordings.SPOKEN))
    long = np.concatenate([spoken, recordings.silence(12), spoken])

    extraction = process(recordings.wav(long))

    assert extraction.text.count("amiable woman") == 2
    assert abs(extraction.duration_seconds - Decimal("24.1")) < Decimal("0.1")


def test_a_language_that_is_not_understood_is_not_written_down_as_english(process):
    failure = failure_of(process, recordings.SPOKEN, language="pt-BR")

    assert failure.code == "no_provider"
    assert "the language pt" in failure.message


def test_silence_is_silence_in_any_language(process):
    extraction = process(recordings.wav(recordings.silence(3)), "pt")

    assert extraction.text == "[no speech found; 3.0 s of sound]"


def test_a_film_without_sound_is_left_to_others(process):
    assert failure_of(process, recordings.film()).code == "unsupported_format"


def test_the_sound_of_a_film_is_heard(process, studio):
    spoken = recordings.decoded(studio.write(recordings.SPOKEN))

    extraction = process(recordings.film(seconds=6, samples=spoken))

    assert "respectable" in extraction.text


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(local_audio, "LONGEST_SECONDS", 10)
    medium = tmp_path / "medium"
    medium.write_bytes(recordings.sound("flac", recordings.silence, 70))
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()

    async def run():
        audio = LocalAudioProcessor(speech_sandbox(1, None), timeout_seconds=30)
        try:
            return await audio.process(Medium(medium, "audio"))
        finally:
            await audio.close()

    assert asyncio.run(run()).text == "[no speech found; 1:10 of sound]"
    assert children.read_text() == before
    assert list(tmp_path.iterdir()) == [medium]


def test_too_little_memory_fails_one_recording(studio):
    async def run():
        audio = LocalAudioProcessor(Sandbox("small", memory_mb=110), timeout_seconds=30)
        try:
            return await audio.process(Medium(studio.write(recordings.SPOKEN), "audio"))
        finally:
            await audio.close()

    with pytest.raises(ProcessingFailed) as caught:
        studio.run(run())

    assert caught.value.code == "processor_out_of_memory"


def test_nothing_is_looked_up_or_downloaded(tmp_path):
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this machine does not let a test make an empty network namespace")
    medium = tmp_path / "medium"
    medium.write_bytes(recordings.SPOKEN)
    program = f"""
import asyncio
from pathlib import Path
from workers.processors import local_audio
from workers.processors.base import Medium
from workers.processors.local_audio import LocalAudioProcessor
from workers.processors.sandboxes import speech_sandbox
async def run():
    audio = LocalAudioProcessor(speech_sandbox(1, None), timeout_seconds=30)
    print((await audio.process(Medium(Path({str(medium)!r}), "audio"))).text)
    await audio.close()
asyncio.run(run())
"""

    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert recordings.SPOKEN_WORDS in done.stdout


@pytest.mark.parametrize(
    ("seconds", "said", "clock"),
    [("0.04", "0.0 s", "0:00"), ("59.9", "59.9 s", "0:59"), ("307", "5:07", "5:07"),
     ("3723.9", "1:02:03", "1:02:03")],
)  # fmt: skip
def test_lengths_are_written_for_people(seconds, said, clock):
    assert (length(Decimal(seconds)), clock_time(Decimal(seconds))) == (said, clock)
