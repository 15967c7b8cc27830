"""What a processor is: it takes one medium on disk and gives text, or says why not.

Processors know neither the database nor the queue. They get a file and a few facts about it, and
either return an `Extraction` or raise `ProcessingFailed`. Anything else that escapes is recorded
as `internal_error` and never stops the job.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Medium:
    """One file to turn into text."""

    path: Path
    content_type: str
    """`audio`, `image`, `video` or `document`, as the job planned it."""
    mime_type: str | None = None
    """As the platform declared it, lower case and without parameters; the content decides."""
    file_name: str | None = None
    caption: str | None = None
    language: str | None = None
    """What the user asked for; None means: detect."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The text of a medium, and what it took to get it."""

    text: str
    provider: str
    model: str
    language: str | None = None
    duration_seconds: Decimal | None = None
    """Length of the sound or film, where there is one."""
    tokens_used: int = 0
    cost_usd: Decimal = Decimal(0)


class ProcessingFailed(Exception):
    """The medium cannot be turned into text; `code` is one of `batch.error_codes`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Processor(Protocol):
    """Turns one kind of medium into text."""

    async def process(self, medium: Medium) -> Extraction:
        """The text of `medium`.

        Raises ProcessingFailed when the file cannot be read. Cancelling the call must stop the
        work within a second.
        """
        ...

    async def close(self) -> None:
        """Gives back processes and connections. Called once, when the worker stops."""
        ...
