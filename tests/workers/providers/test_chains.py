"""Every content type through its chain, from the settings to the provider and back."""

from __future__ import annotations

import asyncio
import io
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from app.settings import Settings, SettingsError
from demo.stand_in import Behaviour, StandIn
from demo.stand_in_routes import digest
from tests.workers.processors import files, recordings
from tests.workers.providers.conftest import Time
from workers.assembly import Processing, build_processing
from workers.processors.base import Extraction, Medium, ProcessingFailed, ProvidersAway, Usage
from workers.providers import google, groq

ROOT = Path(__file__).parents[3]
ALL = ("groq", "openai", "google")
Outcome = Extraction | ProcessingFailed | ProvidersAway


class Chains:
    """Processes media with settings like those of a worker, whose providers are the stand-in."""

    def __init__(self, stand_in: StandIn, time: Time, folder: Path) -> None:
        self.stand_in = stand_in
        self._time = time
        self._folder = folder
        self._runner = asyncio.Runner()
        self._built: dict[str, Processing] = {}

    def build(self, providers: tuple[str, ...] = ALL, **settings: str) -> Processing:
        """The processing for these settings, made once."""
        prefixes = {"groq": "GROQ", "openai": "OPENAI", "google": "GEMINI"}
        given = dict(settings)
        for name in providers:
            given[f"{prefixes[name]}_BASE_URL"] = self.stand_in.base_url(name)
        key = repr(sorted(given.items()))
        if key not in self._built:
            self._built[key] = build_processing(Settings.model_validate(given), self._time.clock)
        return self._built[key]

    def process(
        self,
        content: bytes,
        content_type: str,
        *,
        providers: tuple[str, ...] = ALL,
        caption: str | None = None,
        language: str | None = None,
        **settings: str,
    ) -> Outcome:
        registry = self.build(providers, **settings).registry
        medium = self._medium(content, content_type, caption, language)
        try:
            return self._runner.run(registry.process(medium))
        except (ProcessingFailed, ProvidersAway) as error:
            return error

    def may_use(self, content: bytes, content_type: str) -> list[Usage]:
        medium = self._medium(content, content_type, None, None)
        return self._runner.run(self.build().registry.may_use(medium))

    def _medium(
        self, content: bytes, content_type: str, caption: str | None, language: str | None
    ) -> Medium:
        path = self._folder / f"medium-{digest(content)}"
        path.write_bytes(content)
        return Medium(path, content_type, caption=caption, language=language)

    def close(self) -> None:
        for processing in self._built.values():
            self._runner.run(processing.registry.close())
        self._runner.close()


@pytest.fixture
def chains(stand_in: StandIn, time: Time, tmp_path: Path) -> Iterator[Chains]:
    used = Chains(stand_in, time, tmp_path)
    yield used
    used.close()


def photo() -> bytes:
    content: bytes = files.encoded(files.picture("Harbour"), "JPEG")
    return content


def voice(seconds: float = 3.0) -> bytes:
    content: bytes = recordings.sound("ogg", recordings.tone, seconds)
    return content


def made(outcome: Outcome) -> Extraction:
    assert isinstance(outcome, Extraction), outcome
    return outcome


@pytest.mark.parametrize(
    ("content_type", "make", "provider", "model"),
    [
        ("audio", voice, "groq", "whisper-large-v3-turbo"),
        ("image", photo, "google", "gemini-2.5-flash"),
        ("video", recordings.film, "google", "gemini-2.5-flash"),
    ],
)
def test_the_first_of_the_chain_is_asked(
    chains: Chains, content_type: str, make: Callable[[], bytes], provider: str, model: str
) -> None:
    extraction = made(chains.process(make(), content_type))

    assert (extraction.provider, extraction.model) == (provider, model)
    (received,), (billed,) = chains.stand_in.received, chains.stand_in.billed
    assert digest(received.media[0][1]) in extraction.text
    (usage,) = extraction.usage
    assert (usage.input_tokens, usage.output_tokens) == (billed.input_tokens, billed.output_tokens)
    assert usage.audio_tokens == billed.audio_tokens
    assert float(usage.audio_seconds) == billed.audio_seconds


