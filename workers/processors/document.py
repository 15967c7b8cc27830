"""Documents: their text, and of scanned pages what can be seen on them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from workers.processors import documents
from workers.processors.base import Extraction, Medium, ProcessingFailed
from workers.processors.limits import DocumentLimits
from workers.processors.text import join
from workers.sandbox import Sandbox


class PageReader(Protocol):
    """Reads the page of a pdf as a picture."""

    async def read_pdf_page(self, path: Path, index: int) -> str:
        """The text seen on one page (from 0). Raises ProcessingFailed."""
        ...


class DocumentProcessor:
    """Reads pdf, docx, xlsx, xls, ods, pptx, odt, odp, rtf, html and plain text."""

    def __init__(
        self,
        sandbox: Sandbox,
        limits: DocumentLimits,
        *,
        timeout_seconds: float,
        page_reader: PageReader | None = None,
    ) -> None:
        """`timeout_seconds` is for the document without its scanned pages.

        Without a `page_reader`, scanned pages give a line in brackets that says so.
        """
        self._sandbox = sandbox
        self._limits = limits
        self._timeout_seconds = timeout_seconds
        self._page_reader = page_reader

    async def process(self, medium: Medium) -> Extraction:
        """The text of the document; '' if it is blank."""
        document = await self._sandbox.run(
            documents.read_document,
            str(medium.path),
            medium.mime_type,
            asdict(self._limits),
            timeout_seconds=self._timeout_seconds,
        )
        texts, model = document["texts"], document["model"]
        for count, index in enumerate(document["scanned"]):
            is_read = count < self._limits.ocr_pages
            seen = await self._read_scanned_page(medium.path, index) if is_read else None
            if seen is None:
                seen = f"[page {index + 1} is a picture and was not read]"
                texts[index] = f"{texts[index]}\n{seen}"
            elif len(seen) > len(texts[index]):
                texts[index] = seen
        if document["scanned"] and self._page_reader is not None:
            model += "+ocr"
        return Extraction(text=join(texts, self._limits.characters), provider="local", model=model)

    async def _read_scanned_page(self, path: Path, index: int) -> str | None:
        """The text seen on the page, or None if it cannot be read."""
        if self._page_reader is None:
            return None
        try:
            return await self._page_reader.read_pdf_page(path, index)
        except ProcessingFailed:
            return None  # the other pages are worth keeping

    async def close(self) -> None:
        """Ends the sandbox; the page reader is its owner's to close."""
        await self._sandbox.close()
