"""Documents: their text, and of scanned pages what can be seen on them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from workers.processors import documents
from workers.processors.base import Extraction, Medium, ProcessingFailed, ProvidersAway, Usage
from workers.processors.chain import first_text
from workers.processors.documents import plain
from workers.processors.documents.simple_text import simple_text
from workers.processors.limits import DocumentLimits
from workers.processors.recordings import FileKey, file_key
from workers.processors.text import join
from workers.sandbox import Sandbox

PAGES_AT_ONCE = 4
BLANK = "[a document without text]"
KEPT = 8
"""Documents looked at and not yet processed."""
LONGEST_MODEL = 100
"""Characters that the column for it holds."""


@dataclass(frozen=True, slots=True)
class _Page:
    """What came of one scanned page."""

    made: Extraction | None
    usage: Sequence[Usage]
    away: str | None = None
    """Why nobody could be asked."""


class PageReader(Protocol):
    """Reads the page of a pdf as a picture."""

    async def read_page(self, path: Path, index: int) -> Extraction:
        """The text on one page (from 0). Raises ProcessingFailed and ProvidersAway."""
        ...

    def most_page_usage(self, pages: int) -> Usage | None:
        """The most that reading so many pages can use; None if it costs nothing."""
        ...


class DocumentProcessor:
    """Reads pdf, docx, xlsx, xls, ods, pptx, odt, odp, rtf, html and plain text."""

    def __init__(
        self,
        sandbox: Sandbox,
        limits: DocumentLimits,
        *,
        timeout_seconds: float,
        page_readers: Sequence[PageReader] = (),
        page_stand_ins: Sequence[PageReader] = (),
    ) -> None:
        """`timeout_seconds` is for the document without its scanned pages.

        `page_readers` are asked in order for each scanned page, and after them `page_stand_ins`,
        but not while one of the former is away. Without any, scanned pages give a line in
        brackets that says so. The readers are their owner's to close.
        """
        self._sandbox = sandbox
        self._limits = limits
        self._timeout_seconds = timeout_seconds
        self._page_readers = tuple(page_readers)
        self._page_stand_ins = tuple(page_stand_ins)
        self._looked_at: OrderedDict[FileKey, documents.Document] = OrderedDict()
        self.provider = self.model = ""
        self.may_cost = any(reader.most_page_usage(1) for reader in self._page_readers)

    async def most_usage(self, medium: Medium) -> Usage | None:
        """See `chain.Paid`. A pdf is read for it, once: how many pages are scans is not known."""
        if not self.may_cost or not is_pdf(medium.path):
            return None
        document = await self._read(medium)
        self._looked_at[file_key(medium.path)] = document
        while len(self._looked_at) > KEPT:
            self._looked_at.popitem(last=False)
        pages = len(document["scanned"][: self._limits.ocr_pages])
        if not pages:
            return None
        most = (reader.most_page_usage(pages) for reader in self._page_readers)
        return next(filter(None, most), None)

    def at_once(self, medium: Medium, data: bytes) -> Extraction | None:
        """See `base.Instant`: plain text in UTF-8."""
        text = simple_text(data, medium.mime_type, self._limits.characters)
        if text is None:
            return None
        return Extraction(text=text or BLANK, provider="local", model=plain.MODEL)

    async def _read(self, medium: Medium) -> documents.Document:
        return await self._sandbox.run(
            documents.read_document,
            str(medium.path),
            medium.mime_type,
            asdict(self._limits),
            timeout_seconds=self._timeout_seconds,
        )

    async def process(self, medium: Medium) -> Extraction:
        """The text of the document; if it is blank, a line in brackets that says so."""
        document = self._looked_at.pop(file_key(medium.path), None) or await self._read(medium)
        texts, model, provider = document["texts"], document["model"], "local"
        scanned = document["scanned"]
        pages = await self._read_pages(medium.path, scanned[: self._limits.ocr_pages])
        for index in scanned:
            seen = pages[index].made if index in pages else None
            if seen is None:
                texts[index] += f"\n[page {index + 1} is a picture and was not read]"
                continue
            if len(seen.text) > len(texts[index]):
                texts[index] = seen.text
            if seen.model not in model:
                model += f"+{seen.model}"
            if seen.provider != "local":
                provider = seen.provider
        return Extraction(
            text=join(texts, self._limits.characters) or BLANK,
            provider=provider,
            model=model[:LONGEST_MODEL],
            usage=tuple(each for page in pages.values() for each in page.usage),
            pages=len(texts) if is_pdf(medium.path) else None,
        )

    async def _read_pages(self, path: Path, indexes: Sequence[int]) -> dict[int, _Page]:
        """The pages, a few at once. Raises ProvidersAway, with what all of them used."""
        places = asyncio.Semaphore(PAGES_AT_ONCE)

        async def read(index: int) -> _Page:
            async with places:
                return await self._read_page(path, index)

        try:
            async with asyncio.TaskGroup() as group:
                reading = {index: group.create_task(read(index)) for index in indexes}
        except ExceptionGroup as several:
            raise several.exceptions[0] from several  # as that the item is not wanted any more
        pages = {index: task.result() for index, task in reading.items()}
        for page in pages.values():
            if page.away is not None:
                raise ProvidersAway(
                    page.away, [each for page in pages.values() for each in page.usage]
                )
        return pages

    async def _read_page(self, path: Path, index: int) -> _Page:
        try:
            made = await first_text(
                self._page_readers,
                self._page_stand_ins,
                lambda reader: reader.read_page(path, index),
                passes_on=lambda _: True,
            )
        except ProvidersAway as error:
            return _Page(None, error.usage, error.reason)
        except ProcessingFailed as failure:
            return _Page(None, failure.usage)  # the other pages are worth keeping
        return _Page(made, made.usage if made else ())

    async def close(self) -> None:
        """Ends the sandbox."""
        await self._sandbox.close()


def is_pdf(path: Path) -> bool:
    """By its first bytes, as `documents.kind` has it."""
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)
