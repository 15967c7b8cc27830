"""Pictures: what they show, or the text seen in them."""

from __future__ import annotations

import codecs
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path

import filetype

from workers.processors import images
from workers.processors.base import Extraction, Medium, ProcessingFailed, Usage
from workers.processors.images import Legible, SmallPicture
from workers.processors.images.at_sight import picture_at_sight
from workers.processors.limits import ImageLimits
from workers.processors.markup import root_element
from workers.processors.text import CONTROL_BYTES
from workers.providers import prompts
from workers.providers.answers import Part, Viewer
from workers.sandbox import Sandbox

HEAD_BYTES = 8192
MOST_THREADS = 8
"""More make a picture no faster, and each takes memory of its own."""
OTHER_PICTURES = (b"\xff\x4f\xff\x51", b"II+\x00", b"MM\x00+")
"""How pictures begin that Pillow knows and filetype does not: JPEG 2000, large TIFF."""
CUT = "[cut: the provider stopped here]"


def refuse_what_is_no_picture(medium: Medium) -> None:
    """Raises ProcessingFailed `unsupported_format` for what need not be sent to a sandbox.

    That is a text; and what was declared as something else and does not begin like a picture, so
    that what its own type's processor said of it is what people read.
    """
    with medium.path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if b"svg" in head.lower().replace(b"\x00", b"") and is_svg(head):
        return
    if head and is_utf_8_text(head):
        raise ProcessingFailed("unsupported_format", "text cannot be read as a picture")
    is_known = filetype.guess(head) is not None or head.startswith(OTHER_PICTURES)
    if head and medium.content_type != "image" and not is_known:
        raise ProcessingFailed("unsupported_format", "the content is of no known kind of picture")


def is_utf_8_text(head: bytes) -> bool:
    """Surely so: other encodings are for a sandbox to find out."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return CONTROL_BYTES.search(head) is None


def is_svg(head: bytes) -> bool:
    """Whether it may be one; in encodings other than UTF-8 it always may."""
    return (
        not is_utf_8_text(head)
        or root_element(head.decode(errors="replace").lstrip("\ufeff")) == "svg"
    )


class ImageProcessor:
    """Reads the text in pictures, and on the pages of pdfs that are pictures.

    Also makes both small enough to send away, which is as dangerous as reading them.
    """

    def __init__(
        self,
        opening: Sandbox,
        reading: Sandbox,
        limits: ImageLimits,
        *,
        timeout_seconds: float,
        threads: int = 0,
    ) -> None:
        """`opening` is where pictures and pages are made small, `reading` where text is recognised.

        `timeout_seconds` is for each of the two with one picture or page. `threads` is for each
        process of `reading`; 0 means as many as there are cores, up to eight.
        """
        self._opening = opening
        self._reading = reading
        self._limits = asdict(limits)
        self._timeout_seconds = timeout_seconds
        self._threads = threads or min(os.cpu_count() or 1, MOST_THREADS)

    async def process(self, medium: Medium) -> Extraction:
        """The text in the picture, or a line in brackets that says that there is none."""
        refuse_what_is_no_picture(medium)
        with files_for("picture") as prefix:
            picture = await self._opening.run(
                images.legible_picture,
                str(medium.path),
                prefix,
                self._limits,
                timeout_seconds=self._timeout_seconds,
            )
            text, model = await self._read(picture)
        kind = f"{picture['kind']} image"
        size = f", {picture['width']} x {picture['height']}" if picture["width"] else ""
        text = text or f"[no text found; {kind}{size}]"
        if picture["pages"] > 1:
            text += f"\n[page 1 of {picture['pages']}; the others were not read]"
        return Extraction(text=text, provider="local", model=model)

    async def read_page(self, path: Path, index: int) -> Extraction:
        """The text seen on one page (from 0) of a pdf. Raises ProcessingFailed."""
        with files_for("page") as prefix:
            page = await self._opening.run(
                images.legible_page,
                str(path),
                index,
                prefix,
                timeout_seconds=self._timeout_seconds,
            )
            text, _ = await self._read(page)
        return Extraction(text=text, provider="local", model="ocr")

    async def _read(self, picture: Legible) -> tuple[str, str]:
        """The text in a picture, and who has read it."""
        if not picture["parts"]:
            return picture["text"], picture["kind"].lower()
        text, model = await self._reading.run(
            images.seen_text,
            picture["parts"],
            self._threads,
            timeout_seconds=self._timeout_seconds,
        )
        return text, model

    def most_page_usage(self, pages: int) -> None:
        """Nothing: the work is done here."""

    @asynccontextmanager
    async def small_picture(self, path: Path) -> AsyncIterator[tuple[SmallPicture, Path]]:
        """A JPEG of at most 2048 pixels a side, for as long as the context lasts.

        Raises ProcessingFailed.
        """
        with files_for("small") as target:
            small = await self._opening.run(
                images.small_picture,
                str(path),
                target,
                self._limits,
                timeout_seconds=self._timeout_seconds,
            )
            yield small, Path(target)

    @asynccontextmanager
    async def small_page(self, path: Path, index: int) -> AsyncIterator[Path]:
        """One page (from 0) of a pdf, likewise."""
        with files_for("small") as target:
            await self._opening.run(
                images.small_page, str(path), index, target, timeout_seconds=self._timeout_seconds
            )
            yield Path(target)

    async def close(self) -> None:
        """Ends the sandboxes."""
        await self._opening.close()
        await self._reading.close()


@contextmanager
def files_for(name: str) -> Iterator[str]:
    """The beginning of paths to which a sandbox may write for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="backscroll-picture-") as folder:
        yield str(Path(folder) / name)


