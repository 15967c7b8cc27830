"""A provider that is none: speaks the routes of OpenAI, Groq and Gemini that Backscroll uses.

    python -m demo.stand_in [--port 8099]

It costs nothing, needs no key, and its answers follow from the bytes received: a transcript names
their digest, so that a reader can tell what arrived. The first part of the path is the provider's
name: point GROQ_BASE_URL at `/groq/v1`, OPENAI_BASE_URL at `/openai/v1`, GEMINI_BASE_URL at
`/google/v1beta`. Tests use `StandIn` to have it answer late, wrongly or not at all, and to count
what it received and what it would have billed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from demo.stand_in_routes import Answerer, Billed, Received, read_and_answer

_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered; as usual if nothing is said.

    A request is billed when its answer is 200, whether or not it arrives.
    """

    status: int = 200
    error: Mapping[str, Any] | None = None
    """What stands in `error` when the status is not 200."""
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, Any] | None = None
    """Instead of the usual JSON."""
    body: bytes | None = None
    """Instead of any JSON."""
    latency: float = 0.0
    hold: threading.Event | None = None
    """The answer waits until it is set."""
    has_come: threading.Event | None = None
    """Set as soon as the request has been read whole."""
    resets: bool = False
    """The connection is reset when the request has been read whole."""
    hangs_up_after: int | None = None
    """Bytes of the answer's body after which the connection is reset."""
    bytes_per_second: int = 0
    """Of the answer's body; 0 means at once."""


USUAL = Behaviour()


class StandIn:
    """The server, in a thread of its own for as long as the context lasts.

    `default` is how requests are answered that no other behaviour was planned for.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.default = USUAL
        self.received: list[Received] = []
        self.billed: list[Billed] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._planned: dict[str, deque[Behaviour]] = {}
        self._always: dict[str, Behaviour] = {}
        self._held: list[threading.Event] = []
        self._server = _Server((host, port), _Handler)
        self._server.stand_in = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def address(self) -> str:
        """Such as `http://127.0.0.1:8099`."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def base_url(self, provider: str) -> str:
        """What to set as the provider's base address."""
        return f"{self.address}/{provider}/{'v1beta' if provider == 'google' else 'v1'}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings with which workers use it."""
        return {
            "GROQ_BASE_URL": self.base_url("groq"),
            "OPENAI_BASE_URL": self.base_url("openai"),
            "GEMINI_BASE_URL": self.base_url("google"),
        }

    def plan(self, provider: str, *behaviours: Behaviour) -> None:
        """How the provider's next requests are answered, in their order."""
        with self._lock:
            self._planned.setdefault(provider, deque()).extend(behaviours)

    def always(self, provider: str, behaviour: Behaviour) -> None:
        """How all the provider's requests are answered once none is planned."""
        self._always[provider] = behaviour

    def asked(self, provider: str) -> int:
        """How many requests the provider got."""
        with self._lock:
            return Counter(each.provider for each in self.received)[provider]

    def __enter__(self) -> StandIn:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for hold in self._held:
            hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _begin(self, received: Received) -> Behaviour:
        with self._lock:
            self.received.append(received)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            planned = self._planned.get(received.provider)
            behaviour = (
                planned.popleft() if planned else self._always.get(received.provider, self.default)
            )
            if behaviour.hold is not None:
                self._held.append(behaviour.hold)
            return behaviour

    def _end(self) -> None:
        with self._lock:
            self._at_once -= 1

    def _bill(self, billed: Billed) -> None:
        with self._lock:
            self.billed.append(billed)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    stand_in: StandIn

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        # A small answer in two packets would otherwise wait for the client's acknowledgement.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        self._send(200, {}, json.dumps({"object": "list", "data": []}).encode(), USUAL)

    def do_POST(self) -> None:
        body = self._read_body()
        provider, _, rest = self.path.lstrip("/").partition("/")
        route = rest.partition("/")[2]
        headers = {name.lower(): value for name, value in self.headers.items()}
        known = read_and_answer(route)
        if known is None:
            self._send(404, {}, b'{"error": {"message": "no such route"}}', USUAL)
            return
        reader, answerer = known
        received = reader(provider, unquote(route), headers, body)
        behaviour = self.server.stand_in._begin(received)
        try:
            document = self._made(received, behaviour, answerer)
        finally:
            # Before the answer goes: whoever has it may send the next request at once.
            self.server.stand_in._end()
        self._answer(document, behaviour)

    def _made(
        self, received: Received, behaviour: Behaviour, answerer: Answerer
    ) -> Mapping[str, Any]:
        """What is answered, when it is time to; it is billed then."""
        if behaviour.has_come is not None:
            behaviour.has_come.set()
        if behaviour.hold is not None:
            behaviour.hold.wait(_PATIENCE_SECONDS)
        time.sleep(behaviour.latency)
        if behaviour.status != 200:
            return {"error": behaviour.error or {"message": f"status {behaviour.status}"}}
        document, billed = answerer(received)
        self.server.stand_in._bill(replace(billed, key=received.key, at=time.monotonic()))
        return document if behaviour.answer is None else dict(behaviour.answer)

    def _answer(self, document: Mapping[str, Any], behaviour: Behaviour) -> None:
        if behaviour.resets:
            self._reset()
            return
        body = behaviour.body if behaviour.body is not None else json.dumps(document).encode()
        self._send(behaviour.status, behaviour.headers, body, behaviour)

    def _send(
        self, status: int, headers: Mapping[str, str], body: bytes, behaviour: Behaviour
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if behaviour.hangs_up_after is not None:
            self.wfile.write(body[: behaviour.hangs_up_after])
            self.wfile.flush()
            self._reset()
            return
        if not behaviour.bytes_per_second:
            self.wfile.write(body)
            return
        with contextlib.suppress(OSError):
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                time.sleep(1 / behaviour.bytes_per_second)

    def _reset(self) -> None:
        """Ends the connection as a crash would: with RST."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        # The file objects keep the socket open; only when all are closed is the RST sent.
        with contextlib.suppress(OSError):
            self.rfile.close()
            self.wfile.close()
            self.connection.close()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = bytearray()
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def main() -> None:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(description="A provider that is none, for trying things out.")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds before each answer")
    given = parser.parse_args()
    with StandIn(given.port) as stand_in:
        stand_in.default = Behaviour(latency=given.latency)
        for name, value in stand_in.environment.items():
            print(f"export {name}={value}")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        for kind, number in sorted(Counter(each.provider for each in stand_in.billed).items()):
            print(f"{kind}: {number} requests billed")


if __name__ == "__main__":
    main()
