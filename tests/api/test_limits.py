"""Clients that are slow, too large or not HTTP; and a stop that cuts off nobody."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from tests.api.conftest import JOBS, assert_problem, served
from tests.database import Sql, open_sql
from tests.processes import PATIENCE_SECONDS, answers, awaited, children_of

HEAD = f"POST {JOBS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def head(client: httpx.Client) -> str:
    """The beginning of a request for a job, up to how its body is framed."""
    return f"{HEAD}x-api-key: {client.headers['x-api-key']}\r\n"


@contextmanager
def connection(client: httpx.Client) -> Iterator[socket.socket]:
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), 20) as opened:
        yield opened


def problem_from(opened: socket.socket) -> tuple[int, dict[str, Any]]:
    """Reads until the server closes: the status, and the problem that the answer must be."""
    received = b""
    while more := opened.recv(65536):
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head, received
    return int(head.split()[1]), json.loads(body)


@pytest.fixture(scope="module")
def hasty(api_database_url: str) -> Iterator[httpx.Client]:
    """The API, which gives clients a second for their headers and bodies."""
    with served(api_database_url, BACKSCROLL_REQUEST_TIMEOUT="1") as (client, _):
        yield client


@pytest.mark.parametrize("begun", [b"GET", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_client_that_never_ends_its_headers_is_let_go(hasty: httpx.Client, begun: bytes) -> None:
    with connection(hasty) as opened:
        opened.sendall(begun)

        status, problem = problem_from(opened)

    assert (status, problem["title"]) == (408, "Request Timeout")
    assert "headers" in problem["detail"]


def test_trickling_headers_gains_no_time(hasty: httpx.Client) -> None:
    with connection(hasty) as opened:
        opened.settimeout(0.05)
        began = time.monotonic()
        received = b""
        while not received and time.monotonic() < began + 20:
            opened.sendall(b"G" if time.monotonic() - began < 0.1 else b"E")
            try:
                received = opened.recv(65536)
            except TimeoutError:
                continue

    assert received.startswith(b"HTTP/1.1 408 ")


def test_a_connection_on_which_nothing_was_asked_is_closed_without_a_word(
    hasty: httpx.Client,
) -> None:
    with connection(hasty) as opened:
        assert opened.recv(100) == b""


@pytest.mark.parametrize(
    "framing", ["Content-Length: 100\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n64\r\n"]
)
@pytest.mark.parametrize("begun", ["", "{", '{"jobType": "time_based_batch", "daysBack": 7}'])
def test_a_client_that_never_ends_its_body_is_let_go_and_starts_nothing(
    hasty: httpx.Client, api_sql: Sql, framing: str, begun: str
) -> None:
    before = api_sql.value("select count(*) from batch.jobs")
    with connection(hasty) as opened:
        opened.sendall(f"{head(hasty)}{framing}{begun}".encode())

        status, _ = problem_from(opened)

    assert status == 408
    assert api_sql.value("select count(*) from batch.jobs") == before


def test_a_client_that_leaves_in_the_middle_of_a_whole_json_starts_nothing(
    api: httpx.Client, api_sql: Sql
) -> None:
    before = api_sql.value("select count(*) from batch.jobs")
    body = '{"jobType": "time_based_batch", "daysBack": 7}'
    with connection(api) as opened:
        opened.sendall(f"{head(api)}Content-Length: 100\r\n\r\n{body}".encode())
        opened.shutdown(socket.SHUT_WR)
        while opened.recv(65536):
            pass

    assert api_sql.value("select count(*) from batch.jobs") == before


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (f"GET /{'x' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (f"GET / HTTP/1.1\r\nHost: x\r\nX-Long: {'x' * 9000}\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: x\r\n" + "X-Many: 1\r\n" * 200 + "\r\n", 431),
        ("GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n", 400),
    ],
)
def test_what_is_not_http_that_can_be_served_is_a_problem_too(
    api: httpx.Client, request_: str, status: int
) -> None:
    with connection(api) as opened:
        opened.sendall(request_.encode())

        answered, problem = problem_from(opened)

    assert answered == status == problem["status"]
    assert problem["type"].startswith("urn:backscroll:problem:")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: httpx.Client) -> None:
    with connection(api) as opened:
        opened.sendall(f"{head(api)}Content-Length: 2000000\r\n\r\n{{".encode())

        status, _ = problem_from(opened)

    assert status == 413


def test_many_clients_that_come_at_once_are_all_answered(api_database_url: str) -> None:
    with served(api_database_url) as (api, program), ExitStack() as stack:
        processes = children_of(program.process.pid)
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            # The kernel would drop what it has no room for, and the client try again after 1 s.
            address = (api.base_url.host, api.base_url.port)
            clients = [
                stack.enter_context(socket.create_connection(address, 0.9)) for _ in range(600)
            ]
            for client in clients:
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)

        for client in clients:
            client.settimeout(20)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_request_that_meets_a_lock_is_answered_before_its_client_gives_up(
    api_database_url: str, api: httpx.Client
) -> None:
    created = api.post(JOBS, json={"jobType": "time_based_batch", "daysBack": 7})
    with open_sql(api_database_url) as sql, sql.uncommitted():
        sql.run("select from batch.jobs where id = %s for update", created.json()["id"])

        problem = assert_problem(api.post(f"{created.headers['location']}/cancel"), 503)

    assert "lock" in problem["detail"]


def slow_answer(client: httpx.Client) -> httpx.Response:
    request = {"jobType": "time_based_batch", "daysBack": 7}
    return client.post(f"{JOBS}/estimate", json=request, timeout=PATIENCE_SECONDS)


def test_a_stop_lets_requests_in_flight_finish_and_idle_connections_go(
    database_url: str, own_sql: Sql
) -> None:
    grace = {"BACKSCROLL_API_STOP_GRACE": "60"}
    with served(database_url, **grace) as (api, program), ThreadPoolExecutor(1) as beside:
        idle = httpx.Client(base_url=api.base_url, trust_env=False)
        assert idle.get("/healthz").status_code == 200
        with own_sql.uncommitted():
            own_sql.run("lock table public.messages in access exclusive mode")
            answer = beside.submit(slow_answer, api)
            await_a_waiter(database_url)
            program.process.terminate()
            awaited(
                lambda: (
                    not answers(httpx.Client(base_url=api.base_url, trust_env=False), "/healthz")
                )
            )

        assert answer.result(PATIENCE_SECONDS).status_code == 200
        began = time.monotonic()
        assert program.process.wait(PATIENCE_SECONDS) == 0
        assert time.monotonic() - began < 5, "idle connections held up the stop"
        idle.close()


def test_a_statement_that_takes_too_long_is_given_up(database_url: str, own_sql: Sql) -> None:
    with (
        served(database_url, BACKSCROLL_API_STATEMENT_TIMEOUT="0.3") as (api, _),
        own_sql.uncommitted(),
    ):
        own_sql.run("lock table public.messages in access exclusive mode")

        problem = assert_problem(slow_answer(api), 503)

    assert "took too long" in problem["detail"]


def await_a_waiter(database_url: str) -> None:
    with open_sql(database_url) as sql:
        awaited(
            lambda: sql.value(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and wait_event_type = 'Lock' and application_name = 'backscroll api'"
            )
        )
