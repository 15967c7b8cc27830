"""Getting a message's medium onto the disk: from the media folder, or from its address."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import httpx

from workers.processors.base import ProcessingFailed
from workers.results import Item

_MEGABYTE = 2**20
_MOST_REDIRECTS = 5


class MediaFetcher:
    """Finds media in `root`, or downloads them into a scratch folder of its own.

    A medium may have `max_megabytes`; a download may take `timeout_seconds` in all.
    """

    def __init__(self, root: Path, max_megabytes: int, timeout_seconds: float) -> None:
        self._root = root
        self._max_megabytes = max_megabytes
        self._timeout_seconds = timeout_seconds
        self._scratch = tempfile.TemporaryDirectory(prefix="backscroll-media-")
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        self._scratch.cleanup()

    @asynccontextmanager
    async def fetch(self, item: Item) -> AsyncIterator[Path]:
        """The medium's file, for as long as the context lasts.

        Raises ProcessingFailed: media_missing, media_not_found, media_outside_root,
        media_too_large or download_failed.
        """
        if item.local_path:
            try:
                path = await asyncio.to_thread(self._find, item.local_path)
            except ProcessingFailed as failure:
                if failure.code != "media_not_found" or not item.media_url:
                    raise
            else:
                yield path
                return
        if not item.media_url:
            raise ProcessingFailed(
                "media_missing", "the message has neither a local file nor an address"
            )
        handle, name = tempfile.mkstemp(dir=self._scratch.name)
        try:
            with os.fdopen(handle, "wb") as file:
                await self._download(item.media_url, file)
            yield Path(name)
        finally:
            os.unlink(name)

    def _find(self, local_path: str) -> Path:
        root = self._root.resolve()
        try:
            path = (root / local_path).resolve()
            if not path.is_relative_to(root):
                raise ProcessingFailed(
                    "media_outside_root", f"{local_path} leads out of the media folder"
                )
            facts = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise ProcessingFailed(
                "media_not_found", f"there is no file {local_path} in the media folder"
            ) from None
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the path cannot be used"
            raise ProcessingFailed("media_not_found", f"{local_path[:200]}: {reason}") from None
        # A pipe or a device would keep its reader waiting for ever.
        if not stat.S_ISREG(facts.st_mode):
            raise ProcessingFailed("media_not_found", f"{local_path} is not a file")
        if not os.access(path, os.R_OK):
            raise ProcessingFailed("media_not_found", f"the worker may not read {local_path}")
        if facts.st_size > self._max_megabytes * _MEGABYTE:
            raise self._too_large(f"{facts.st_size / _MEGABYTE:.0f} MB")
        return path

    def _too_large(self, size: str) -> ProcessingFailed:
        return ProcessingFailed(
            "media_too_large",
            f"the medium has {size}; BACKSCROLL_MAX_MEDIA_MB allows {self._max_megabytes} MB",
        )

    async def _download(self, url: str, file: BinaryIO) -> None:
        if not url.lower().startswith(("http://", "https://")):
            raise ProcessingFailed("download_failed", "only http and https addresses are fetched")
        if self._client is None:
            self._client = httpx.AsyncClient(
                follow_redirects=True,
                max_redirects=_MOST_REDIRECTS,
                timeout=httpx.Timeout(30.0, connect=10.0),
                trust_env=False,
                # A compressed answer could unpack to any size.
                headers={"accept-encoding": "identity", "user-agent": "backscroll"},
            )
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                self._client.stream("GET", url) as response,
            ):
                await self._receive(response, file)
        except TimeoutError:
            raise ProcessingFailed(
                "download_failed", f"not fetched within {self._timeout_seconds:.0f} s"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            reason = str(error) or type(error).__name__
            raise ProcessingFailed("download_failed", f"could not be fetched: {reason}") from None

    async def _receive(self, response: httpx.Response, file: BinaryIO) -> None:
        if response.status_code != httpx.codes.OK:
            raise ProcessingFailed(
                "download_failed",
                f"the server answered {response.status_code} {response.reason_phrase}".strip(),
            )
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise ProcessingFailed("download_failed", "the server answered with a compressed body")
        limit = self._max_megabytes * _MEGABYTE
        received = 0
        async for chunk in response.aiter_raw():
            received += len(chunk)
            if received > limit:
                raise self._too_large(f"more than {self._max_megabytes} MB")
            file.write(chunk)
