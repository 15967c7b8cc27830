"""X-Request-Id in, out, in problems and in the log; and what the log never holds."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import JOBS, served
from tests.processes import Program, awaited


def lines(program: Program) -> list[dict[str, Any]]:
    return [json.loads(line) for line in program.said().splitlines() if line.startswith("{")]


def line_of(program: Program, request_id: str) -> dict[str, Any]:
    """The line of the access log of this request."""

    def found() -> dict[str, Any] | None:
        return next(
            (
                line
                for line in lines(program)
                if line.get("request_id") == request_id and line["logger"].endswith("access_log")
            ),
            None,
        )

    line = awaited(found)
    assert line is not None
    return line


@pytest.mark.parametrize("sane", ["a", "7f9c-42", "Root=1-67891233-abcdef0:x/y+z@w", "x" * 128])
def test_a_clients_own_id_comes_back(api: httpx.Client, sane: str) -> None:
    answer = api.get("/nothing", headers={"X-Request-Id": sane})

    assert answer.headers["x-request-id"] == sane
    assert answer.json()["requestId"] == sane


@pytest.mark.parametrize("odd", ["", "x" * 129, "a b", "<script>", "é", 'a"b', "a;b"])
def test_an_id_that_could_break_something_is_replaced(api: httpx.Client, odd: str) -> None:
    answer = api.get("/healthz", headers=[(b"X-Request-Id", odd.encode())])

    assert len(answer.headers["x-request-id"]) == 32


def test_two_ids_are_none(api: httpx.Client) -> None:
    answer = api.get("/healthz", headers=[("X-Request-Id", "one"), ("X-Request-Id", "two")])

    assert answer.headers.get_list("x-request-id") == [answer.headers["x-request-id"]]
    assert answer.headers["x-request-id"] not in ("one", "two")


def test_every_request_has_an_id_of_its_own_on_one_connection(api: httpx.Client) -> None:
    ids = {api.get("/healthz").headers["x-request-id"] for _ in range(20)}

    assert len(ids) == 20


def test_the_access_log_says_who_asked_for_what_and_how_long_it_took(
    api_process: tuple[httpx.Client, Program],
) -> None:
    api, program = api_process
    job, request_id = uuid4(), uuid4().hex

    api.get(f"{JOBS}/{job}/status?secret=1", headers={"X-Request-Id": request_id})

    line = line_of(program, request_id)
    assert (line["method"], line["status"], line["key"]) == ("GET", 422, "test")
    assert line["route"] == f"{JOBS}/{{job}}/status"
    assert line["job_id"] == str(job)
    assert line["ms"] > 0
    assert "secret=1" not in program.said()


def test_keys_are_never_logged(api_process: tuple[httpx.Client, Program]) -> None:
    api, program = api_process
    request_id = uuid4().hex
    wrong = f"bs_{'0' * 12}_{'f' * 64}"

    api.get(JOBS, headers={"X-Request-Id": request_id})
    api.get(JOBS, headers={"x-api-key": wrong})
    line_of(program, request_id)

    assert api.headers["x-api-key"] not in program.said()
    assert wrong not in program.said()


def test_plain_lines_carry_the_id_and_cannot_be_forged(database_url: str) -> None:
    with served(database_url, BACKSCROLL_LOG_FORMAT="plain") as (api, program):
        api.get(f"{JOBS}/x%0A12:00:00%20INFO%20forged", headers={"X-Request-Id": "mine"})

        awaited(lambda: "[request mine]" in program.said())
        assert not [
            line for line in program.said().splitlines() if line.startswith("12:00:00 INFO f")
        ]
