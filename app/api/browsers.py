"""What answers tell browsers, and who is kept out before anything is looked up."""

from __future__ import annotations

from falcon.asgi import Request, Response

from app.api.access import port_of
from app.api.problems import BadRequest

_EXPOSED = "X-Request-Id, Location, Retry-After, Idempotency-Replayed"
_ALLOWED = "x-api-key, authorization, content-type, idempotency-key, last-event-id, x-request-id"
_PREFLIGHT_SECONDS = "600"
_ON_METRICS_PORT = {"/metrics", "/healthz", "/readyz"}


class SafeAnswers:
    """Headers that keep browsers from guessing what an answer is, keeping it, or running it.

    A resource whose pages need more than nothing sets its own Content-Security-Policy, and one
    whose answers may be kept its own Cache-Control.
    """

    async def process_response(
        self, req: Request, resp: Response, resource: object, req_succeeded: bool
    ) -> None:
        resp.set_header("X-Content-Type-Options", "nosniff")
        if resp.get_header("Cache-Control") is None:
            resp.set_header("Cache-Control", "no-store")
        resp.set_header("Referrer-Policy", "no-referrer")
        if resp.get_header("Content-Security-Policy") is None:
            resp.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        # gunicorn believes X-Forwarded-Proto from the proxies of FORWARDED_ALLOW_IPS alone.
        if req.scope["scheme"] == "https":
            resp.set_header("Strict-Transport-Security", "max-age=31536000")


class Cors:
    """Lets pages of `origins` call the API from browsers; without any, of none.

    Keys are sent in headers that a page sets by itself, so no origin is allowed credentials, and
    `*` opens nothing to a page that has no key.
    """

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._origins = frozenset(origins)

    async def process_response(
        self, req: Request, resp: Response, resource: object, req_succeeded: bool
    ) -> None:
        if not self._origins:
            return
        if "*" not in self._origins:
            resp.append_header("Vary", "Origin")
        origin = req.get_header("Origin")
        if origin is None or self._origins.isdisjoint({"*", origin}):
            return
        resp.set_header("Access-Control-Allow-Origin", "*" if "*" in self._origins else origin)
        resp.set_header("Access-Control-Expose-Headers", _EXPOSED)
        if req.method == "OPTIONS" and req.get_header("Access-Control-Request-Method"):
            resp.set_header("Access-Control-Allow-Methods", resp.get_header("Allow") or "")
            resp.set_header("Access-Control-Allow-Headers", _ALLOWED)
            resp.set_header("Access-Control-Max-Age", _PREFLIGHT_SECONDS)


class MetricsOnly:
    """Serves at the port of BACKSCROLL_METRICS_BIND nothing but what machines watch."""

    def __init__(self, port: int | None) -> None:
        self._port = port

    async def process_request(self, req: Request, resp: Response) -> None:
        if (
            self._port is not None
            and port_of(req) == self._port
            and req.path not in _ON_METRICS_PORT
        ):
            raise BadRequest(404, f"there is nothing at {req.path}")
