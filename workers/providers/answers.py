"""What is asked of a provider, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from workers.processors.base import ProcessingFailed, ProvidersAway, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """The text that a provider gave, and what it took; also for requests that came to nothing."""

    text: str
    usage: Sequence[Usage]
    language: str | None = None
    """As an ISO 639-1 code where the provider's word for it is known."""
    is_cut: bool = False
    """Whether the provider stopped before the end, at its limit of length."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something to look at or listen to."""

    mime_type: str
    data: str | Path = field(repr=False)
    """In base64; a file is encoded while it is sent, so that it is never whole in memory."""
    label: str | None = None
    """Stands before it, such as `Frame at 0:05`."""
    likely_tokens: int | None = None
    """What it takes to see, for when the answer that would tell is lost; None: as a picture."""
    likely_sound_tokens: int = 0
    """What it takes to hear."""


class Transcriber(Protocol):
    """Speech to text."""

    name: str
    """The provider's, as in the price book."""
    model: str
    max_bytes: int
    """Of one file."""
    max_seconds: int

    async def transcribe(
        self,
        sound: Path,
        *,
        seconds: Decimal,
        language: str | None,
        caption: str | None,
        kind: str | None = None,
    ) -> Answer:
        """The words in a file of at most `max_bytes`; '' if there is only silence.

        `seconds` is its length as measured here, for when the provider does not tell; `kind` is the
        usual ending of such files, where the path has none.
        Raises ProcessingFailed and ProvidersAway, both with what was billed all the same.
        """
        ...

    def most_usage(self, seconds: Decimal) -> Usage:
        """The most that sound of this length can use, if all goes well."""
        ...


class Viewer(Protocol):
    """Answers questions about pictures, films and sound."""

    name: str
    model: str
    max_bytes: int
    """Of one request, all parts in base64 included."""

    async def view(self, instruction: str, context: str, parts: Sequence[Part]) -> Answer:
        """What the provider says to `parts`. `instruction` is ours, `context` may hold strangers'
        words. Raises as `Transcriber.transcribe` does.
        """
        ...

    def most_usage(
        self, *, pictures: int, tokens: int = 0, sound_tokens: int = 0, requests: int = 1
    ) -> Usage:
        """The most that so many pictures, and tokens of film and sound, can use, if all goes well.

        `requests` is how many requests they are sent in.
        """
        ...


class Bill:
    """Adds up what the requests for one medium used, so that a failure in the end loses none."""

    def __init__(self) -> None:
        self.usage: list[Usage] = []

    def add(self, usage: Sequence[Usage]) -> None:
        self.usage.extend(usage)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """A failure that leaves the body carries everything on the bill."""
        try:
            yield
        except (ProcessingFailed, ProvidersAway) as failure:
            failure.usage = (*self.usage, *failure.usage)
            raise
