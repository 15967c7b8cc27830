"""Builds, from the settings, everything that turns media into text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from app.provider_settings import GEMINI_ADDRESS, GROQ_ADDRESS, OPENAI_ADDRESS
from app.settings import Settings, SettingsError
from workers.media_processing import MediaProcessing
from workers.processors import sandboxes
from workers.processors.audio import OnlineAudio
from workers.processors.base import Processor
from workers.processors.document import DocumentProcessor, PageReader
from workers.processors.image import ImageProcessor, OnlineImages
from workers.processors.limits import DocumentLimits, ImageLimits
from workers.processors.local_audio import LocalAudioProcessor, UnusableModel
from workers.processors.local_video import LocalVideoProcessor
from workers.processors.recordings import Recordings
from workers.processors.registry import Chain, Registry, UnknownProcessor, chain_of, names_others
from workers.processors.video import OnlineVideo
from workers.providers import google, groq, openai, prompts
from workers.providers.answers import Transcriber, Viewer
from workers.providers.exchange import Account, Exchange
from workers.providers.gate import Gate, LateGate
from workers.providers.timing import Clock, Patience

ONLINE_DOCUMENTS = 8
"""Documents in hand at once where a provider reads their scanned pages: they mostly wait."""
ONLINE_VIDEOS = 8
"""Likewise; each may have a file of 20 MB under way."""


@dataclass(frozen=True, slots=True)
class Providers:
    """Those that are configured, by name; a provider without a model for a task is left out."""

    transcribers: Mapping[str, Transcriber]
    image_viewers: Mapping[str, Viewer]
    page_viewers: Mapping[str, Viewer]
    video_viewers: Mapping[str, Viewer]
    exchanges: Sequence[Exchange]


@dataclass(frozen=True, slots=True)
class Processing:
    """What turns media into text, and how many of each content type at a time."""

    registry: MediaProcessing
    capacity: Mapping[str, int]
    """0: nobody could process that content type."""
    gate: LateGate
    """Before every provider; it stands open until it is told what to follow."""

    def offers(self) -> dict[str, dict[str, str]]:
        """Whom each content type is asked of first, as `batch.register_worker` takes it."""
        return {
            content_type: {"provider": provider, "model": model}
            for content_type in self.capacity
            for provider, model in self.registry.providers(content_type)[:1]
        }


def build_providers(settings: Settings, gate: Gate, clock: Clock | None = None) -> Providers:
    """The providers that have a key, or an address of one's own. Nobody is asked yet."""
    patience = Patience(timeout=settings.provider_timeout, attempts=settings.provider_attempts)

    def exchange(account: Account, usual_address: str) -> Exchange | None:
        if account.key is None and account.base_url == usual_address:
            return None
        return Exchange(account, gate, patience, clock)

    at_groq = exchange(
        Account(groq.NAME, settings.groq_base_url, told(settings.groq_api_key), groq.PREFIX),
        GROQ_ADDRESS,
    )
    at_openai = exchange(
        Account(
            openai.NAME, settings.openai_base_url, told(settings.openai_api_key), openai.PREFIX
        ),
        OPENAI_ADDRESS,
    )
    at_google = exchange(
        Account(
            google.NAME,
            settings.gemini_base_url,
            told(settings.gemini_api_key),
            google.PREFIX,
            google.KEY_HEADER,
        ),
        GEMINI_ADDRESS,
    )

    words = settings.audio_prompt or ""
    transcribers: dict[str, Transcriber] = {}
    seeing: dict[str, Viewer] = {}
    reading: dict[str, Viewer] = {}
    watching: dict[str, Viewer] = {}
    if at_groq and settings.groq_audio_model:
        transcribers[groq.NAME] = groq.transcriber(at_groq, settings.groq_audio_model, words)
    if at_groq and settings.groq_image_model:
        seeing[groq.NAME] = reading[groq.NAME] = groq.viewer(at_groq, settings.groq_image_model)
    if at_openai and settings.openai_audio_model:
        transcribers[openai.NAME] = openai.transcriber(
            at_openai, settings.openai_audio_model, words
        )
    if at_openai and settings.openai_image_model:
        viewer = openai.viewer(at_openai, settings.openai_image_model)
        seeing[openai.NAME] = reading[openai.NAME] = viewer
    if at_google and settings.gemini_image_model:
        seeing[google.NAME] = google.viewer(at_google, settings.gemini_image_model)
    if at_google and settings.gemini_document_model:
        reading[google.NAME] = google.viewer(at_google, settings.gemini_document_model)
    if at_google and settings.gemini_video_model:
        watching[google.NAME] = google.viewer(at_google, settings.gemini_video_model)
    return Providers(
        transcribers=transcribers,
        image_viewers=seeing,
        page_viewers=reading,
        video_viewers=watching,
        exchanges=[each for each in (at_groq, at_openai, at_google) if each],
    )


