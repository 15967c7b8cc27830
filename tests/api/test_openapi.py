"""The OpenAPI document: complete, valid, and true of requests and of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import openapi_spec_validator
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from app.api.application import build_application
from app.api.openapi import openapi, routes
from app.api.operations import OPERATIONS, TAGS
from app.database import Database
from tests.api.conftest import JOBS, created, key_header
from tests.api.watching import watching
from tests.database import Sql, add_chat, failed, processed

GOLDEN = Path(__file__).resolve().parents[2] / "docs/reference/openapi.json"
APP = build_application(Database("postgresql://nowhere", "tests"))
DOCUMENT = openapi(APP)


def fits(schema: dict[str, Any], value: Any) -> bool:
    return not list(misfits(schema, value))


def misfits(schema: dict[str, Any], value: Any) -> Iterator[str]:
    """What of `value` is not as `schema` has it."""
    with_components = {**schema, "components": DOCUMENT["components"]}
    validator = Draft202012Validator(with_components, format_checker=FormatChecker())
    for error in validator.iter_errors(value):
        yield f"{error.json_path}: {error.message}"


def component(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of all."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def described(operation_id: str) -> dict[str, Any]:
    (found,) = [each for _, _, each in operations() if each["operationId"] == operation_id]
    return found


# -- the document itself


def test_the_document_is_the_golden_one(pytestconfig: pytest.Config) -> None:
    now = json.dumps(DOCUMENT, indent=2, ensure_ascii=False) + "\n"
    if pytestconfig.getoption("--write-golden"):
        GOLDEN.write_text(now)

    assert now == GOLDEN.read_text(), "if this change is meant, run `make schema` and look at it"


def test_every_route_is_described_and_every_description_has_a_route() -> None:
    served = set(routes(APP))

    assert served == OPERATIONS.keys()


def test_a_route_without_description_does_not_go_unnoticed() -> None:
    app = build_application(Database("postgresql://nowhere", "tests"))
    app.add_route("/colours", next(iter(app._router.find("/healthz"))), suffix="alive")

    with pytest.raises(LookupError, match="/colours"):
        openapi(app)


def test_the_document_is_what_the_api_serves(api: httpx.Client) -> None:
    assert api.get("/openapi.json").json() == DOCUMENT


def test_the_document_is_valid() -> None:
    openapi_spec_validator.validate(DOCUMENT)


def test_every_operation_has_a_name_for_generated_clients() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+[A-Z][A-Za-z]+", name) for name in names)
    assert {tag for _, _, operation in operations() for tag in operation["tags"]} <= TAGS.keys()


def test_every_reference_leads_somewhere_and_every_component_is_referred_to() -> None:
    text = json.dumps(DOCUMENT)

    referred = set(re.findall(r'"#/components/(\w+)/([\w-]+)"', text))

    components = {
        (kind, name)
        for kind, those in DOCUMENT["components"].items()
        for name in those
        if kind != "securitySchemes"
    }
    assert referred == components


def test_every_example_is_one() -> None:
    wrong = []
    for where, schema, example in _examples():
        wrong += [f"{where}: {misfit}" for misfit in misfits(schema, example)]

    assert wrong == []


def _examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    contents = [("webhook", DOCUMENT["webhooks"]["batchJob"]["post"]["requestBody"]["content"])]
    for _, _, operation in operations():
        name = operation["operationId"]
        contents.append((name, operation.get("requestBody", {}).get("content", {})))
        for answer in operation["responses"].values():
            contents.append((name, answer.get("content", {})))
        for parameter in operation.get("parameters", []):
            for example in parameter.get("examples", {}).values():
                yield f"{name} {parameter['name']}", parameter["schema"], example["value"]
    for name, answer in DOCUMENT["components"]["responses"].items():
        contents.append((name, answer["content"]))
    for name, content in contents:
        for media in content.values():
            assert media["examples"], name
            for example in media["examples"].values():
                yield name, media["schema"], example["value"]


# -- requests: the document and batch.field_problems say the same

VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 0.5, 1.5, 1.0, 64, 65, 100, 101, -100, -101, 3650, 3651,
    2**31 - 1, 2**31, 99_999_999, 99_999_999.5, 10**30, 1e-300, "", " ", "a", "pt", "pt-BR",
    "pt_BR", "zh-Hant-TW", "english", "en-us-abcdefgh", "x" * 255, "x" * 256, "ü" * 255,
    "targeted_chat_sync", "time_based_batch", "media_redownload",
    "0198a7c4-0000-7000-8000-00000000abcd", "0198A7C4-0000-7000-8000-00000000ABCD",
    "0198a7c4-0000-7000-8000-00000000abcd0", "0198a7c400007000800000000000abcd",
    "https://example.org", "HTTP://example.org:8080/a?b=c#d", "https://", "https:///path",
    "https://?query", "https://user:word@example.org/", "https://example.org/a@b",
    "https://example.org/a b", "https://example.org/é", "https://[::1]:80",
    "ftp://example.org", "example.org",
    "https://example.org/" + "x" * 1980, "https://example.org/" + "x" * 1981,
    [], ["audio"], ["audio", "image", "video", "document"], ["audio", "audio"], ["gif"], [None],
    [1], {}, {"a": "b"}, {"a": ""}, {"": "b"}, {"a": 1}, {"a": None}, {"x" * 64: "y" * 512},
    {"x" * 65: "y"}, {"x": "y" * 513}, {str(n): "" for n in range(16)},
    {str(n): "" for n in range(17)},
]  # fmt: skip
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "TargetedChatSync": (
        "select count(*) from batch.request_problems(%s)",
        {"jobType": "targeted_chat_sync", "chatId": "somebody"},
    ),
    "TimeBasedBatch": (
        "select count(*) from batch.request_problems(%s)",
        {"jobType": "time_based_batch", "daysBack": 7},
    ),
    "RetryRequest": (
        "select count(*) from batch.field_problems(%s, '{contentTypes,limit,language,maxCostUsd,"
        "failureThreshold,priority,lanes,callbackUrl,metadata}')",
        {},
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_as_the_document_has_it_exactly_if_sql_finds_no_problem(
    sql: Sql, name: str
) -> None:
    problems, base = BODIES[name]
    fields = [
        *DOCUMENT["components"]["schemas"][name]["properties"],
        "colour",
        "retryOf",
        "jobtype",
    ]
    schema = component(name) if name == "RetryRequest" else component_of_job_request()

    differing = []
    for field in fields:
        for value in VALUES:
            body = base | {field: value}
            if fits(schema, body) != (sql.value(problems, json.dumps(body)) == 0):
                differing.append((field, value))
    for field in base:
        body = {key: value for key, value in base.items() if key != field}
        if fits(schema, body) != (sql.value(problems, json.dumps(body)) == 0):
            differing.append((field, "absent"))

    assert differing == []


def component_of_job_request() -> dict[str, Any]:
    body = described("createBatchJob")["requestBody"]["content"]["application/json"]["schema"]
    assert (
        body
        == described("estimateBatchJob")["requestBody"]["content"]["application/json"]["schema"]
    )
    return dict(body)


def test_a_change_is_as_the_document_has_it_exactly_if_it_is_taken(sql: Sql) -> None:
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    differing = []
    for field in ("priority", "lanes", "maxCostUsd", "limit", "colour"):
        for value in VALUES:
            body = {field: value}
            if fits(component("ChangeRequest"), body) != _is_taken(sql, job_id, body):
                differing.append((field, value))

    assert differing == []
    assert not fits(component("ChangeRequest"), {})
    assert not _is_taken(sql, job_id, {})


def _is_taken(sql: Sql, job_id: UUID, body: dict[str, Any]) -> bool:
    return bool(
        sql.value(
            "select count(*) = 0 from (select e.key from jsonb_each(%s) as e"
            " where e.value = 'null' and e.key in ('priority', 'lanes') union all"
            " select field from batch.field_problems(%s, '{priority,lanes,maxCostUsd}')"
            " union all select '' where %s::jsonb = '{}') as p",
            *[json.dumps(body)] * 3,
        )
    )


@pytest.mark.parametrize("key", ["x", "!~", "x" * 255, "x" * 256, "", "a b", "é", "0b9f4a3e-5d0c"])
def test_an_idempotency_key_is_as_the_document_has_it_exactly_if_it_is_taken(
    own_sql: Sql, key: str
) -> None:
    (parameter,) = described("createBatchJob")["parameters"]
    made = "select job_id from batch.create_job_once(%s, null, %s, %s)"
    api_key = own_sql.value("select id from batch.create_api_key('test', '{admin}', null)")
    request = json.dumps({"jobType": "time_based_batch", "daysBack": 7})

    if fits(parameter["schema"], key):
        assert own_sql.value(made, request, api_key, key) is not None
    else:
        assert own_sql.problems(made, request, api_key, key)[0][0] == "Idempotency-Key"


# -- answers


def assert_described(answer: httpx.Response, operation_id: str) -> None:
    """The answer is as the document has it, and has nothing that the document has not."""
    described_answer = described(operation_id)["responses"][str(answer.status_code)]
    if "$ref" in described_answer:
        name = described_answer["$ref"].rpartition("/")[2]
        described_answer = DOCUMENT["components"]["responses"][name]
    content = described_answer["content"]
    for name in described_answer["headers"]:
        header = DOCUMENT["components"]["headers"][name]
        assert name in answer.headers or not header.get("required"), name
    assert answer.headers["content-type"] in content
    schema = content[answer.headers["content-type"]]["schema"]
    if answer.headers["content-type"] not in ("application/json", "application/problem+json"):
        return
    body = answer.json(parse_float=Decimal)
    assert list(misfits(schema, body)) == []
    assert list(unknown(schema, body)) == []


def unknown(schema: dict[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """Fields of `value` that the schema does not tell of."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if fits(choice, value):
            yield from unknown(choice, value, at)
    if isinstance(value, list):
        for place, member in enumerate(value):
            yield from unknown(schema.get("items", {}), member, f"{at}[{place}]")
    elif isinstance(value, dict) and "properties" in schema:
        for name, member in value.items():
            if name not in schema["properties"]:
                yield f"{at}.{name}"
            else:
                yield from unknown(schema["properties"][name], member, f"{at}.{name}")
    elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        for name, member in value.items():
            yield from unknown(schema["additionalProperties"], member, f"{at}.{name}")


