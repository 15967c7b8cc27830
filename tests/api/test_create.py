"""POST /api/v1/batch-jobs and /estimate: what is asked for, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.conftest import JOBS, assert_problem, assert_wrong_fields, created, served
from tests.database import Sql, add_chat

NOBODY = "00000000-0000-4000-8000-000000000000"
ESTIMATE = f"{JOBS}/estimate"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def own_api(database_url: str) -> Iterator[httpx.Client]:
    """The API over a database in which nobody has done anything, from which it could learn."""
    with served(database_url) as (client, _):
        yield client


both_routes = pytest.mark.parametrize("route", [JOBS, ESTIMATE])


def test_a_created_job_is_answered_whole_with_its_address(api: httpx.Client, api_sql: Sql) -> None:
    chat = add_chat(api_sql)
    request = {"jobType": "targeted_chat_sync", "chatId": chat.external_id, "limit": 5}

    answer = api.post(JOBS, json=request)

    job = answer.json()
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    assert api.get(answer.headers["location"]).json() == job
    assert job["requestParams"] == request
    assert (job["status"], job["chatId"]) == ("pending", str(chat.id))
    assert job["instanceId"] == str(chat.instance_id)
    assert TIME.fullmatch(job["createdAt"])
    assert job["startedAt"] is None


def test_the_answer_has_every_column_of_the_view_in_camel_case(
    api: httpx.Client, api_sql: Sql
) -> None:
    columns = api_sql.rows(
        "select attname from pg_attribute"
        " where attrelid = 'batch.batch_jobs'::regclass and attnum between 1 and 20"
    )

    job = api.post(JOBS, json={"jobType": "time_based_batch", "daysBack": 7}).json()

    assert {re.sub("_(.)", lambda m: m[1].upper(), name) for (name,) in columns} <= set(job)
    assert not [name for name in job if "_" in name]


def test_a_chat_is_found_by_its_uuid_and_by_its_external_id(
    api: httpx.Client, api_sql: Sql
) -> None:
    chat = add_chat(api_sql)

    answers = [
        api.post(JOBS, json={"jobType": "targeted_chat_sync", "chatId": name})
        for name in (str(chat.id), str(chat.id).upper(), chat.external_id)
    ]

    assert [answer.json()["chatId"] for answer in answers] == [str(chat.id)] * 3


def test_a_creation_queues_exactly_one_planning(api: httpx.Client, api_sql: Sql) -> None:
    job_id = created(api.post(JOBS, json={"jobType": "time_based_batch", "daysBack": 7}))

    tasks = api_sql.rows(
        "select task_name from procrastinate.procrastinate_jobs where args ->> 'job_id' = %s",
        str(job_id),
    )
    assert tasks == [("plan_job",)]


def test_two_creations_at_once_make_two_jobs(api: httpx.Client) -> None:
    request = {"jobType": "time_based_batch", "daysBack": 7}

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: api.post(JOBS, json=request), range(8)))

    assert len({created(answer) for answer in answers}) == 8


@both_routes
@pytest.mark.parametrize(
    ("request_body", "fields"),
    [
        ({}, ["jobType"]),
        ({"jobType": None}, ["jobType"]),
        ({"jobType": "everything"}, ["jobType"]),
        ({"jobType": ["time_based_batch"]}, ["jobType"]),
        ({"jobType": "targeted_chat_sync"}, ["chatId"]),
        ({"jobType": "targeted_chat_sync", "chatId": None}, ["chatId"]),
        ({"jobType": "targeted_chat_sync", "chatId": ""}, ["chatId"]),
        ({"jobType": "targeted_chat_sync", "chatId": 7}, ["chatId"]),
        ({"jobType": "targeted_chat_sync", "chatId": "x" * 256}, ["chatId"]),
        ({"jobType": "time_based_batch"}, ["daysBack"]),
        *[
            ({"jobType": "time_based_batch", "daysBack": 7} | wrong, list(wrong))
            for wrong in (
                {"daysBack": 0},
                {"daysBack": -1},
                {"daysBack": 3651},
                {"daysBack": 7.5},
                {"daysBack": "7"},
                {"daysBack": True},
                {"daysBack": [7]},
                {"daysBack": 10**400},
                {"limit": -1},
                {"limit": 0.5},
                {"limit": "50"},
                {"limit": False},
                {"limit": 2**31},
                {"limit": {"max": 3}},
                {"instanceId": "x"},
                {"instanceId": 5},
                {"contentTypes": ["audio", "music"]},
                {"contentTypes": []},
                {"contentTypes": "audio"},
                {"contentTypes": [1]},
                {"contentTypes": [None]},
                {"contentTypes": {"audio": True}},
                {"force": "yes"},
                {"force": 1},
                {"language": 5},
                {"language": "English, please"},
                {"chat_id": "snake"},
                {"daysback": 7},
                {"daysBack": 0, "limit": -1, "contentTypes": ["x"], "colour": "red"},
            )
        ],
    ],
)
def test_every_wrong_field_is_named(
    api: httpx.Client, route: str, request_body: dict[str, Any], fields: list[str]
) -> None:
    answer = api.post(route, json=request_body)

    assert_wrong_fields(answer, *fields)


@both_routes
@pytest.mark.parametrize("body", ["[]", '"text"', "7", "true", "null", '[{"jobType": 1}]'])
def test_json_that_is_no_object_is_refused(api: httpx.Client, route: str, body: str) -> None:
    answer = api.post(route, content=body, headers={"Content-Type": "application/json"})

    assert "JSON object" in assert_problem(answer, 422)["detail"]


@both_routes
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"{",
        b'{"jobType": "time_based_batch", "daysBa',
        b'{"jobType": "time_based_batch",}',
        b"{'jobType': 'time_based_batch'}",
        b'{"daysBack": NaN}',
        b'{"limit": -Infinity}',
        b'{"limit": 1e999}',
        b'{"limit": ' + b"9" * 5000 + b"}",
        b'{"jobType": "\xff"}',
        '{"jobType": "\u00e9"}'.encode("utf-16"),
        b'{"jobType": "\\ud800"}',
        b'{"\\udc00": 1}',
        b'{"jobType": "a\\u0000b"}',
        b'{"jobType": "a\x00b"}',
        b'{"\\u0000": 1}',
        b"[" * 200_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"jobType": "time_based_batch"} {}',
        b"jobType=time_based_batch",
    ],
)
def test_what_is_not_json_or_cannot_be_stored_is_a_bad_request(
    api: httpx.Client, route: str, body: bytes
) -> None:
    answer = api.post(route, content=body, headers={"Content-Type": "application/json"})

    assert_problem(answer, 400)


@both_routes
@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"],
)
def test_a_body_that_does_not_say_it_is_json_is_refused(
    api: httpx.Client, route: str, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}

    answer = api.post(route, content=b"{}", headers=headers)

    assert "Content-Type: application/json" in assert_problem(answer, 415)["detail"]


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "application/JSON;charset=UTF-8"],
)
def test_parameters_and_case_of_the_content_type_do_not_matter(
    api: httpx.Client, content_type: str
) -> None:
    answer = api.post(
        JOBS,
        content=b'{"jobType": "time_based_batch", "daysBack": 7}',
        headers={"Content-Type": content_type},
    )

    assert answer.status_code == 201


def test_a_byte_order_mark_does_not_matter(api: httpx.Client) -> None:
    answer = api.post(
        JOBS,
        content=b'\xef\xbb\xbf{"jobType": "time_based_batch", "daysBack": 7}',
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 201


@both_routes
def test_a_body_that_is_too_large_is_refused(api: httpx.Client, route: str) -> None:
    answer = api.post(route, json={"jobType": "x" * 1_000_000})

    assert "1000000 bytes" in assert_problem(answer, 413)["detail"]
    assert answer.headers["connection"] == "close"


def test_a_chunked_body_is_read_and_its_size_limited(api: httpx.Client) -> None:
    small = [b'{"jobType": "time_ba', b'sed_batch", "daysBack"', b": 7}"]
    headers = {"Content-Type": "application/json"}

    taken = api.post(JOBS, content=iter(small), headers=headers)
    refused = api.post(JOBS, content=iter([b" " * 100_000] * 11), headers=headers)

    assert taken.status_code == 201
    assert_problem(refused, 413)


@both_routes
@pytest.mark.parametrize(
    "wrong",
    [
        {"jobType": "targeted_chat_sync", "chatId": "nobody@s.whatsapp.net"},
        {"jobType": "targeted_chat_sync", "chatId": NOBODY},
        {"jobType": "time_based_batch", "daysBack": 7, "instanceId": NOBODY},
    ],
)
def test_a_chat_or_instance_that_does_not_exist_is_not_found(
    api: httpx.Client, api_sql: Sql, route: str, wrong: dict[str, Any]
) -> None:
    jobs = api_sql.value("select count(*) from batch.jobs")

    answer = api.post(route, json=wrong)

    named = wrong.get("chatId") or wrong["instanceId"]
    assert named in assert_problem(answer, 404)["detail"]
    assert api_sql.value("select count(*) from batch.jobs") == jobs


def test_an_external_id_of_several_instances_asks_for_the_instance(
    api: httpx.Client, api_sql: Sql
) -> None:
    first, second = add_chat(api_sql, f"{uuid4()}@g.us"), None
    second = add_chat(api_sql, first.external_id)
    request = {"jobType": "targeted_chat_sync", "chatId": first.external_id}

    unclear = api.post(JOBS, json=request)
    clear = api.post(JOBS, json=request | {"instanceId": str(second.instance_id)})

    assert_wrong_fields(unclear, "chatId")
    assert clear.json()["chatId"] == str(second.id)


def test_an_estimate_counts_each_content_type_and_creates_nothing(
    own_api: httpx.Client, own_sql: Sql
) -> None:
    chat = add_chat(own_sql)
    chat.add("audio/ogg; codecs=opus")
    chat.add("IMAGE/JPEG")
    chat.add("image/webp", image_description="seen before")
    chat.add("application/pdf", status="deleted")
    tables = (
        "(select count(*) from batch.jobs), (select count(*) from procrastinate.procrastinate_jobs)"
    )
    before = own_sql.row(f"select {tables}")

    answer = own_api.post(ESTIMATE, json={"jobType": "targeted_chat_sync", "chatId": str(chat.id)})

    estimate = answer.json()
    assert answer.status_code == 200
    assert own_sql.row(f"select {tables}") == before
    assert (estimate["totalFound"], estimate["skippedItems"], estimate["totalItems"]) == (3, 1, 2)
    counts = {
        name: (kind["found"], kind["alreadyDone"], kind["toProcess"])
        for name, kind in estimate["contentTypes"].items()
    }
    assert counts == {
        "audio": (1, 0, 1), "image": (2, 1, 1), "video": (0, 0, 0), "document": (0, 0, 0),
    }  # fmt: skip
    assert estimate["estimatedCostUsd"] == 0
    assert estimate["estimatedDurationSeconds"] > 0
    assert "no worker is running" in " ".join(estimate["warnings"])


def test_an_estimate_says_what_the_job_then_finds(api: httpx.Client, api_sql: Sql) -> None:
    chat = add_chat(api_sql)
    chat.add_many(20)
    request = {"jobType": "targeted_chat_sync", "chatId": str(chat.id), "limit": 7}

    estimate = api.post(ESTIMATE, json=request).json()
    job_id = created(api.post(JOBS, json=request))
    api_sql.run("select batch.plan_job(%s)", job_id)

    job = api.get(f"{JOBS}/{job_id}").json()
    assert {name: estimate[name] for name in ("totalFound", "totalItems", "skippedItems")} == {
        name: job[name] for name in ("totalFound", "totalItems", "skippedItems")
    }
    assert job["totalItems"] == 7
    assert UUID(job["chatId"]) == chat.id
