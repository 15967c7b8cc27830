"""The bodies of requests, made anew for each attempt, with large files read while they are sent."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

_CHUNK = 3 * 2**16
"""A multiple of 3, so that the pieces in base64 join without padding between."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A body as it goes out. `chunks` raises OSError rather than give other than `size` bytes."""

    size: int
    mime_type: str
    chunks: AsyncIterator[bytes]


class Body(Protocol):
    """What is sent with a request."""

    @contextmanager
    def opened(self) -> Iterator[Sending]:
        """To be sent once, as long as the context lasts."""
        ...


class FormBody:
    """Fields and a file, as `multipart/form-data` (RFC 7578)."""

    def __init__(
        self, fields: Mapping[str, str], file: Path, file_name: str, mime_type: str
    ) -> None:
        """Names and types hold nothing that would have to be quoted."""
        self._file = file
        self._mark = secrets.token_hex(16)
        parts = [
            f'--{self._mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        self._before = (
            f"{''.join(parts)}--{self._mark}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
            f"Content-Type: {mime_type}\r\n\r\n"
        ).encode()
        self._after = f"\r\n--{self._mark}--\r\n".encode()

    @contextmanager
    def opened(self) -> Iterator[Sending]:
        """See `Body`."""
        with self._file.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            yield Sending(
                size=len(self._before) + size + len(self._after),
                mime_type=f"multipart/form-data; boundary={self._mark}",
                chunks=self._chunks(file, size),
            )

    async def _chunks(self, file: BinaryIO, size: int) -> AsyncIterator[bytes]:
        # A voice note goes out in one piece, and with it the request's head.
        before = self._before
        while size > _CHUNK:
            chunk = _read(file, _CHUNK)
            size -= len(chunk)
            yield before + chunk
            before = b""
        yield before + _read(file, size) + self._after


@dataclass(frozen=True, slots=True)
class DataUrl:
    """Stands in a JSON document for a text: a `data:` URL (RFC 2397) with a file's content."""

    mime_type: str
    file: Path


class JsonBody:
    """A JSON document in which a Path stands for the file's content in base64."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        files: list[Path] = []
        mark = secrets.token_hex(16)

        def keep(value: object) -> str:
            if isinstance(value, DataUrl):
                files.append(value.file)
                return f"data:{value.mime_type};base64,{mark}"
            if not isinstance(value, Path):
                raise TypeError(f"cannot be sent: {type(value).__name__}")
            files.append(value)
            return mark

        texts = json.dumps(document, default=keep).split(mark)
        self._texts = [text.encode() for text in texts]
        self._files = files

    @contextmanager
    def opened(self) -> Iterator[Sending]:
        """See `Body`."""
        sizes = [file.stat().st_size for file in self._files]
        encoded = sum(-(-size // 3) * 4 for size in sizes)
        yield Sending(
            size=encoded + sum(map(len, self._texts)),
            mime_type="application/json",
            chunks=self._chunks(sizes),
        )

    async def _chunks(self, sizes: list[int]) -> AsyncIterator[bytes]:
        yield self._texts[0]
        for path, size, text in zip(self._files, sizes, self._texts[1:], strict=True):
            left = size
            with path.open("rb") as file:
                while left:
                    chunk = _read(file, min(left, _CHUNK))
                    left -= len(chunk)
                    yield base64.b64encode(chunk)
            yield text


def _read(file: BinaryIO, size: int) -> bytes:
    """The next so many bytes. Raises OSError if there are fewer."""
    chunk = file.read(size)
    if len(chunk) < size:
        raise OSError("the file has become shorter while it was sent")
    return chunk
