"""What workers count of themselves, and how it comes to /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from typing import Any

import pytest

from tests.scene import Scene, wait_until
from workers.metered_gate import MeteredGate
from workers.meters import Meters
from workers.processors.base import ProcessingFailed
from workers.providers.gate import NoLimits
from workers.providers.trouble import Kind, Trouble


def values(meters: Meters) -> dict[tuple[str, ...], float]:
    return {
        (sample["name"], *sample["labels"].values()): sample["value"] for sample in meters.report()
    }


def test_times_are_counted_within_every_bound_above_them() -> None:
    meters = Meters()

    for seconds in (0.01, 0.3, 1000):
        meters.observe("t_seconds", seconds, provider="groq")

    found = values(meters)
    assert found["t_seconds_bucket", "groq", "0.01"] == 1
    assert found["t_seconds_bucket", "groq", "0.5"] == 2
    assert found["t_seconds_bucket", "groq", "120.0"] == 2
    assert found["t_seconds_bucket", "groq", "+Inf"] == 3
    assert found["t_seconds_count", "groq"] == 3
    assert found["t_seconds_sum", "groq"] == pytest.approx(1000.31)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "answered"),
        (ProcessingFailed("provider_refused", "no"), "answered"),
        (Trouble(Kind.BUSY, "429"), "busy"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_each_request_to_a_provider_is_counted_by_what_came_of_it(
    error: BaseException | None, outcome: str
) -> None:
    meters = Meters()

    async def ask() -> None:
        async with MeteredGate(NoLimits(), meters).share("groq"):
            assert values(meters)["backscroll_provider_in_flight", "groq"] == 1
            assert values(meters)["backscroll_provider_waiting", "groq"] == 0
            if error is not None:
                raise error

    with contextlib.suppress(type(error) if error else ()):
        asyncio.run(ask())

    found = {
        (sample["name"], sample["labels"].get("outcome")): sample["value"]
        for sample in meters.report()
    }
    assert found["backscroll_provider_requests_total", outcome] == 1
    assert found["backscroll_provider_in_flight", None] == 0
    assert found["backscroll_provider_request_seconds_count", None] == 1


def told(scene: Scene, name: str, **labels: str) -> Any:
    return scene.sql.value(
        "select sum(value) from batch.metrics() where name = %s and labels @> %s::jsonb",
        name, json.dumps(labels),
    )  # fmt: skip


def test_a_workers_last_counts_are_told_when_it_stops(scene: Scene) -> None:
    scene.add("text hello", count=5)
    worker = scene.workers.start()
    job_id = scene.create()
    scene.wait_for(job_id, status="completed")

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0

    assert told(scene, "backscroll_recorder_results_total") == 5
    assert told(scene, "backscroll_recorder_flush_seconds_count") >= 1
    assert told(scene, "backscroll_workers") == 0


def test_a_living_worker_tells_of_its_pools_and_listeners(scene: Scene) -> None:
    scene.workers.start()

    wait_until(lambda: told(scene, "backscroll_worker_listener_up") == 2, "both listeners to be up")

    assert told(scene, "backscroll_worker_pool_connections", state="waiting") == 0
    assert told(scene, "backscroll_worker_pool_connections", pool="worker") >= 1
