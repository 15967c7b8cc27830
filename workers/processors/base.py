"""What a processor is: it takes one medium on disk and gives text, or says why not.

Processors know neither the database nor the queue. They get a file and a few facts about it, and
return an `Extraction` or raise `ProcessingFailed` or `ProvidersAway`. Anything else that escapes
is recorded as `internal_error` and never stops the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable


@dataclass(slots=True)
class Medium:
    """One file to turn into text."""

    path: Path
    content_type: str
    """`audio`, `image`, `video` or `document`, as the job planned it."""
    mime_type: str | None = None
    """As the platform declared it, with its parameters; the content decides."""
    file_name: str | None = None
    caption: str | None = None
    language: str | None = None
    """What the user asked for; None means: detect."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one request to a provider used; the price book turns it into money."""

    provider: str
    model: str
    input_tokens: int = 0
    """All tokens sent, those of sound included. Here and below, -1 stands for a number that the
    provider told and that cannot be true: then the cost is not known."""
    audio_tokens: int = 0
    """Those of `input_tokens` that were sound: some models price them apart."""
    output_tokens: int = 0
    """All tokens received, those of thinking included."""
    audio_seconds: Decimal = Decimal(0)
    """The length of the sound, for models priced by time."""
    cached_tokens: int = 0
    """Those of `input_tokens` that the provider still had: some price them apart."""


@dataclass(slots=True)
class Extraction:
    """The text of a medium, and what it took to get it."""

    text: str
    provider: str
    model: str
    language: str | None = None
    duration_seconds: Decimal | None = None
    """Length of the sound or film, where there is one."""
    usage: Sequence[Usage] = ()
    """One a request that was or may have been billed; none for work done on this machine."""
    pages: int | None = None
    """How many a document has, where it has any."""


class ProcessingFailed(Exception):
    """The medium cannot be turned into text; `code` is one of `batch.error_codes`."""

    def __init__(self, code: str, message: str, usage: Sequence[Usage] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.usage = tuple(usage)


class ProvidersAway(Exception):
    """No provider of the content type can be had now, for want of a key, of quota or of an answer.

    It says nothing about the medium: the job is paused with `reason`, a text for people, and the
    item is taken up again when the job is resumed. `usage` is what was billed all the same.
    """

    def __init__(self, reason: str, usage: Sequence[Usage] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.usage = tuple(usage)


class Processor(Protocol):
    """Turns one kind of medium into text."""

    async def process(self, medium: Medium) -> Extraction:
        """The text of `medium`.

        Raises ProcessingFailed when the file cannot be read, ProvidersAway when nobody can be
        asked now. Cancelling the call must stop the work within a second.
        """
        ...

    async def close(self) -> None:
        """Gives back processes and connections. Called once, when the worker stops."""
        ...


@runtime_checkable
class Instant(Protocol):
    """A processor that makes the text of some small media in microseconds, and for nothing.

    Of such an item nobody is asked whether it may be worked on: it has ended before an answer
    could come. Whether it counts is judged when its result is recorded.
    """

    def at_once(self, medium: Medium, data: bytes) -> Extraction | None:
        """The text of `medium`, all of whose bytes are `data`; None: `process` it.

        Called in any thread. No file may make it crash, or take longer than another.
        """
        ...