@pytest.mark.parametrize(
    "trouble",
    [
        Behaviour(401),
        Behaviour(429, {"code": "insufficient_quota", "message": "no credit"}),
        Behaviour(500),
    ],
    ids=["key", "quota", "outage"],
)
def test_the_next_is_asked_when_one_is_away(chains: Chains, trouble: Behaviour) -> None:
    chains.stand_in.always("groq", trouble)

    extraction = made(chains.process(voice(), "audio"))

    assert (extraction.provider, extraction.model) == ("openai", "whisper-1")


def test_when_all_are_away_the_reason_names_each_and_local_is_no_substitute(
    chains: Chains,
) -> None:
    chains.stand_in.always("groq", Behaviour(401, {"message": "bad key"}))
    chains.stand_in.always("openai", Behaviour(503))

    away = chains.process(voice(), "audio")

    assert isinstance(away, ProvidersAway)
    assert away.reason.startswith("groq does not accept the key (401 bad key)")
    assert "; openai does not answer (503" in away.reason


def test_local_takes_over_where_the_settings_say_so(chains: Chains) -> None:
    chains.stand_in.always("google", Behaviour(401))

    extraction = made(
        chains.process(photo(), "image", providers=("google",), BACKSCROLL_LOCAL_WHEN_AWAY="yes")
    )

    assert extraction.provider == "local"
    assert "Harbour" in extraction.text


def test_without_providers_everything_is_local_and_nobody_is_asked(chains: Chains) -> None:
    extraction = made(chains.process(photo(), "image", providers=()))

    assert extraction.provider == "local"
    assert extraction.usage == ()
    assert chains.stand_in.received == []


def test_the_order_is_a_setting(chains: Chains) -> None:
    openai_first = made(chains.process(voice(), "audio", BACKSCROLL_AUDIO_CHAIN="openai,groq"))
    local_first = made(chains.process(photo(), "image", BACKSCROLL_IMAGE_CHAIN="local,google"))

    assert openai_first.provider == "openai"
    assert local_first.provider == "local"


def test_a_key_is_enough_and_a_missing_model_leaves_a_provider_out(chains: Chains) -> None:
    by_key = chains.build((), OPENAI_API_KEY="sk-1").registry
    by_address = chains.build(("groq",)).registry
    with_eyes = chains.build(("groq",), GROQ_IMAGE_MODEL="llama", BACKSCROLL_IMAGE_CHAIN="groq")

    assert by_key.models("audio") == ("whisper-1",)
    assert by_key.models("image") == ("gpt-4o-mini",)
    assert by_address.models("audio") == ("whisper-large-v3-turbo",)
    assert by_address.models("image") == ()
    assert with_eyes.registry.models("image") == ("llama",)


def test_a_chain_that_names_nobody_stops_the_start(chains: Chains) -> None:
    with pytest.raises(SettingsError, match=r"^BACKSCROLL_AUDIO_CHAIN .* no processor groqq"):
        chains.build(BACKSCROLL_AUDIO_CHAIN="groqq,local")


def test_caption_and_language_go_along(chains: Chains) -> None:
    chains.process(photo(), "image", caption="Our <b>boat</b>", language="pt-BR")
    chains.process(voice(), "audio", caption="for Dora", language="pt-BR")

    seen, heard = chains.stand_in.received
    assert 'language with the code "pt-BR"' in seen.texts[0]
    assert '<caption>"Our \\u003cb\\u003eboat\\u003c/b\\u003e"</caption>' in seen.texts[1]
    assert heard.fields["language"] == "pt"
    assert heard.fields["prompt"] == "for Dora"


def test_the_language_of_the_settings_is_for_jobs_that_name_none(chains: Chains) -> None:
    chains.process(voice(), "audio", BACKSCROLL_LANGUAGE="de")
    chains.process(voice(), "audio", language="fr", BACKSCROLL_LANGUAGE="de")
    chains.process(voice(), "audio")

    languages = [each.fields.get("language") for each in chains.stand_in.received]
    assert languages == ["de", "fr", None]


def test_models_and_prompts_are_settings(chains: Chains) -> None:
    chains.process(
        photo(), "image", GEMINI_IMAGE_MODEL="gemini-9", BACKSCROLL_IMAGE_PROMPT="Count the gulls."
    )

    (received,) = chains.stand_in.received
    assert received.model == "gemini-9"
    assert received.texts[0].startswith("Count the gulls.")