def told(key: SecretStr | None) -> str | None:
    """The key itself."""
    return key.get_secret_value() if key else None


def build_processing(settings: Settings, clock: Clock | None = None) -> Processing:
    """All processors that the settings ask for. Nothing is started before the first medium.

    Each content type has the others' processors after its own where that makes sense: platforms
    declare a photo sent as a file, a pdf among photos or a voice note in an mp4 as they please,
    and the content decides.

    Raises SettingsError if a chain names a processor that does not exist, or if there is no
    speech model in the folder named.
    """
    try:
        return _build_processing(settings, clock)
    except UnusableModel as error:
        raise SettingsError(f"BACKSCROLL_WHISPER_MODEL cannot be used: {error}") from None


def _build_processing(settings: Settings, clock: Clock | None) -> Processing:
    gate = LateGate()
    providers = build_providers(settings, gate, clock)
    local_when_away = settings.local_when_away == "yes"
    timeout = settings.processor_timeout

    rooms = sandboxes.rooms_within(settings.memory_mb)
    local_images = ImageProcessor(
        sandboxes.picture_sandbox(settings.ocr_processes + 1, rooms),
        sandboxes.ocr_sandbox(settings.ocr_processes, rooms),
        ImageLimits(),
        timeout_seconds=timeout,
    )
    recordings = Recordings(sandboxes.media_sandbox(settings.media_processes, rooms))
    local_audio = LocalAudioProcessor(
        sandboxes.speech_sandbox(settings.speech_processes, settings.whisper_model, rooms),
        whisper_model=settings.whisper_model,
        timeout_seconds=timeout,
    )
    local_video = LocalVideoProcessor(
        recordings.sandbox, local_images, local_audio, timeout_seconds=timeout
    )

    chains = {
        "audio": settings.audio_chain.split(","),
        "image": settings.image_chain.split(","),
        "video": settings.video_chain.split(","),
        "document": settings.document_chain.split(","),
    }

    def chain(
        content_type: str, online: Mapping[str, Processor], local: Sequence[Processor]
    ) -> Chain:
        try:
            return chain_of(chains[content_type], online, local, local_when_away=local_when_away)
        except UnknownProcessor as error:
            setting = f"BACKSCROLL_{content_type.upper()}_CHAIN"
            raise SettingsError(f"{setting} cannot be used: {error}") from None

    images = chain(
        "image",
        {
            name: OnlineImages(viewer, local_images, settings.image_prompt or prompts.IMAGE)
            for name, viewer in providers.image_viewers.items()
        },
        [local_images],
    )
    readers: list[PageReader] = []
    stand_ins: list[PageReader] = []
    for name in settings.page_chain.split(","):
        if name == "local":
            (stand_ins if readers and not local_when_away else readers).append(local_images)
        elif viewer := providers.page_viewers.get(name):
            page_prompt = settings.page_prompt or prompts.PAGE
            readers.append(OnlineImages(viewer, local_images, page_prompt))
    documents = chain(
        "document",
        {},
        [
            DocumentProcessor(
                sandboxes.document_sandbox(settings.document_processes, rooms),
                DocumentLimits(),
                timeout_seconds=timeout,
                page_readers=readers,
                page_stand_ins=stand_ins,
            )
        ],
    )
    audio = chain(
        "audio",
        {name: OnlineAudio(each, recordings) for name, each in providers.transcribers.items()},
        [local_audio],
    )
    video = chain(
        "video",
        {
            name: OnlineVideo(viewer, recordings, settings.video_prompt or prompts.VIDEO)
            for name, viewer in providers.video_viewers.items()
        },
        [local_video],
    )
    registry = Registry(
        {
            "audio": audio.then(video),
            "image": images.then(documents),
            "video": video.then(audio),
            "document": documents.then(images),
        },
        language=settings.language,
        # In no chain themselves when a setting leaves `local` out, and used all the same.
        also_closed=[*providers.exchanges, local_images, local_audio, recordings],
    )
    at_once = settings.concurrency
    is_heard, is_watched = providers.transcribers, providers.video_viewers
    capacity = {
        "audio": at_once if is_heard else places(audio, settings.speech_processes),
        "image": at_once if providers.image_viewers else settings.ocr_processes,
        "video": ONLINE_VIDEOS if is_watched else places(video, settings.media_processes),
        "document": ONLINE_DOCUMENTS if providers.page_viewers else settings.document_processes,
    }
    for content_type, names in chains.items():
        # They know best what they wait for; local ones after them wait for their own processes.
        if names_others(names):
            capacity[content_type] = at_once
    return Processing(registry, {kind: min(each, at_once) for kind, each in capacity.items()}, gate)


def places(chain: Chain, processes: int) -> int:
    """As many as there are processes; none if there is nobody to do the work."""
    return processes if chain.processors or chain.stand_ins else 0
