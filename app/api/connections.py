"""gunicorn's ASGI worker, made firm towards clients: `worker_class` of gunicorn.conf.py.

What it adds to gunicorn 27, which has no setting for it:

- a client that does not send its headers in time is answered 408 and let go; without that, one
  that sends a byte a minute keeps its connection for ever;
- what gunicorn's HTTP parser refuses is a problem (RFC 9457), like every other error;
- as many connections may wait to be taken as gunicorn's setting `backlog` says. Left to the event
  loop it is 100; the kernel drops more without a word, and their clients try again after 1, 3, 7
  seconds, or send a request that nobody takes for as long;
- told to stop, it ends streams and closes connections that no request is on. Those that clients
  merely keep would otherwise use up the time that requests in flight are given. SIGINT does too: a
  terminal's Ctrl-C reaches all processes, and how quickly to stop is for gunicorn's first to say.

A client that is slow with its body is `app.api.observed`'s business.
"""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from typing import Any
from weakref import WeakSet

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

from app.api.problems import MEDIA_PROBLEM, problem
from app.settings import load_settings

_DETAILS = {
    414: "the request line is too long",
    431: "the headers are too many or too long",
}


class ApiWorker(gasgi.ASGIWorker):  # type: ignore[misc]
    """Serves the API in one process."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.request_timeout = load_settings().request_timeout
        self.connections: WeakSet[Connection] = WeakSet()

    def init_process(self) -> None:
        # Under this name gunicorn's worker looks up what to make of a connection.
        gasgi.ASGIProtocol = Connection
        super().init_process()

    def _setup_event_loop(self) -> None:
        super()._setup_event_loop()
        self.loop.create_server = partial(self.loop.create_server, backlog=self.cfg.backlog)

    def init_signals(self) -> None:
        super().init_signals()
        self.loop.add_signal_handler(signal.SIGINT, self.handle_exit_signal)

    def handle_exit_signal(self) -> None:
        super().handle_exit_signal()
        self.state.get("end_streams", lambda: None)()
        for connection in list(self.connections):
            connection.close_if_idle()


class Connection(ASGIProtocol):  # type: ignore[misc]
    """One connection of a client."""

    def __init__(self, worker: ApiWorker) -> None:
        super().__init__(worker)
        self._has_begun = False
        self._headers_due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # For requests after the first, gunicorn's keep-alive timer covers the headers too.
        self._headers_due = self.worker.loop.call_later(
            self.worker.request_timeout, self._give_up_on_headers
        )
        super().connection_made(transport)
        self.worker.connections.add(self)

    def data_received(self, data: bytes) -> None:
        self._has_begun = True
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def close_if_idle(self) -> None:
        """Closes the connection, unless a request is on it."""
        if self._awaiting_request and not self._finishing_calls:
            self._keepalive_timeout()

    def _on_headers_complete(self) -> Any:
        self._stop_waiting()
        return super()._on_headers_complete()

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _give_up_on_headers(self) -> None:
        if self._has_begun:  # browsers open connections that they may never use
            self._send_error_response(
                408, f"the headers did not arrive within {self.worker.request_timeout:g} s"
            )
        self._keepalive_timeout()

    def _send_error_response(
        self, status: int, message: str, extra_headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """A problem in the place of gunicorn's plain text, which quotes the request."""
        detail = _DETAILS.get(status) or (
            message if status == 408 else "the request is not HTTP that can be understood"
        )
        body = problem(status, detail).encode()
        headers = [
            ("Content-Type", MEDIA_PROBLEM),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "no-store"),
            *extra_headers,
            ("Connection", "close"),
        ]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        head = f"HTTP/1.1 {status} {self._get_reason_phrase(status)}\r\n{lines}\r\n"
        self._safe_write(head.encode("latin-1") + body)
