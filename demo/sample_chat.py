"""Makes the sample chat: writes its files, and tells what each of its messages is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from random import Random
from uuid import UUID, uuid5

from demo.occasion import Occasion
from demo.story import MAREN, SCENES, Beat, Kind

OWN_NAMESPACE = UUID("6b1d9c0e-5f0a-4c55-9d0e-1936a5e1f007")
SPAN = timedelta(days=300)


@dataclass(frozen=True, slots=True)
class SampleInstance:
    """The connected account that the chat belongs to."""

    id: UUID
    name: str
    channel: str


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """One message of the sample chat, with what its text should say once it has one."""

    id: UUID
    external_id: str
    sender_name: str
    is_from_me: bool
    message_type: str
    kind: Kind
    """What the file is; `hostile` whatever it claims to be, `text` if there never was one."""
    caption: str | None
    """The words sent with the file, or the message itself if it is only words."""
    mime_type: str | None
    """As a platform declares it: perhaps with parameters or in upper case."""
    local_path: str | None
    """Relative to the media folder, with `/`; not to be trusted if the kind is `hostile`."""
    size_bytes: int | None
    duration_seconds: float | None
    status: str
    platform_timestamp: datetime
    """UTC, without a time zone."""
    expected: tuple[str, ...]
    """What the text made of the file must contain, ignoring case; empty if it has no words,
    cannot be read, or needs a provider."""

    @property
    def has_media(self) -> bool:
        """Whether a file came with the message, even if it cannot be found."""
        return self.mime_type is not None


@dataclass(frozen=True, slots=True)
class SampleChat:
    """A chat with its account and its messages, oldest first."""

    instance: SampleInstance
    id: UUID
    external_id: str
    name: str
    chat_type: str
    messages: tuple[SampleMessage, ...]


def make_sample_chat(media_root: Path, seed: int = 7, *, now: datetime | None = None) -> SampleChat:
    """Writes the files under `media_root/<instance>/<yyyy-mm>/` and returns the chat.

    The messages fill the 300 days before `now`, a moment in UTC (aware, or naive and taken as
    UTC; the present if left out). The same `seed` and `now` give the same bytes. Ids never
    change, so that the chat can be loaded again over an earlier one.
    """
    moment = (now or datetime.now(UTC)).replace(microsecond=0)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    instance = SampleInstance(_own_id("instance"), "Backscroll sample", "whatsapp-baileys")
    messages = tuple(
        _make_message(media_root, str(instance.id), number, beat, Occasion(when, chance))
        for number, (beat, when, chance) in enumerate(_happenings(moment, seed), start=1)
    )
    return SampleChat(
        instance=instance,
        id=_own_id("chat"),
        external_id="120363193600071951@g.us",
        name="Kittiwake syndicate",
        chat_type="group",
        messages=messages,
    )


def _happenings(now: datetime, seed: int) -> Iterator[tuple[Beat, datetime, Random]]:
    """Every beat with its moment: scenes spread over the months, messages minutes apart."""
    pace = Random(f"{seed}/pace")
    for scene_number, scene in enumerate(SCENES):
        until_now = SPAN * (1 - scene_number / (len(SCENES) - 1))
        when = now - until_now - timedelta(hours=6)
        for beat in scene:
            when += timedelta(seconds=pace.randint(40, 1500))
            yield beat, when, Random(f"{seed}/{beat.path}")


def _make_message(
    media_root: Path, folder: str, number: int, beat: Beat, at: Occasion
) -> SampleMessage:
    message_id = _own_id(f"message/{number}")
    local_path, size = beat.path, None
    if beat.path is not None and not _leads_out(beat.path):
        local_path = f"{folder}/{at.when:%Y-%m}/{number:03}-{beat.path}"
    if local_path is not None and beat.make is not None:
        content = beat.make(at)
        target = media_root / local_path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        size = len(content)
    return SampleMessage(
        id=message_id,
        external_id=f"3EB0{message_id.hex[:18].upper()}",
        sender_name=beat.sender,
        is_from_me=beat.sender == MAREN,
        message_type=_message_type(beat),
        kind=beat.kind,
        caption=beat.text,
        mime_type=beat.mime_type,
        local_path=local_path,
        size_bytes=size,
        duration_seconds=beat.seconds,
        status="deleted" if beat.is_deleted else "active",
        platform_timestamp=at.when,
        expected=beat.expected,
    )


def _message_type(beat: Beat) -> str:
    """The platform's name for what was sent; it goes by what the sender's phone thought."""
    if beat.mime_type is None:
        return "text"
    if beat.path is not None and beat.path.removesuffix(".webp") in ("ahoy", "heave", "ring"):
        return "sticker"
    family = beat.mime_type.lower().split("/")[0]
    return family if family in ("audio", "image", "video") else "document"


def _leads_out(path: str) -> bool:
    return ".." in PurePosixPath(path).parts or PurePosixPath(path).is_absolute()


def _own_id(name: str) -> UUID:
    return uuid5(OWN_NAMESPACE, name)
