"""The bodies of requests, made anew for each attempt, with files read while they are sent."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

_CHUNK = 3 * 2**16
"""A multiple of 3, so that the pieces in base64 join without padding between."""


class Body(Protocol):
    """Gives the arguments with which httpx sends it."""

    @property
    def size(self) -> int:
        """Bytes, exactly or a little more."""
        ...

    @contextmanager
    def opened(self) -> Iterator[dict[str, Any]]:
        """For `httpx.AsyncClient.stream`, as long as the context lasts."""
        ...


class FormBody:
    """Fields and a file, as `multipart/form-data`."""

    def __init__(
        self, fields: Mapping[str, str], file: Path, file_name: str, mime_type: str
    ) -> None:
        self._fields = dict(fields)
        self._file = file
        self._file_name = file_name
        self._mime_type = mime_type

    @property
    def size(self) -> int:
        return self._file.stat().st_size + 4096

    @contextmanager
    def opened(self) -> Iterator[dict[str, Any]]:
        with self._file.open("rb") as file:
            yield {
                "data": self._fields,
                "files": {"file": (self._file_name, file, self._mime_type)},
            }


class JsonBody:
    """A JSON document in which a Path stands for the file's content in base64."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        files: list[Path] = []
        mark = secrets.token_hex(16)

        def keep(value: object) -> str:
            if not isinstance(value, Path):
                raise TypeError(f"cannot be sent: {type(value).__name__}")
            files.append(value)
            return mark

        texts = json.dumps(document, default=keep).split(mark)
        self._texts = [text.encode() for text in texts]
        self._files = files

    @property
    def size(self) -> int:
        encoded = sum(-(-file.stat().st_size // 3) * 4 for file in self._files)
        return encoded + sum(map(len, self._texts))

    @contextmanager
    def opened(self) -> Iterator[dict[str, Any]]:
        yield {
            "content": self._chunks(),
            "headers": {"content-type": "application/json", "content-length": str(self.size)},
        }

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield self._texts[0]
        for path, text in zip(self._files, self._texts[1:], strict=True):
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield base64.b64encode(chunk)
            yield text
