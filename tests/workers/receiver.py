"""A receiver of webhooks, as its users write them: it verifies, and fails as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request: `headers` with names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """The payload. Raises WebhookVerificationError for a wrong signature or an old time."""
        payload: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return payload


Answer = int | tuple[int, dict[str, str], bytes] | Callable[[socket.socket], None]
"""A status; or one with headers and body; or what is done with the connection instead."""


class Receiver:
    """Answers each path with what `answers` has for it, one after the other; then with 204."""

    def __init__(self) -> None:
        self.answers: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self.received: list[Received] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                waiting = receiver.answers[self.path]
                answer = waiting.popleft() if waiting else 204
                receiver.received.append(Received(self.path, headers, body))
                if callable(answer):
                    answer(self.connection)
                    self.close_connection = True
                    return
                status, more, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
                self.send_response(status)
                for name, value in {"content-length": str(len(content)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: object) -> None:
                """A client that hung up is no error here."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def of(self, path: str) -> list[Received]:
        return [each for each in self.received if each.path == path]


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()


def reset(connection: socket.socket) -> None:
    """Breaks the connection off as a crashing server does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def holding(release: threading.Event) -> Callable[[socket.socket], None]:
    """Says nothing until it is released, and then hangs up."""

    def hold(_: socket.socket) -> None:
        release.wait(60)

    return hold