class OnlineImages:
    """Has a provider describe pictures, and write out the pages of pdfs that are pictures.

    Both are opened and made small here first: what is broken costs nothing, and hidden data such
    as the place where a photo was taken stay on this machine. Pictures that are small and hide
    nothing go as they are.
    """

    def __init__(self, viewer: Viewer, local: ImageProcessor, prompt: str) -> None:
        """`prompt` says what to do with a picture or a page; `local` is its owner's to close."""
        self.provider = viewer.name
        self.model = viewer.model
        self._viewer = viewer
        self._local = local
        self._prompt = prompt

    async def most_usage(self, medium: Medium) -> Usage | None:
        """See `chain.Paid`."""
        with medium.path.open("rb") as file:
            kind = filetype.guess_mime(file.read(HEAD_BYTES))
        is_picture = kind is not None and kind.startswith("image/")
        return self._viewer.most_usage(pictures=1) if is_picture else None

    def most_page_usage(self, pages: int) -> Usage:
        """The most that reading so many pages of a document can use."""
        return self._viewer.most_usage(pictures=pages, requests=pages)

    async def process(self, medium: Medium) -> Extraction:
        """What the picture shows, or a line in brackets that says that it shows nothing."""
        async with self._small_enough(medium) as (small, picture):
            answer = await self._viewer.view(
                prompts.instruction(self._prompt, medium.language),
                prompts.context("A picture from a chat.", medium.caption),
                [picture],
            )
        text = answer.text
        if prompts.is_blank(text):
            size = f"{small['kind']} image, {small['width']} x {small['height']}"
            text = f"[a blank picture; {size}]"
        return Extraction(
            text=f"{text}\n{CUT}" if answer.is_cut else text,
            provider=self._viewer.name,
            model=self._viewer.model,
            language=medium.language,
            usage=answer.usage,
        )

    @asynccontextmanager
    async def _small_enough(self, medium: Medium) -> AsyncIterator[tuple[SmallPicture, Part]]:
        # It has just been hashed, so it comes from memory.
        if seen := picture_at_sight(medium.path):
            yield seen.facts, Part(seen.mime_type, medium.path)
            return
        refuse_what_is_no_picture(medium)
        async with self._local.small_picture(medium.path) as (small, jpeg):
            yield small, Part("image/jpeg", jpeg)

    async def read_page(self, path: Path, index: int) -> Extraction:
        """The text on one page (from 0); '' if it is blank."""
        async with self._local.small_page(path, index) as jpeg:
            answer = await self._viewer.view(
                prompts.instruction(self._prompt, None, is_exact=True),
                prompts.context(f"Page {index + 1} of a document from a chat.", None),
                [Part("image/jpeg", jpeg)],
            )
        text = "" if prompts.is_blank(answer.text) else answer.text
        return Extraction(
            text=f"{text}\n{CUT}" if answer.is_cut else text,
            provider=self._viewer.name,
            model=self._viewer.model,
            usage=answer.usage,
        )

    async def close(self) -> None:
        """Has nothing of its own."""
