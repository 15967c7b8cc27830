"""The API as it runs in production: gunicorn with the project's configuration, over HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.embedded import EmbeddedPostgres
from app.files import project_file
from tests.conftest import _clone
from tests.database import Sql, open_sql
from tests.processes import Program, answers, awaited, free_port, running

JOBS = "/api/v1/batch-jobs"
GUNICORN = [sys.executable, "-m", "gunicorn", "--config", str(project_file("gunicorn.conf.py"))]


def key_header(
    database_url: str, *scopes: str, instances: list[UUID] | None = None
) -> dict[str, str]:
    """The header of a new API key that may do everything, or just this."""
    with open_sql(database_url) as session:
        key = session.value(
            "select key from batch.create_api_key('test', %s, %s)",
            list(scopes) or ["admin"], instances,
        )  # fmt: skip
    return {"x-api-key": key}


A_KEY = {"x-api-key": f"bs_{'0' * 12}_{'0' * 64}"}
"""It has the form of a key, and opens nothing."""


@contextmanager
def served(
    database_url: str, headers: dict[str, str] | None = None, **settings: str
) -> Iterator[tuple[httpx.Client, Program]]:
    """The API on a port of its own, answering, and a client for it with a key that may do all."""
    headers = key_header(database_url) if headers is None else headers
    address = f"127.0.0.1:{free_port()}"
    with running(
        GUNICORN, DATABASE_URL=database_url, BACKSCROLL_BIND=address, **settings
    ) as program:
        with httpx.Client(base_url=f"http://{address}", trust_env=False, headers=headers) as client:
            awaited(lambda: answers(client, "/healthz"))
            yield client, program
        assert program.stop() == 0


@pytest.fixture(scope="session")
def api_database_url(server: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """The database under the API; no worker runs on it."""
    yield from _clone(server, "backscroll")


@pytest.fixture(scope="session")
def api_process(api_database_url: str) -> Iterator[tuple[httpx.Client, Program]]:
    with served(api_database_url) as (client, program):
        yield client, program
        assert "Traceback" not in program.said()


@pytest.fixture
def api(api_process: tuple[httpx.Client, Program]) -> httpx.Client:
    return api_process[0]


@pytest.fixture
def api_sql(api_database_url: str) -> Iterator[Sql]:
    """A session in the API's database; what it does is seen at once."""
    with open_sql(api_database_url) as session:
        yield session


def assert_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem that an answer must be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:backscroll:problem:")
    assert problem["title"]
    assert problem["detail"]
    for word in ("Traceback", "psycopg", "CONTEXT:", "SQLSTATE", "syntax", "PL/pgSQL"):
        assert word not in response.text
    return problem


def assert_wrong_fields(response: httpx.Response, *fields: str) -> None:
    """The answer is a 422 that names exactly these fields."""
    problem = assert_problem(response, 422)
    assert {error["field"] for error in problem["errors"]} == set(fields)
    for error in problem["errors"]:
        assert error["detail"] in problem["detail"]


def created(response: httpx.Response) -> UUID:
    assert response.status_code == 201, response.text
    return UUID(response.json()["id"])