def test_a_photo_is_sent_small_upright_and_without_hidden_data(chains: Chains) -> None:
    picture = Image.new("RGB", (5000, 2500), "navy")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "secret place"

    chains.process(files.encoded(picture, "JPEG", exif=exif), "image")

    ((mime_type, sent),) = chains.stand_in.received[0].media
    small = Image.open(io.BytesIO(sent))
    assert mime_type == "image/jpeg"
    assert small.size == (1024, 2048)
    assert b"secret" not in sent


def test_a_small_picture_that_hides_nothing_is_sent_as_it_is(chains: Chains) -> None:
    picture = Image.new("RGB", (60, 40), "navy")
    pictures = [files.encoded(picture, kind) for kind in ("JPEG", "PNG")]

    for content in pictures:
        chains.process(content, "image")

    sent = [media for received in chains.stand_in.received for media in received.media]
    assert sent == [("image/jpeg", pictures[0]), ("image/png", pictures[1])]


def test_a_broken_photo_costs_nothing(chains: Chains) -> None:
    failure = chains.process(photo()[:300], "image")

    assert isinstance(failure, ProcessingFailed)
    assert failure.code == "file_unreadable"
    assert chains.stand_in.received == []


def test_a_refused_photo_fails_alone_with_its_bill(chains: Chains) -> None:
    blocked = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 7},
    }
    chains.stand_in.plan("google", Behaviour(answer=blocked))

    failure = chains.process(photo(), "image")

    assert isinstance(failure, ProcessingFailed)
    assert failure.code == "provider_refused"
    assert [each.input_tokens for each in failure.usage] == [7]
    assert chains.stand_in.asked("openai") == 0


def test_what_the_first_was_paid_in_vain_is_on_the_bill_of_the_second(chains: Chains) -> None:
    chains.stand_in.always("google", Behaviour(resets=True))

    extraction = made(chains.process(photo(), "image"))

    assert extraction.provider == "openai"
    assert [each.provider for each in extraction.usage] == ["google", "google", "openai"]


def test_a_photo_sent_as_a_file_is_described_too(chains: Chains) -> None:
    assert made(chains.process(photo(), "document")).provider == "google"


