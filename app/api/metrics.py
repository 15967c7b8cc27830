"""`/metrics`: what Prometheus reads, of the database, of the workers, and of this API.

Open on BACKSCROLL_METRICS_BIND. Elsewhere it needs a key with jobs:read that is not limited to
instances, since the numbers are of all of them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psycopg
from falcon.asgi import Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.api.access import READ, caller_of
from app.api.meters import HttpMeters
from app.api.problems import BadRequest
from app.database import Database
from app.database_errors import DatabaseAway

logger = logging.getLogger(__name__)

MEDIA_METRICS = "text/plain; version=0.0.4; charset=utf-8"

KNOWN: Mapping[str, tuple[str, str]] = {
    "backscroll_jobs": ("gauge", "Batch jobs by status."),
    "backscroll_items_processed": ("counter", "Items whose text was made, by content type."),
    "backscroll_items_failed": ("counter", "Items that failed, by the stage in which they did."),
    "backscroll_items_skipped": ("counter", "Items left alone since their text had been made."),
    "backscroll_items_reused": ("counter", "Processed items that were given an existing text."),
    "backscroll_items_unpriced": ("counter", "Items whose cost is not known: no price is."),
    "backscroll_spending_usd": ("counter", "US dollars that all items have cost."),
    "backscroll_tokens": ("counter", "Tokens that all items have used."),
    "backscroll_queue_tasks": ("gauge", "Tasks in the queue, by task and status."),
    "backscroll_queue_oldest_task_seconds": ("gauge", "How long the oldest task has waited."),
    "backscroll_slices": ("gauge", "Slices in the queue, and slices in workers' hands."),
    "backscroll_workers": ("gauge", "Workers that are alive."),
    "backscroll_worker_capacity": ("gauge", "Items they process at a time, by content type."),
    "backscroll_recorder_flush_seconds": (
        "histogram", "How long it takes a worker to record what it has finished.",
    ),
    "backscroll_recorder_results": ("counter", "Results that workers have recorded."),
    "backscroll_recorder_waiting_results": ("gauge", "Results that wait to be recorded."),
    "backscroll_provider_requests": (
        "counter", "Requests to providers, by what came of them.",
    ),
    "backscroll_provider_request_seconds": ("histogram", "How long a provider took to answer."),
    "backscroll_provider_wait_seconds": (
        "histogram", "How long requests waited for their turn under the provider's limits.",
    ),
    "backscroll_provider_waiting": ("gauge", "Requests that wait for their turn."),
    "backscroll_provider_in_flight": ("gauge", "Requests that a provider is answering."),
    "backscroll_worker_pool_connections": (
        "gauge", "Workers' connections to the database: busy, idle, or calls waiting for one.",
    ),
    "backscroll_worker_listener_up": ("gauge", "Workers that hear NOTIFY now, by what they hear."),
}  # fmt: skip
"""Of the database and the workers: name -> type and meaning."""

_DATABASE_UP = "backscroll_database_up"


class Metrics:
    """What is measured, in Prometheus' text format."""

    scope = READ

    def __init__(self, database: Database, meters: HttpMeters, open_port: int | None) -> None:
        self._database = database
        self._meters = meters
        self.open_port = open_port

    async def on_get(self, req: Request, resp: Response) -> None:
        """403 for a key that is limited to instances. Answers also while the database is away."""
        if hasattr(req.context, "caller") and caller_of(req).instances is not None:
            raise BadRequest(403, "metrics are of all instances; this API key is limited to some")
        samples, is_up = await self._samples()
        registry = CollectorRegistry()
        registry.register(_Read(samples, is_up))
        self._meters.note_pool(self._database)
        resp.content_type = MEDIA_METRICS
        resp.data = generate_latest(registry) + generate_latest(self._meters.registry())

    async def _samples(self) -> tuple[list[tuple[Any, ...]], bool]:
        try:
            return await self._database.rows("select * from batch.metrics()"), True
        except (DatabaseAway, psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName):
            logger.warning("metrics are without the database's: it is away, or not migrated")
            return [], False


class _Read(Collector):
    """Samples that were read before, as prometheus_client wants to write them."""

    def __init__(self, samples: Iterable[tuple[Any, ...]], is_up: bool) -> None:
        self._samples = samples
        self._is_up = is_up

    def collect(self) -> Iterator[Metric]:
        up = Metric(_DATABASE_UP, "Whether the database answered when this was read.", "gauge")
        up.add_sample(_DATABASE_UP, {}, int(self._is_up))
        yield up
        families: dict[str, Metric] = {}
        for name, labels, value in self._samples:
            family = _family(name)
            if family is None:  # of a worker of another release
                continue
            if family not in families:
                kind, meaning = KNOWN[family]
                families[family] = Metric(family, meaning, kind)
            families[family].add_sample(name, labels, float(value))
        yield from families.values()


def _family(sample: str) -> str | None:
    """The metric that a sample belongs to: `..._bucket`, `_sum` and `_count` to a histogram."""
    if sample in KNOWN:
        return sample
    for ending in ("_total", "_bucket", "_sum", "_count"):
        if sample.removesuffix(ending) in KNOWN:
            return sample.removesuffix(ending)
    return None
