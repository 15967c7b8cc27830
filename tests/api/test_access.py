"""Keys, scopes and instances, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import A_KEY, JOBS, assert_problem, created, key_header
from tests.database import Sql, add_chat
from tests.processes import awaited

NOBODY = str(uuid4())
TIMED = {"jobType": "time_based_batch", "daysBack": 7}

Key = Callable[..., httpx.Client]


@pytest.fixture
def stranger(api: httpx.Client) -> Iterator[httpx.Client]:
    """A client without a key."""
    with httpx.Client(base_url=api.base_url, trust_env=False) as client:
        yield client


@pytest.fixture
def client_with(api: httpx.Client, api_database_url: str) -> Iterator[Key]:
    """Makes a client whose key has just these scopes and instances."""
    with ExitStack() as stack:

        def make(*scopes: str, instances: Any = None) -> httpx.Client:
            headers = key_header(api_database_url, *scopes, instances=instances)
            return stack.enter_context(
                httpx.Client(base_url=api.base_url, trust_env=False, headers=headers)
            )

        yield make


ROUTES = [
    ("GET", JOBS), ("HEAD", JOBS), ("POST", JOBS), ("POST", f"{JOBS}/estimate"),
    *[("GET", f"{JOBS}/{{id}}{rest}") for rest in (
        "", "/status", "/details", "/items", "/events", "/report.csv", "/report.ndjson",
    )],
    ("PATCH", f"{JOBS}/{{id}}"),
    *[("POST", f"{JOBS}/{{id}}/{verb}") for verb in ("cancel", "pause", "resume", "retry")],
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "nonsense"},
        A_KEY,
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"authorization": f"Basic {A_KEY['x-api-key']}"},
    ],
)
def test_without_a_key_that_opens_nothing_is_served(
    stranger: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = stranger.request(method, path.format(id=uuid4()), headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    if method != "HEAD":
        assert_problem(answer, 401)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_a_key_also_opens_as_a_bearer_token(api: httpx.Client, stranger: httpx.Client) -> None:
    key = api.headers["x-api-key"]

    assert stranger.get(JOBS, headers={"authorization": f"Bearer {key}"}).status_code == 200
    assert stranger.get(JOBS, headers={"authorization": f"bearer {key}"}).status_code == 200


def test_a_key_with_one_letter_changed_opens_nothing(
    api: httpx.Client, stranger: httpx.Client
) -> None:
    key = api.headers["x-api-key"]
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")

    assert_problem(stranger.get(JOBS, headers={"x-api-key": wrong}), 401)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_scope_opens_what_it_says(client_with: Key, method: str, path: str) -> None:
    reads = method in ("GET", "HEAD") or path.endswith("/estimate")
    allowed = client_with("jobs:read" if reads else "jobs:write")
    refused = client_with("jobs:write" if reads else "jobs:read")

    assert allowed.request(method, path.format(id=uuid4())).status_code not in (401, 403)
    answer = refused.request(method, path.format(id=uuid4()))
    assert answer.status_code == 403
    if method != "HEAD":
        needed = "jobs:read" if reads else "jobs:write"
        assert f"scope {needed}" in assert_problem(answer, 403)["detail"]


def test_a_revoked_key_opens_nothing_soon(client_with: Key, api_sql: Sql) -> None:
    client = client_with("jobs:read")
    assert client.get(JOBS).status_code == 200

    api_sql.run("select batch.revoke_api_key(%s)", client.headers["x-api-key"])

    awaited(lambda: client.get(JOBS).status_code == 401, patience=5)


def test_two_keys_do_not_see_each_other_s_instances(client_with: Key, api_sql: Sql) -> None:
    mine, other = add_chat(api_sql), add_chat(api_sql)
    me = client_with(instances=[mine.instance_id])
    them = client_with(instances=[other.instance_id])
    my_job = created(me.post(JOBS, json={"jobType": "targeted_chat_sync", "chatId": str(mine.id)}))
    their_job = created(them.post(JOBS, json=TIMED))

    assert [job["id"] for job in me.get(JOBS).json()["items"]] == [str(my_job)]
    assert [job["id"] for job in them.get(JOBS).json()["items"]] == [str(their_job)]
    assert them.get(f"{JOBS}/{their_job}").json()["instanceId"] == str(other.instance_id)
    assert me.get(JOBS, params={"instanceId": str(other.instance_id)}).json()["items"] == []
    for method, path in ROUTES:
        if "{id}" in path:
            body = {"lanes": 1} if method == "PATCH" else None
            answer = me.request(method, path.format(id=their_job), json=body)
            nobody = me.request(method, path.format(id=NOBODY), json=body)
            assert answer.status_code == nobody.status_code == 404, path
            same = nobody.text.replace(NOBODY, str(their_job))
            assert {**answer.json(), "requestId": ""} == {**json.loads(same), "requestId": ""}


def test_a_limited_key_starts_only_what_it_may_see(client_with: Key, api_sql: Sql) -> None:
    mine, other = add_chat(api_sql), add_chat(api_sql)
    me = client_with(instances=[mine.instance_id])

    for hidden in (
        {"jobType": "targeted_chat_sync", "chatId": str(other.id)},
        {"jobType": "targeted_chat_sync", "chatId": other.external_id},
        TIMED | {"instanceId": str(other.instance_id)},
    ):
        for route in (JOBS, f"{JOBS}/estimate"):
            assert_problem(me.post(route, json=hidden), 404)

    assert me.post(JOBS, json=TIMED).json()["instanceId"] == str(mine.instance_id)


def test_an_event_names_the_key_that_did_it(client_with: Key, api_sql: Sql) -> None:
    client = client_with()
    job_id = created(client.post(JOBS, json=TIMED))
    client.post(f"{JOBS}/{job_id}/cancel")

    events = client.get(f"{JOBS}/{job_id}/events").json()["items"]

    assert [(event["type"], event["actor"]) for event in events] == [
        ("created", "test (API key)"),
        ("cancelled", "test (API key)"),
    ]