@pytest.fixture
def ended(api_sql: Sql) -> UUID:
    """A completed job with processed and failed items."""
    chat = add_chat(api_sql)
    chat.add_many(5)
    job_id = api_sql.plan(
        jobType="targeted_chat_sync", chatId=str(chat.id), maxCostUsd=5, failureThreshold=0.5,
        metadata={"ticket": "SUP-1042"}, callbackUrl="https://example.org/hooks",
    )  # fmt: skip
    worker = api_sql.worker()
    api_sql.in_one_slice(job_id)
    api_sql.take(job_id, 1, worker)
    api_sql.record(
        worker,
        *(processed(job_id, 1, seq) for seq in range(1, 4)),
        *(failed(job_id, 1, seq) for seq in (4, 5)),
    )
    api_sql.finish(job_id, 1, worker)
    api_sql.run("select batch.stop_worker(%s)", worker)
    return job_id


def test_answers_about_an_ended_job_are_as_described(api: httpx.Client, ended: UUID) -> None:
    one = f"{JOBS}/{ended}"

    job = api.get(one)

    assert job.json()["status"] == "completed"
    assert job.json()["failedItems"] == 2
    assert_described(job, "getBatchJob")
    assert_described(api.get(JOBS), "listBatchJobs")
    assert_described(api.get(f"{JOBS}?limit=1"), "listBatchJobs")
    assert_described(api.get(f"{one}/status"), "getBatchJobStatus")
    assert_described(api.get(f"{one}/details?limit=1"), "getBatchJobDetails")
    assert_described(api.get(f"{one}/items"), "listBatchJobItems")
    assert_described(api.get(f"{one}/items?text=true&limit=1"), "listBatchJobItems")
    assert_described(api.get(f"{one}/events"), "listBatchJobEvents")
    callbacks = api.get(f"{one}/callbacks")
    assert len(callbacks.json()["items"]) == 1
    assert_described(callbacks, "listBatchJobCallbacks")
    assert_described(api.post(f"{one}/callbacks/redeliver"), "redeliverBatchJobCallbacks")
    assert_described(api.post(f"{one}/retry"), "retryBatchJob")
    assert_described(api.post(f"{one}/cancel"), "cancelBatchJob")
    assert_described(api.get(f"{one}/report.csv"), "downloadBatchJobReportCsv")
    assert_described(api.get(f"{one}/report.ndjson"), "downloadBatchJobReportNdjson")
    lines = api.get(f"{one}/report.ndjson?text=true").text.splitlines()
    for line in lines:
        assert list(misfits(component("Item"), json.loads(line))) == []
        assert list(unknown(component("Item"), json.loads(line))) == []
    assert len(lines) == 5


