"""HTTP/1.1 as lean as can be: a client that takes time of its own would be measured too."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import Any
from uuid import UUID

from bench.server import Session


def api_key(session: Session) -> str:
    """A key that may do everything."""
    return str(session.value("select key from batch.create_api_key('bench', '{admin}')"))


class Client:
    """One connection that stays open."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"x-api-key": key, "content-type": "application/json"}

    def create(self, request: dict[str, Any]) -> UUID:
        """Creates a job; its answer has been read when this returns."""
        answer = self.ask("POST", "/api/v1/batch-jobs", json.dumps(request))
        return UUID(answer["id"])

    def ask(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content.decode()}")
        decoded: dict[str, Any] = json.loads(content)
        return decoded


async def count_answers(port: int, key: str, path: str, connections: int, seconds: float) -> float:
    """How many GETs a second the server answers with 200 over so many open connections."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    began = loop.time()
    counts = await asyncio.gather(*(_ask_on(port, key, path, until) for _ in range(connections)))
    return sum(counts) / (loop.time() - began)


async def _ask_on(port: int, key: str, path: str, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = request_head(path, key)
    loop, count = asyncio.get_running_loop(), 0
    try:
        while loop.time() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{path}: {head.decode()}")
            lines = head.lower().split(b"\r\n")
            (length,) = (line[15:] for line in lines if line.startswith(b"content-length:"))
            await reader.readexactly(int(length))
            count += 1
    finally:
        writer.close()
    return count


def request_head(path: str, key: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\n\r\n".encode()
