"""HTTP itself: methods, routes, connections, and whatever a stranger may send."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from falcon import testing

from app.api.application import build_application
from app.database import Database
from tests.api.conftest import A_KEY, JOBS, assert_problem

NOBODY = "00000000-0000-4000-8000-000000000000"
BODY = {"jobType": "time_based_batch", "daysBack": 7}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", JOBS, {"GET", "HEAD", "POST", "OPTIONS"}),
        ("PUT", JOBS, {"GET", "HEAD", "POST", "OPTIONS"}),
        ("GET", f"{JOBS}/estimate", {"POST", "OPTIONS"}),
        ("DELETE", f"{JOBS}/{NOBODY}", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("PUT", f"{JOBS}/{NOBODY}", {"GET", "HEAD", "PATCH", "OPTIONS"}),
        ("POST", f"{JOBS}/{NOBODY}/status", {"GET", "HEAD", "OPTIONS"}),
        ("POST", f"{JOBS}/{NOBODY}/details", {"GET", "HEAD", "OPTIONS"}),
        ("GET", f"{JOBS}/{NOBODY}/cancel", {"POST", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/readyz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_a_route_does_not_have_says_which_it_has(
    api: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = api.request(method, path)

    assert method in assert_problem(answer, 405)["detail"]
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/api/v2/batch-jobs", f"{JOBS}/{NOBODY}/x", "/favicon.ico"]
)
def test_a_route_that_does_not_exist_is_not_found(api: httpx.Client, path: str) -> None:
    answer = api.get(path)

    assert path in assert_problem(answer, 404)["detail"]


def test_a_slash_at_the_end_does_not_matter(api: httpx.Client) -> None:
    assert api.get(f"{JOBS}/").json().keys() == {"items", "nextCursor"}
    assert api.post(f"{JOBS}/", json=BODY).status_code == 201


@pytest.mark.parametrize("path", [JOBS, "/healthz", "/readyz"])
def test_head_answers_like_get_without_a_body(api: httpx.Client, path: str) -> None:
    head, get = api.head(path), api.get(path)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.headers["content-length"] == get.headers["content-length"]


def test_head_of_a_job_that_does_not_exist_is_not_found(api: httpx.Client) -> None:
    for tail in ("", "/status", "/details"):
        answer = api.head(f"{JOBS}/{NOBODY}{tail}")

        assert (answer.status_code, answer.content) == (404, b"")


def test_options_say_what_a_route_can(api: httpx.Client) -> None:
    answer = api.options(JOBS)

    assert answer.status_code == 200
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_answers_are_neither_kept_nor_guessed_at(api: httpx.Client) -> None:
    for answer in (api.get(JOBS), api.get("/nothing")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_connection_serves_several_requests_also_after_errors(api: httpx.Client) -> None:
    key = f"x-api-key: {api.headers['x-api-key']}"
    requests = [
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
        f"POST {JOBS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 1\r\n\r\n{".encode(),
        f"POST {JOBS} HTTP/1.1\r\nHost: x\r\n{key}\r\nContent-Type: application/json\r\n"
        "Content-Length: 1\r\n\r\n{".encode(),
        f"POST {JOBS} HTTP/1.1\r\nHost: x\r\n{key}\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ]

    statuses = []
    with socket.create_connection((api.base_url.host, api.base_url.port or 0), 10) as connection:
        for request in requests:
            connection.sendall(request)
            statuses.append(_read_status(connection))

    assert statuses == [200, 404, 401, 400, 415, 200]


def _read_status(connection: socket.socket) -> int:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(headers[b"content-length"]):
        body += connection.recv(65536)
    return int(head.split()[1])


def test_a_client_that_leaves_in_the_middle_of_a_request_harms_nobody(api: httpx.Client) -> None:
    for half in (b"POST ", f"POST {JOBS} HTTP/1.1\r\nContent-Length: 99\r\n\r\n{{".encode()):
        with socket.create_connection((api.base_url.host, api.base_url.port or 0), 10) as leaving:
            leaving.sendall(half)

    assert api.get("/healthz").status_code == 200


def test_a_defect_is_answered_without_its_details() -> None:
    class Broken:
        async def open(self) -> None: ...
        async def close(self) -> None: ...
        async def value(self, *_: object) -> None:
            raise ZeroDivisionError("a secret")

        rows = value

    async def call() -> testing.Result:
        app = build_application(cast(Database, Broken()))
        async with testing.ASGIConductor(app) as conductor:
            return cast(testing.Result, await conductor.simulate_get(JOBS, headers=A_KEY))

    answer = asyncio.run(call())

    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_strange_bodies_get_an_answer_that_says_what_is_wrong(api: httpx.Client) -> None:
    random_ = random.Random(20)
    template = json.dumps(
        BODY | {"limit": 5, "contentTypes": ["audio"], "force": True, "language": "pt-BR"}
    ).encode()

    for _ in range(300):
        body = _mutated(random_, template) if random_.random() < 0.5 else _json(random_)

        answer = api.post(
            random_.choice([JOBS, f"{JOBS}/estimate"]),
            content=body,
            headers={"Content-Type": "application/json"},
        )

        if not answer.is_success:
            assert answer.is_client_error, (body, answer.text)
            assert_problem(answer, answer.status_code)


def test_strange_queries_get_an_answer_that_says_what_is_wrong(api: httpx.Client) -> None:
    random_ = random.Random(21)
    names = ["status", "jobType", "instanceId", "createdAfter", "createdBefore", "limit", "cursor"]
    values = [
        "pending", "", ",", "2026-01-01", "2026-01-01T10:00:00+00:00", "-infinity", "9999-12-31",
        "294277-01-01", "4714-01-01 BC", "0000-00-00", "1", "%00", "%ff", "%u0000", "'", '"', "\\",
        "%E2%80%AE", "a" * 2000, "e30", "bnVsbA", "WzFd", "{}", "[]", "$1", "%25s", "null", "1e3",
    ]  # fmt: skip

    for _ in range(200):
        count = random_.randrange(1, 4)
        pairs = [
            f"{random_.choice([*names, '%00', 'é'])}={random_.choice(values)}" for _ in range(count)
        ]

        answer = api.get(f"{JOBS}?{'&'.join(pairs)}")

        if not answer.is_success:
            assert answer.is_client_error, (pairs, answer.text)
            assert_problem(answer, answer.status_code)


def _mutated(random_: random.Random, template: bytes) -> bytes:
    body = bytearray(template)
    for _ in range(random_.randrange(1, 5)):
        place = random_.randrange(len(body))
        match random_.randrange(4):
            case 0:
                body[place] = random_.randrange(256)
            case 1:
                del body[place : place + random_.randrange(1, 9)]
            case 2:
                body[place:place] = random_.randbytes(3)
            case _:
                body[place:place] = random_.choice(
                    [b"null", b"1e400", b"-0", b'"\\u0000"', b"\\ud83d", b"{}", b"[[", b"\xf0\x9f"]
                )
        if not body:
            break
    return bytes(body)


def _json(random_: random.Random) -> bytes:
    def value(depth: int) -> Any:
        kinds = [
            lambda: random_.choice(["audio", "", "é", "\u202e", "x" * 300, "\ud83d", "a\0b", "en"]),
            lambda: random_.choice([0, -1, 1, 7, 3650, 3651, 2**31, 2**63, 10**30, 0.1, 1e300]),
            lambda: random_.choice([True, False, None]),
            lambda: str(uuid4()) if depth else "targeted_chat_sync",
        ]
        if depth < 4:
            kinds.append(lambda: [value(depth + 1) for _ in range(random_.randrange(3))])
            kinds.append(lambda: {str(n): value(depth + 1) for n in range(random_.randrange(3))})
        return random_.choice(kinds)()

    fields = ["jobType", "chatId", "instanceId", "contentTypes", "daysBack", "limit", "force",
              "language", "other"]  # fmt: skip
    body = {name: value(0) for name in random_.sample(fields, random_.randrange(1, 6))}
    if random_.random() < 0.6:
        body["jobType"] = random_.choice(["targeted_chat_sync", "time_based_batch"])
    return json.dumps(body).encode()
