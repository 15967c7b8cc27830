"""What workers ask of those who turn media into text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from workers.processors.base import Extraction, Instant, Medium, Usage
from workers.results import Item


class MediaProcessing(Protocol):
    """Turns media of every content type into text, and says whom it would ask."""

    async def process(self, medium: Medium) -> Extraction:
        """As `Processor.process`."""
        ...

    async def close(self) -> None: ...

    def instant(self, content_type: str) -> Instant | None:
        """Who can make the text of some of its media at once."""
        ...

    def is_free(self, content_type: str) -> bool:
        """Whether nobody is paid for any medium of it."""
        ...

    def models(self, content_type: str) -> Sequence[str]:
        """The providers' models whose text would do, in order; none for work done here."""
        ...

    def providers(self, content_type: str) -> Sequence[tuple[str, str]]:
        """The (provider, model) pairs that would be asked, in order."""
        ...

    async def may_use(self, medium: Medium) -> Sequence[Usage]:
        """The most that processing can use with each provider that may be asked instead of
        another; empty if nobody is paid. Raises ProcessingFailed as `process`."""
        ...


def medium_of(item: Item, path: Path, language: str | None) -> Medium:
    """The medium of an item, which lies at `path`; None: its language is detected."""
    return Medium(
        path=path,
        content_type=item.content_type,
        mime_type=item.mime_type,
        file_name=item.label,
        caption=item.caption,
        language=language,
    )
