"""/metrics: what Prometheus reads, who may, and how several processes answer as one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.api.metrics import KNOWN
from tests.api.conftest import GUNICORN, JOBS, assert_problem, key_header, served
from tests.database import Sql, add_chat, open_sql
from tests.processes import answers, awaited, free_port, running

BODY = {"jobType": "time_based_batch", "daysBack": 7}


def samples(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels; what Prometheus could not read fails."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.type != "unknown", family.name
        assert family.documentation, family.name
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"{key} is there twice"
            found[key] = sample.value
    return found


def value(client: httpx.Client, name: str, **labels: str) -> float:
    return samples(client).get((name, frozenset(labels.items())), 0.0)


@pytest.fixture
def counted(database_url: str) -> Iterator[httpx.Client]:
    with served(database_url) as (client, _):
        yield client


def test_jobs_queue_and_workers_are_told_from_the_database(
    counted: httpx.Client, own_sql: Sql
) -> None:
    counted.post(JOBS, json=BODY)
    own_sql.worker()

    assert value(counted, "backscroll_jobs", status="pending") == 1
    assert value(counted, "backscroll_queue_tasks", task="plan_job", status="todo") == 1
    assert value(counted, "backscroll_queue_oldest_task_seconds") > 0
    assert value(counted, "backscroll_workers") == 1
    assert value(counted, "backscroll_worker_capacity", content_type="document") == 2
    assert value(counted, "backscroll_database_up") == 1


def test_requests_are_counted_by_route_and_not_by_what_strangers_make_up(
    counted: httpx.Client,
) -> None:
    for path in (JOBS, f"{JOBS}/{uuid4()}", f"{JOBS}/{uuid4()}", "/made-up", "/also-made-up"):
        counted.get(path)

    one_job = f"{JOBS}/{{job}}"
    assert (
        value(counted, "backscroll_http_requests_total", method="GET", route=JOBS, status="200")
        == 1
    )
    assert (
        value(counted, "backscroll_http_requests_total", method="GET", route=one_job, status="404")
        == 2
    )
    assert (
        value(counted, "backscroll_http_requests_total", method="GET", route="none", status="404")
        == 2
    )
    assert value(counted, "backscroll_http_request_seconds_count", method="GET", route=one_job) == 2
    assert value(counted, "backscroll_http_requests_in_flight") == 1  # this very one
    assert value(counted, "backscroll_http_pool_connections", state="waiting") == 0


def test_only_a_key_for_all_instances_may_see_the_numbers_of_all(
    counted: httpx.Client, database_url: str, own_sql: Sql
) -> None:
    limited = key_header(database_url, "jobs:read", instances=[add_chat(own_sql).instance_id])
    reader = key_header(database_url, "jobs:read")
    writer = key_header(database_url, "jobs:write")

    assert_problem(httpx.get(counted.base_url.join("/metrics"), trust_env=False), 401)
    assert_problem(counted.get("/metrics", headers=limited), 403)
    assert_problem(counted.get("/metrics", headers=writer), 403)
    assert counted.get("/metrics", headers=reader).status_code == 200


def test_a_bind_of_its_own_needs_no_key_and_serves_nothing_else(database_url: str) -> None:
    bind = f"127.0.0.1:{free_port()}"

    with (
        served(database_url, BACKSCROLL_METRICS_BIND=bind) as (api, _),
        httpx.Client(base_url=f"http://{bind}", trust_env=False) as metrics,
    ):
        assert value(metrics, "backscroll_database_up") == 1
        assert metrics.get("/healthz").status_code == 200
        assert_problem(metrics.get(JOBS, headers=dict(api.headers)), 404)
        # The name in a request does not decide where it has come in.
        disguised = httpx.get(
            api.base_url.join("/metrics"), headers={"host": bind}, trust_env=False
        )
        assert_problem(disguised, 401)


def test_whichever_process_is_asked_answers_for_all(database_url: str) -> None:
    bind = f"127.0.0.1:{free_port()}"
    settings = {"WEB_CONCURRENCY": "2", "BACKSCROLL_METRICS_BIND": bind}

    with served(database_url, **settings) as (api, _):

        def ask(_: int) -> None:
            # A connection each, so that both processes get some.
            httpx.get(api.base_url.join(JOBS), headers=api.headers, trust_env=False)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(ask, range(40)))

        for _ in range(6):
            with httpx.Client(base_url=f"http://{bind}", trust_env=False) as metrics:
                awaited(
                    lambda client=metrics: value(
                        client, "backscroll_http_requests_total",
                        method="GET", route=JOBS, status="200",
                    ) == 40
                )  # fmt: skip


def test_without_its_database_the_process_still_tells_of_itself() -> None:
    bind = f"127.0.0.1:{free_port()}"
    nowhere = f"postgresql://127.0.0.1:{free_port()}/nothing"
    address = f"127.0.0.1:{free_port()}"

    with (
        running(
            GUNICORN, DATABASE_URL=nowhere, BACKSCROLL_BIND=address, BACKSCROLL_METRICS_BIND=bind,
            BACKSCROLL_API_POOL_WAIT="0.3",
        ),
        httpx.Client(base_url=f"http://{bind}", trust_env=False) as metrics,
    ):  # fmt: skip
        awaited(lambda: answers(metrics, "/healthz"))

        found = samples(metrics)

        assert found["backscroll_database_up", frozenset()] == 0
        assert ("backscroll_http_requests_in_flight", frozenset()) in found


def test_everything_that_the_database_tells_is_known_by_name(database_url: str) -> None:
    with open_sql(database_url) as sql:
        told = {name for name, _, _ in sql.rows("select * from batch.metrics()")}

    assert told <= set(KNOWN) | {f"{name}_total" for name in KNOWN}