def test_answers_about_a_new_job_are_as_described(api: httpx.Client, api_sql: Sql) -> None:
    add_chat(api_sql).add_many(3)
    request = {"jobType": "time_based_batch", "daysBack": 7}
    again = {"Idempotency-Key": str(uuid4())}

    made = api.post(JOBS, json=request, headers=again)

    one = f"{JOBS}/{created(made)}"
    assert_described(made, "createBatchJob")
    assert_described(api.post(JOBS, json=request, headers=again), "createBatchJob")
    assert_described(api.post(JOBS, json=request | {"dryRun": True}), "createBatchJob")
    assert_described(api.post(f"{JOBS}/estimate", json=request), "estimateBatchJob")
    assert_described(api.get(f"{one}/details"), "getBatchJobDetails")
    assert_described(api.patch(one, json={"lanes": 4}), "changeBatchJob")
    assert_described(api.post(f"{one}/pause"), "pauseBatchJob")
    api_sql.run("select batch.plan_job(%s)", created(made))
    assert_described(api.post(f"{one}/pause"), "pauseBatchJob")
    assert_described(api.get(f"{one}/status"), "getBatchJobStatus")
    assert_described(api.post(f"{one}/resume"), "resumeBatchJob")
    assert_described(api.post(f"{one}/cancel"), "cancelBatchJob")


