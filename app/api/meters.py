"""What a process of the API counts of itself, for /metrics.

With several processes (WEB_CONCURRENCY) prometheus_client keeps the counts in files of a folder
that gunicorn.conf.py names, so that whichever process is asked answers for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.database import Database

# When each was counted first: of several processes nobody would tell it, and no page names it.
disable_created_metrics()  # type: ignore[no-untyped-call]

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class HttpMeters:
    """Requests, streams, the pool and the listener of this process."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter(
            "backscroll_http_requests_total", "Requests answered, or left by their client (499).",
            ["method", "route", "status"], registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "backscroll_http_request_seconds",
            "From a request's headers to the last byte of its answer; streams are left out.",
            ["method", "route"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._in_flight = Gauge(
            "backscroll_http_requests_in_flight", "Requests being answered, streams among them.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._streams = Gauge(
            "backscroll_http_open_streams", "Watchers: open streams of Server-Sent Events.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._pool = Gauge(
            "backscroll_http_pool_connections",
            "Connections of the API to the database: busy, idle, or requests waiting for one.",
            ["state"], registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip
        self._listening = Gauge(
            "backscroll_http_listener_up", "Processes of the API that hear NOTIFY now.",
            registry=registry, multiprocess_mode="livesum",
        )  # fmt: skip

    def begin(self) -> None:
        """A request has come."""
        self._in_flight.inc()

    def begin_answer(self, is_stream: bool) -> None:
        """Its answer begins."""
        if is_stream:
            self._streams.inc()

    def end(
        self, method: str, route: str | None, status: int, seconds: float, was_stream: bool
    ) -> None:
        """It has ended. What strangers make up (methods, routes) is counted under one name."""
        method = method if method in _METHODS else "other"
        route = route or "none"
        self._in_flight.dec()
        self._requests.labels(method, route, str(status)).inc()
        if was_stream:
            self._streams.dec()
        else:
            self._seconds.labels(method, route).observe(seconds)

    def note_pool(self, database: Database) -> None:
        """Takes down how the pool of connections is used now."""
        use = database.pool_use()
        for state, count in (("busy", use.busy), ("idle", use.idle), ("waiting", use.waiting)):
            self._pool.labels(state).set(count)

    def listener(self) -> Callable[[bool], None]:
        """For `on_state` of `app.listening.listen`."""
        return lambda is_up: self._listening.set(int(is_up))

    def registry(self) -> CollectorRegistry:
        """With the counts of all processes of this server."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry
