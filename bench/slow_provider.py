"""A provider that answers after a while: Groq's routes for transcripts and for chats, no others.

It waits without a thread a request, so that it does not get in the way of what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import threading
from types import TracebackType
from typing import Self

TRANSCRIPT = json.dumps({"text": "a" * 200, "language": "english", "duration": 1.0}).encode()
DESCRIPTION = json.dumps(
    {
        "choices": [{"message": {"content": "a" * 200}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50},
    }
).encode()

GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


class SlowProvider:
    """Answers every request `seconds` after it came, in a thread of its own; with a `spread` of
    0.25, up to a quarter sooner or later."""

    def __init__(self, seconds: float, *, spread: float = 0.0) -> None:
        self._seconds = seconds
        self._spread = spread
        self._requests = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server
        self.most_at_once = 0
        self._at_once = 0

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000), self._loop
        )
        self._server = starting.result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def settings(self) -> dict[str, str]:
        """With which workers ask it about sound and pictures."""
        port = self._server.sockets[0].getsockname()[1]
        return {
            "GROQ_BASE_URL": f"http://127.0.0.1:{port}/groq/v1",
            "GROQ_API_KEY": "of-the-bench",
            "BACKSCROLL_AUDIO_CHAIN": "groq",
            "BACKSCROLL_IMAGE_CHAIN": "groq",
            "GROQ_IMAGE_MODEL": "any-that-sees",
        }

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await _read_body(reader, head.lower())
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                await asyncio.sleep(self._next_seconds())
                self._at_once -= 1
                answer = DESCRIPTION if b"/chat/completions" in head else TRANSCRIPT
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"content-length: %d\r\n\r\n%s" % (len(answer), answer)
                )
                await writer.drain()
        writer.close()

    def _next_seconds(self) -> float:
        """Spread evenly, however few are asked for, and the same in every run."""
        self._requests += 1
        place = self._requests * GOLDEN_RATIO % 1
        return self._seconds * (1 + self._spread * (2 * place - 1))


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> None:
    for line in head.splitlines():
        name, _, value = line.partition(b":")
        if name == b"content-length":
            await reader.readexactly(int(value))
        elif name == b"transfer-encoding":
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