def test_events_of_a_stream_are_as_described(api: httpx.Client, ended: UUID) -> None:
    (content,) = described("streamBatchJob")["responses"]["200"]["content"].items()
    shapes = content[1]["schema"]["x-events"]

    with watching(api, f"{JOBS}/{ended}/stream", last_event_id=0) as stream:
        stream.wait_for_end()

    assert stream.response.headers["content-type"] == content[0]
    assert {event.name for event in stream.events} == {"job", "life", "end"}
    for event in stream.events:
        # Whether a program reads the schema as that of the whole answer or of one event.
        assert list(misfits(content[1]["schema"], f"event: {event.name}")) == []
        assert list(misfits(content[1]["schema"], {"event": event.name})) == []
        assert list(misfits(shapes[event.name], event.data)) == []
        assert list(unknown(shapes[event.name], event.data)) == []


def test_answers_about_the_service_are_as_described(api: httpx.Client) -> None:
    assert_described(api.get("/healthz"), "getHealth")
    assert_described(api.get("/readyz"), "getReadiness")
    assert_described(api.get("/metrics"), "getMetrics")
    assert_described(api.get("/openapi.json"), "getOpenApiDocument")


def test_problems_are_as_described(api: httpx.Client, ended: UUID) -> None:
    nobody = f"{JOBS}/{uuid4()}"
    text = {"Content-Type": "text/plain"}

    assert_described(api.get(JOBS, headers={"x-api-key": "x"}), "listBatchJobs")
    assert_described(api.get(f"{JOBS}?limit=0"), "listBatchJobs")
    assert_described(api.get(f"{JOBS}?status=%00"), "listBatchJobs")
    assert_described(api.get(nobody), "getBatchJob")
    assert_described(api.post(JOBS, json={"jobType": "x"}), "createBatchJob")
    assert_described(api.post(JOBS, content="{"), "createBatchJob")
    assert_described(api.post(JOBS, content="{}", headers=text), "createBatchJob")
    assert_described(api.post(JOBS, json={"jobType": "x" * 1_000_000}), "createBatchJob")
    assert_described(api.post(f"{JOBS}/{ended}/pause"), "pauseBatchJob")
    assert_described(api.patch(f"{JOBS}/{ended}", json={"lanes": 1}), "changeBatchJob")


def test_what_is_open_and_what_needs_which_scope_is_as_described(
    api: httpx.Client, api_database_url: str
) -> None:
    reader = key_header(api_database_url, "jobs:read")
    writer = key_header(api_database_url, "jobs:write")

    def status(method: str, address: str, headers: dict[str, str]) -> int:
        # Without the body: that of a stream has no end.
        with api.stream(method, address, headers=headers) as answer:
            return answer.status_code

    for method, path, operation in operations():
        address = path.replace("{id}", str(uuid4()))
        without = status(method, address, {"x-api-key": ""})
        reading = status(method, address, reader)
        writing = status(method, address, writer)

        scopes = {scope for way in operation["security"] for (scope,) in way.values()}
        assert (without == 401) == bool(scopes), path
        assert (reading == 403) == (scopes == {"jobs:write"}), path
        assert (writing == 403) == (scopes == {"jobs:read"}), path
