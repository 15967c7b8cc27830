"""Hands out each message's medium as a file."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO

from app.allowed_hosts import AllowedHosts
from workers.fetching import object_stores
from workers.fetching.media_folder import HeldFile, MediaFolder
from workers.fetching.object_stores import ObjectStores
from workers.fetching.size_limit import SizeLimit
from workers.guarded_http import GuardedClient, RequestFailed
from workers.processors.base import ProcessingFailed
from workers.results import Item

MOST_REDIRECTS = 5


class MediaFetcher:
    """Finds media in `root`, or downloads them into temporary files.

    A medium may have `max_megabytes`; a download may take `timeout_seconds` in all. Downloads
    come from public hosts and from `allowed_hosts`, or from object stores: if `buckets` names
    any, from these alone. `client` is for tests that stand in for the network.
    """

    def __init__(
        self,
        root: Path,
        max_megabytes: int,
        timeout_seconds: float,
        *,
        allowed_hosts: AllowedHosts | None = None,
        buckets: frozenset[str] = frozenset(),
        client: GuardedClient | None = None,
    ) -> None:
        self._limit = SizeLimit(max_megabytes)
        self._timeout_seconds = timeout_seconds
        self._folder = MediaFolder(root, self._limit)
        self._client = client or GuardedClient(
            allowed_hosts or AllowedHosts(), "BACKSCROLL_MEDIA_ALLOW_HOSTS"
        )
        self._stores = ObjectStores(buckets, timeout_seconds)

    async def close(self) -> None:
        await self._client.close()

    def open_small(self, items: Sequence[Item], most_bytes: int) -> list[HeldFile | None]:
        """The media of those items that are small files here, open; None: `fetch` it.

        Waits for the disk; call it in a thread.
        """
        return self._folder.open_small([item.local_path or "" for item in items], most_bytes)

    def read_small(self, items: Sequence[Item], most_bytes: int) -> Iterator[tuple[Item, bytes]]:
        """The bytes of those items whose media are small files here; of the others, `fetch` tells.

        Waits for the disk; call it in a thread.
        """
        paths = [item.local_path or "" for item in items]
        for item, data in zip(items, self._folder.read_small(paths, most_bytes), strict=True):
            if data is not None:
                yield item, data

    @asynccontextmanager
    async def fetch(self, item: Item) -> AsyncIterator[Path]:
        """A path that opens the medium, for as long as the context lasts; its name says nothing.

        Raises ProcessingFailed: media_missing, media_not_found, media_outside_root,
        media_too_large or download_failed.
        """
        if item.local_path:
            try:
                held = await self._open(item.local_path)
            except ProcessingFailed as failure:
                if failure.code != "media_not_found" or not item.media_url:
                    raise
            else:
                try:
                    yield held.path
                finally:
                    held.close()
                return
        if not item.media_url:
            raise ProcessingFailed(
                "media_missing", "the message has neither a local file nor an address"
            )
        with tempfile.NamedTemporaryFile(prefix="backscroll-media-") as file:
            await self._download(item.media_url.strip(), file)
            yield Path(file.name)

    async def _open(self, local_path: str) -> HeldFile:
        opening = asyncio.ensure_future(asyncio.to_thread(self._folder.open, local_path))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_opened)  # the thread goes on
            raise

    async def _download(self, address: str, file: IO[bytes]) -> None:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if address.lower().startswith(object_stores.SCHEMES):
                    await self._download_object(address, file)
                else:
                    await self._download_http(address, file)
        except TimeoutError:
            raise ProcessingFailed(
                "download_failed", f"not fetched within {self._timeout_seconds:g} s"
            ) from None
        except RequestFailed as failure:
            raise _failed(str(failure)) from None

    async def _download_http(self, address: str, file: IO[bytes]) -> None:
        async with self._client.stream("GET", address, redirects=MOST_REDIRECTS) as answer:
            if answer.status != HTTPStatus.OK:
                raise _failed(f"the server answered {answer.named_status}")
            _refuse_compressed(answer.headers.get("content-encoding"))
            announced = answer.headers.get("content-length", "")
            if announced.isdecimal():
                self._limit.check(int(announced))
            await self._receive(answer.chunks(), file)

    async def _download_object(self, address: str, file: IO[bytes]) -> None:
        found = await self._stores.open(address)
        _refuse_compressed(found.content_encoding)
        self._limit.check(found.size)
        await self._receive(found.chunks(), file)

    async def _receive(self, chunks: AsyncGenerator[bytes], file: IO[bytes]) -> None:
        received = 0
        async with aclosing(chunks):
            async for chunk in chunks:
                received += len(chunk)
                self._limit.check_so_far(received)
                _store(chunk, file)
        if received == 0:
            raise _failed("the answer has no content")


def _close_opened(opening: asyncio.Future[HeldFile]) -> None:
    with suppress(ProcessingFailed):
        opening.result().close()


def _store(chunk: bytes, file: IO[bytes]) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        raise ProcessingFailed(
            "download_failed", f"could not be stored on the worker's disk: {error.strerror}"
        ) from None


def _refuse_compressed(encoding: str | None) -> None:
    """It was not asked for, and could unpack to any size."""
    if encoding and encoding.strip().lower() != "identity":
        raise _failed("the content is compressed on the way, which was not asked for")


def _failed(reason: str) -> ProcessingFailed:
    return ProcessingFailed("download_failed", f"could not be fetched: {reason}")
