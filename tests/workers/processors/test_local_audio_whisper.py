"""Whisper models in a folder: loaded for real, with a tiny model of random weights."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.workers.processors import recordings
from workers.processors.base import Medium, ProcessingFailed, ProvidersAway
from workers.processors.local_audio import LocalAudioProcessor, UnusableModel
from workers.processors.media.limits import MediaLimits
from workers.processors.sandboxes import speech_sandbox

WHY = "the extra 'whisper' is not installed"
pytest.importorskip("faster_whisper", reason=WHY)
pytest.importorskip("ctranslate2", reason=WHY)

WIDTH, LAYERS, HEADS, MELS = 32, 1, 2, 80
WORDS = 50_257
"""In Whisper's multilingual vocabulary; after them come the tokens with a meaning."""


def vocabulary():
    """As many tokens as Whisper's own has, in its order."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    languages = list(_LANGUAGE_CODES)[:99]
    return [
        *(f"w{number}" for number in range(WORDS)),
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{language}|>" for language in languages),
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
        *(f"<|{number * 0.02:.2f}|>" for number in range(1501)),
    ]


def write_model(folder):
    """A Whisper model of random weights, as its converter would write it."""
    from ctranslate2.specs import WhisperSpec
    from tokenizers import AddedToken, Tokenizer, models

    spec = WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    chance = np.random.default_rng(3)
    tokens = vocabulary()

    def fill(spec, shapes):
        for name, shape in shapes.items():
            *path, last = name.split(".")
            place = spec
            for step in path:
                place = place[int(step)] if step.isdigit() else getattr(place, step)
            setattr(place, last, chance.normal(0, 0.1, shape).astype(np.float32))

    def normal(name):
        return {f"{name}.gamma": (WIDTH,), f"{name}.beta": (WIDTH,)}

    def linear(name, rows, columns):
        return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}

    def attention(name, *, is_cross):
        first = (
            linear(f"{name}.linear.0", WIDTH, WIDTH) | linear(f"{name}.linear.1", 2 * WIDTH, WIDTH)
            if is_cross
            else linear(f"{name}.linear.0", 3 * WIDTH, WIDTH)
        )
        last = linear(f"{name}.linear.{2 if is_cross else 1}", WIDTH, WIDTH)
        return first | last | normal(f"{name}.layer_norm")

    def feed_forward(name):
        return (
            linear(f"{name}.linear_0", 4 * WIDTH, WIDTH)
            | linear(f"{name}.linear_1", WIDTH, 4 * WIDTH)
            | normal(f"{name}.layer_norm")
        )

    fill(
        spec.encoder,
        {
            "conv1.weight": (WIDTH, MELS, 3),
            "conv1.bias": (WIDTH,),
            "conv2.weight": (WIDTH, WIDTH, 3),
            "conv2.bias": (WIDTH,),
            "position_encodings.encodings": (1500, WIDTH),
            **normal("layer_norm"),
            **attention("layer.0.self_attention", is_cross=False),
            **feed_forward("layer.0.ffn"),
        },
    )
    fill(
        spec.decoder,
        {
            "embeddings.weight": (len(tokens), WIDTH),
            "position_encodings.encodings": (448, WIDTH),
            **normal("layer_norm"),
            **attention("layer.0.self_attention", is_cross=False),
            **attention("layer.0.attention", is_cross=True),
            **feed_forward("layer.0.ffn"),
        },
    )
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.decoder.scale_embeddings = False
    spec.register_vocabulary(tokens)
    first_language = WORDS + 2
    spec.config.suppress_ids = [WORDS + 1]
    spec.config.suppress_ids_begin = [WORDS]
    spec.config.lang_ids = list(range(first_language, first_language + 99))
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    folder.mkdir()
    spec.save(str(folder))

    tokenizer = Tokenizer(
        models.WordLevel({token: number for number, token in enumerate(tokens)}, unk_token="w0")
    )
    tokenizer.add_special_tokens([AddedToken(token) for token in tokens[WORDS:]])
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_model(folder)
    return folder


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with recordings.studio(tmp_path_factory.mktemp("media")) as studio:
        yield studio


@pytest.fixture(scope="module")
def audio(studio, model):
    processor = LocalAudioProcessor(
        speech_sandbox(1, model), whisper_model=model, timeout_seconds=60
    )
    yield processor
    studio.run(processor.close())


@pytest.fixture
def process(studio, audio):
    """The extraction from some bytes."""

    def process(content, language=None):
        return studio.run(audio.process(Medium(studio.write(content), "audio", language=language)))

    return process


def test_speech_is_written_down_in_the_language_of_the_model(process):
    extraction = process(recordings.SPOKEN)

    assert extraction.text.split()[0].startswith("w")  # the words of this model
    assert extraction.language == "en"  # which CTranslate2 takes for one of English only
    assert extraction.model.startswith("tiny (faster-whisper-1.")
    assert (extraction.provider, extraction.usage) == ("local", ())
    assert float(extraction.duration_seconds) == recordings.SPOKEN_SECONDS


def test_a_language_that_the_model_does_not_know_is_detected_instead(process):
    assert process(recordings.SPOKEN, "xx").language == "en"


@pytest.mark.parametrize(
    ("asked", "passed", "told"), [("pt", "pt", "pt"), ("xx", None, "de"), (None, None, "de")]
)
def test_a_language_that_the_model_knows_is_passed_on(studio, monkeypatch, asked, passed, told):
    from workers.processors.media import whisper

    class Model:
        supported_languages = ("de", "en", "pt")

        def transcribe(self, _sound, language, **_options):
            assert language == passed
            segments = (SimpleNamespace(text=text) for text in (" Guten Tag.", " ", " Hallo!"))
            return segments, SimpleNamespace(language=language or "de")

    monkeypatch.setattr(whisper, "model_in", lambda _folder, _threads: Model())

    heard = whisper.hear(str(studio.write(recordings.SPOKEN)), "/m/many", asked, 1, MediaLimits())

    assert (heard["text"], heard["language"]) == ("Guten Tag. Hallo!", told)


def test_silence_is_told_without_asking_the_model(process):
    extraction = process(recordings.sound("ogg", recordings.silence, 12.3))

    assert extraction.text == "[no speech found; 12.3 s of sound]"
    assert extraction.language is None


def test_a_broken_file_is_its_own_fault(process):
    with pytest.raises(ProcessingFailed) as caught:
        process(recordings.SPOKEN[:60])

    assert caught.value.code == "file_unreadable"


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused_at_once(studio, tmp_path, missing):
    for name in {"model.bin", "config.json", "tokenizer.json"} - {missing}:
        (tmp_path / name).touch()

    with pytest.raises(UnusableModel, match=rf"lacks {missing}"):
        LocalAudioProcessor(studio.sandbox, whisper_model=tmp_path, timeout_seconds=1)


def test_a_name_of_a_model_is_no_folder_and_is_not_downloaded(studio):
    with pytest.raises(UnusableModel, match="large-v3 is not a folder"):
        LocalAudioProcessor(studio.sandbox, whisper_model=Path("large-v3"), timeout_seconds=1)


def test_a_model_that_cannot_be_loaded_pauses_instead_of_failing_recordings(studio, tmp_path):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")

    async def run():
        audio = LocalAudioProcessor(
            speech_sandbox(1, tmp_path), whisper_model=tmp_path, timeout_seconds=30
        )
        try:
            await audio.process(Medium(studio.write(recordings.SPOKEN), "audio"))
        finally:
            await audio.close()

    with pytest.raises(ProvidersAway, match="cannot be used") as caught:
        studio.run(run())

    assert str(tmp_path) in caught.value.reason


def test_nothing_is_looked_up_or_downloaded(tmp_path, model):
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this machine does not let a test make an empty network namespace")
    medium = tmp_path / "medium"
    medium.write_bytes(recordings.SPOKEN)
    program = f"""
import asyncio
from pathlib import Path
from workers.processors.base import Medium
from workers.processors.local_audio import LocalAudioProcessor
from workers.processors.media.limits import MediaLimits
from workers.processors.sandboxes import speech_sandbox
async def run():
    model = Path({str(model)!r})
    audio = LocalAudioProcessor(speech_sandbox(1, model), whisper_model=model, timeout_seconds=60)
    print((await audio.process(Medium(Path({str(medium)!r}), "audio"))).language)
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
    assert len(done.stdout.strip()) in (2, 3)