def test_a_blank_picture_is_a_text_that_says_so(chains: Chains) -> None:
    parts = {"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}
    chains.stand_in.plan("google", Behaviour(answer={"candidates": [parts]}))

    assert made(chains.process(photo(), "image")).text == "[a blank picture; JPEG image, 640 x 200]"


def test_silence_is_a_text_that_says_so(chains: Chains) -> None:
    chains.stand_in.plan("groq", Behaviour(answer={"text": " ", "duration": 3.0}))

    extraction = made(chains.process(voice(), "audio"))

    assert extraction.text == "[no speech found; 3 s of sound]"
    assert [each.audio_seconds for each in extraction.usage] == [Decimal("3.0")]


def test_long_sound_goes_in_pieces_and_comes_back_as_one(
    chains: Chains, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groq, "MAX_SOUND_SECONDS", 4)

    extraction = made(chains.process(voice(10.0), "audio"))

    received = chains.stand_in.received
    assert len(received) >= 3
    assert extraction.text.split("\n") == [
        f"spoken words of {digest(each.media[0][1])}" for each in received
    ]
    assert len(extraction.usage) == len(received)
    assert float(sum(each.audio_seconds for each in extraction.usage)) == pytest.approx(
        sum(each.audio_seconds for each in chains.stand_in.billed)
    )


def test_a_failure_at_a_later_piece_keeps_the_bill_of_the_earlier(
    chains: Chains, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groq, "MAX_SOUND_SECONDS", 4)
    chains.stand_in.plan("groq", Behaviour(), Behaviour(400, {"message": "no"}))

    failure = chains.process(voice(10.0), "audio")

    assert isinstance(failure, ProcessingFailed)
    assert len(failure.usage) == 1


def test_a_small_film_is_sent_whole(chains: Chains) -> None:
    content = recordings.film(samples=recordings.tone(2))

    extraction = made(chains.process(content, "video"))

    assert chains.stand_in.received[0].media == (("video/mp4", content),)
    assert extraction.usage[0].audio_tokens > 0


def test_a_large_film_is_sampled_in_pictures_and_sound(
    chains: Chains, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google, "MAX_REQUEST_BYTES", 900_000)
    padding = struct.pack(">I4s", 1_000_000, b"free") + bytes(999_992)
    film = recordings.film(seconds=4, samples=recordings.tone(4)) + padding

    made(chains.process(film, "video"))

    (received,) = chains.stand_in.received
    kinds = [mime_type for mime_type, _ in received.media]
    assert kinds.count("image/jpeg") == len(kinds) - 1 >= 2
    assert kinds[-1] == "audio/ogg"
    assert received.size < 900_000
    assert "Frame at 0:00" in received.texts


def test_a_voice_note_in_a_film_is_heard(chains: Chains) -> None:
    extraction = made(chains.process(voice(), "video"))

    assert extraction.provider == "groq"


def test_a_provider_reads_the_scanned_pages_and_only_those(chains: Chains) -> None:
    scan = files.mixed_pdf("Typed words", "Scanned words")

    extraction = made(chains.process(scan, "document"))

    typed, seen = extraction.text.split("\n\n")
    ((_, sent),) = chains.stand_in.received[0].media
    assert typed == "Typed words"
    assert seen == f"description of image {digest(sent)}"
    assert extraction.provider == "google"
    assert extraction.model.endswith("+gemini-2.5-flash")
    assert len(extraction.usage) == 1


def test_a_typed_document_asks_nobody(chains: Chains) -> None:
    extraction = made(chains.process(files.pdf("Typed words"), "document"))

    assert extraction.provider == "local"
    assert chains.stand_in.received == []


def test_a_document_waits_while_the_reader_of_its_scans_is_away(chains: Chains) -> None:
    chains.stand_in.always("google", Behaviour(401))
    scan = files.mixed_pdf("Typed words", "Scanned words")

    away = chains.process(scan, "document")

    assert isinstance(away, ProvidersAway)
    assert "GEMINI_API_KEY" in away.reason


def test_a_page_that_a_provider_refuses_is_read_here_and_on_the_bill(chains: Chains) -> None:
    blocked = {"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {"promptTokenCount": 7}}
    chains.stand_in.plan("google", Behaviour(answer=blocked))

    extraction = made(chains.process(files.mixed_pdf("Typed words", "Scanned words"), "document"))

    assert extraction.text.replace(" ", "") == "Typedwords\n\nScannedwords"
    assert [each.input_tokens for each in extraction.usage] == [7]


def test_what_may_be_used_is_never_less_than_what_is(chains: Chains) -> None:
    media: Mapping[str, bytes] = {
        "audio": voice(),
        "image": photo(),
        "video": recordings.film(samples=recordings.tone(2)),
        "document": files.mixed_pdf("Typed words", "Scanned words"),
    }

    for content_type, content in media.items():
        most = chains.may_use(content, content_type)
        (used,) = made(chains.process(content, content_type)).usage

        (bound,) = [each for each in most if each.model == used.model]
        assert bound.input_tokens >= used.input_tokens
        assert bound.output_tokens >= used.output_tokens
        assert bound.audio_seconds >= used.audio_seconds - Decimal("0.5")


def test_nothing_is_reserved_for_what_costs_nothing(chains: Chains) -> None:
    assert chains.may_use(files.pdf("Typed words"), "document") == []
    assert chains.may_use(b"plain words", "document") == []


def test_the_documented_processor_of_another_package_works(
    chains: Chains, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs/how-to/add-a-processor.md").read_text()
    code, project = (
        re.sub("^   ", "", block, flags=re.M)
        for block in re.findall(r"```(?:python|toml)\n(.*?)   ```", page, re.S)
    )
    setting = re.search(r"export (\w+)=(\S+)", page)
    assert setting is not None
    installed = tmp_path / "site"
    facts = installed / "backscroll_subtitles-1.0.dist-info"
    facts.mkdir(parents=True)
    (installed / "subtitles.py").write_text(code)
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: backscroll-subtitles\nVersion: 1.0\n"
    )
    group, entry = re.findall(r'entry-points\."(.+?)"\]\n(\w+ = ".+")', project)[0]
    (facts / "entry_points.txt").write_text(f"[{group}]\n{entry.replace(chr(34), '')}\n")
    monkeypatch.syspath_prepend(installed)

    words = made(
        chains.process(
            b"1\n00:00:01,000 --> 00:00:02,000\nAhoy!\n", "document", **{setting[1]: setting[2]}
        )
    )
    others = made(chains.process(b"a letter", "document", **{setting[1]: setting[2]}))

    assert (words.text, words.model) == ("Ahoy!", "subtitles-1")
    assert others.text == "a letter"
