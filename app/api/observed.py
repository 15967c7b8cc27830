"""Every request from outside: its id, its line in the log, its count, and its time to arrive.

It stands around Falcon, not in it: so it sees requests that end before Falcon has begun with
them, and answers until their last byte has gone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from falcon.asgi import App, Request, Response

from app import log_context
from app.api.access import Caller
from app.api.meters import HttpMeters
from app.api.problems import MEDIA_PROBLEM, BadRequest, problem
from app.api.request_ids import HEADER, request_id_of
from app.database import Waited, waited
from app.log import facts

logger = logging.getLogger("app.api.access_log")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

CLIENT_LEFT = 499
"""In the log and in metrics, as nginx writes it: the client went away before it was answered."""
_KEY = "backscroll.exchange"
_QUIET_ROUTES = {"/healthz", "/readyz", "/metrics"}
"""Asked by machines every few seconds; their lines would bury the others."""


@dataclass(slots=True)
class Exchange:
    """One request and what became of it."""

    method: str
    began: float
    route: str | None = None
    key_name: str | None = None
    status: int = CLIENT_LEFT
    is_begun: bool = False
    is_stream: bool = False


class ObservedApp(App[Request, Response]):
    """A Falcon application whose requests are counted, logged, and must arrive in time.

    `request_timeout`: the seconds that a client has for its body.
    """

    def __init__(self, meters: HttpMeters, request_timeout: float, **named: Any) -> None:
        super().__init__(**named)
        self.meters = meters
        self._request_timeout = request_timeout

    async def __call__(  # type: ignore[override]  # as Falcon's own differs from its parent's
        self, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answers one request, as ASGI wants it; lifespan events go to Falcon."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        # ASGI promises no more than that these can be gone through once.
        scope = {
            **scope,
            "headers": [tuple(header) for header in scope["headers"]],
            "server": tuple(scope["server"]) if scope.get("server") else None,
        }
        request_id = request_id_of(scope["headers"])
        log_context.request_id.set(request_id)
        log_context.job_id.set(None)
        waited.set(Waited())
        exchange = Exchange(scope["method"], time.monotonic())
        scope[_KEY] = exchange
        body = _Body(receive, self._request_timeout)

        async def answer(event: dict[str, Any]) -> None:
            if event["type"] == "http.response.start":
                exchange.is_begun = True
                exchange.status = event["status"]
                waited.set(None)  # nobody waits for an answer that has begun; a stream goes on
                headers = [*event.get("headers", []), (HEADER, request_id.encode())]
                exchange.is_stream = any(
                    name.lower() == b"content-type" and value.startswith(b"text/event-stream")
                    for name, value in headers
                )
                event = {**event, "headers": headers}
                self.meters.begin_answer(exchange.is_stream)
            await send(event)

        self.meters.begin()
        try:
            await super().__call__(scope, body.receive, answer)
        except BadRequest as late:  # Falcon asks for the beginning of a body before all else
            if not exchange.is_begun:
                await _answer(answer, late)
        finally:
            seconds = time.monotonic() - exchange.began
            self.meters.end(
                exchange.method, exchange.route, exchange.status, seconds,
                exchange.is_begun and exchange.is_stream,
            )  # fmt: skip
            _log(exchange, seconds)


class Observer:
    """Middleware: notes for the log what only Falcon knows: the route, and whose key it was."""

    async def process_resource(
        self, req: Request, resp: Response, resource: object, params: dict[str, Any]
    ) -> None:
        log_context.job_id.set(_job_id(params))

    async def process_response(
        self, req: Request, resp: Response, resource: object, req_succeeded: bool
    ) -> None:
        exchange: Exchange | None = req.scope.get(_KEY)
        if exchange is not None:
            exchange.route = req.uri_template
            caller: Caller | None = getattr(req.context, "caller", None)
            exchange.key_name = caller.name if caller else None


class _Body:
    """Receives a request's body, for so long. Half a body is never taken for a whole one."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._due: float | None = asyncio.get_running_loop().time() + seconds

    async def receive(self) -> dict[str, Any]:
        """The next event. Raises BadRequest (408) for a body that does not come to its end."""
        try:
            async with asyncio.timeout_at(self._due):
                event = await self._receive()
        except TimeoutError:
            raise BadRequest(
                408, f"the body did not arrive within {self._seconds:g} s", {"Connection": "close"}
            ) from None
        if self._due is not None and event["type"] == "http.disconnect":
            raise BadRequest(408, "the client left before its body had arrived")
        if not event.get("more_body", False):
            self._due = None  # all is here: what comes now is the client's leaving
        return event


async def _answer(answer: Send, error: BadRequest) -> None:
    body = problem(error.status, error.detail).encode()
    headers = [
        (b"content-type", MEDIA_PROBLEM.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.encode(), value.encode()) for name, value in error.headers.items()),
    ]
    await answer({"type": "http.response.start", "status": error.status, "headers": headers})
    await answer({"type": "http.response.body", "body": body})


def _job_id(params: dict[str, Any]) -> str | None:
    try:
        return str(UUID(params["job"]))
    except (LookupError, ValueError):
        return None


def _log(exchange: Exchange, seconds: float) -> None:
    """A line per request. Queries and bodies stay out of it: people's data may be in them."""
    is_quiet = exchange.route in _QUIET_ROUTES and exchange.status < 500
    logger.log(
        logging.DEBUG if is_quiet else logging.INFO,
        "%s %s %d %.1f ms%s",
        exchange.method,
        exchange.route or "(no such route)",
        exchange.status,
        seconds * 1000,
        f" by {exchange.key_name!r}" if exchange.key_name else "",
        extra=facts(
            method=exchange.method,
            route=exchange.route,
            status=exchange.status,
            ms=round(seconds * 1000, 1),
            key=exchange.key_name,
        ),
    )
