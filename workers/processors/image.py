"""Pictures: the text seen in them."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

from workers.processors import images
from workers.processors.base import Extraction, Medium
from workers.processors.limits import ImageLimits
from workers.sandbox import Sandbox


class ImageProcessor:
    """Reads the text in pictures, and on the pages of pdfs that are pictures."""

    def __init__(
        self, sandbox: Sandbox, limits: ImageLimits, *, timeout_seconds: float, threads: int = 0
    ) -> None:
        """`timeout_seconds` is for one picture or page.

        `threads` is for each process of the sandbox; 0 means as many as there are cores.
        """
        self._sandbox = sandbox
        self._limits = asdict(limits)
        self._timeout_seconds = timeout_seconds
        self._threads = threads or os.cpu_count() or 1

    async def process(self, medium: Medium) -> Extraction:
        """The text in the picture, or a line in brackets that says that there is none."""
        picture = await self._sandbox.run(
            images.read_image,
            str(medium.path),
            self._threads,
            self._limits,
            timeout_seconds=self._timeout_seconds,
        )
        return Extraction(text=picture["text"], provider="local", model=picture["model"])

    async def read_pdf_page(self, path: Path, index: int) -> str:
        """The text seen on one page (from 0) of a pdf. Raises ProcessingFailed."""
        return await self._sandbox.run(
            images.read_pdf_page,
            str(path),
            index,
            self._threads,
            timeout_seconds=self._timeout_seconds,
        )

    async def close(self) -> None:
        """Ends the sandbox."""
        await self._sandbox.close()
