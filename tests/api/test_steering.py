"""Pause, resume, retry, change, dry runs and idempotency, over HTTP."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.api.conftest import JOBS, assert_problem, assert_wrong_fields, created
from tests.database import Sql, add_chat, failed, processed

TIMED = {"jobType": "time_based_batch", "daysBack": 7}


def running_job(api: httpx.Client, sql: Sql, items: int = 3, **request: Any) -> UUID:
    chat = add_chat(sql)
    chat.add_many(items)
    job_id = created(
        api.post(JOBS, json={"jobType": "targeted_chat_sync", "chatId": str(chat.id)} | request)
    )
    sql.run("select batch.plan_job(%s)", job_id)
    return job_id


def test_a_job_is_paused_and_resumed(api: httpx.Client, api_sql: Sql) -> None:
    job_id = running_job(api, api_sql)

    assert api.post(f"{JOBS}/{job_id}/pause").json()["status"] == "paused"
    assert api.post(f"{JOBS}/{job_id}/pause").json()["status"] == "paused"
    assert api.post(f"{JOBS}/{job_id}/resume").json()["status"] == "processing"
    assert api.post(f"{JOBS}/{job_id}/cancel").json()["status"] == "cancelled"
    for verb in ("pause", "resume", "cancel"):
        assert_problem(api.post(f"{JOBS}/{job_id}/{verb}"), 409)


def test_what_has_not_begun_cannot_be_paused_or_resumed(api: httpx.Client) -> None:
    job_id = created(api.post(JOBS, json=TIMED))

    assert_problem(api.post(f"{JOBS}/{job_id}/pause"), 409)
    assert_problem(api.post(f"{JOBS}/{job_id}/resume"), 409)


def test_a_running_job_is_changed(api: httpx.Client, api_sql: Sql) -> None:
    job_id = running_job(api, api_sql)

    answer = api.patch(f"{JOBS}/{job_id}", json={"lanes": 3, "priority": 9, "maxCostUsd": 0.5})

    job = answer.json()
    assert (job["lanes"], job["priority"], job["maxCostUsd"]) == (3, 9, 0.5)
    assert api.get(f"{JOBS}/{job_id}").json()["lanes"] == 3
    lifted = api.patch(f"{JOBS}/{job_id}", json={"maxCostUsd": None})
    assert lifted.json()["maxCostUsd"] is None
    assert_wrong_fields(api.patch(f"{JOBS}/{job_id}", json={"lanes": 0, "chatId": "x"}),
                        "lanes", "chatId")  # fmt: skip


def test_the_failed_items_of_a_job_are_retried_once(api: httpx.Client, api_sql: Sql) -> None:
    job_id = api_sql.in_one_slice(running_job(api, api_sql, language="pt"))
    worker = api_sql.worker()
    api_sql.take(job_id, 1, worker)
    api_sql.record(worker, processed(job_id, 1, 1), failed(job_id, 1, 2), processed(job_id, 1, 3))
    assert_problem(api.post(f"{JOBS}/{job_id}/retry"), 409)
    api_sql.finish(job_id, 1, worker)

    headers = {"Idempotency-Key": str(uuid4())}
    answer = api.post(f"{JOBS}/{job_id}/retry", headers=headers)
    again = api.post(f"{JOBS}/{job_id}/retry", headers=headers, json={})

    job = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{JOBS}/{job['id']}"
    assert (job["retryOf"], job["requestParams"]["language"]) == (str(job_id), "pt")
    assert (again.status_code, again.json()["id"]) == (200, job["id"])
    assert again.headers["idempotency-replayed"] == "true"
    listed = api.get(JOBS, params={"retryOf": str(job_id)}).json()["items"]
    assert [each["id"] for each in listed] == [job["id"]]


def test_an_idempotency_key_makes_one_job_of_many_requests(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}

    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: api.post(JOBS, json=TIMED, headers=headers), range(16))
        )

    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert all(
        (answer.headers.get("idempotency-replayed") == "true") == (answer.status_code == 200)
        for answer in answers
    )
    other = api.post(JOBS, json=TIMED | {"limit": 1}, headers=headers)
    assert_wrong_fields(other, "Idempotency-Key")


def test_a_dry_run_estimates_and_creates_nothing(api: httpx.Client, api_sql: Sql) -> None:
    before = api_sql.value("select count(*) from batch.jobs")

    answer = api.post(JOBS, json=TIMED | {"dryRun": True})

    assert answer.status_code == 200
    assert answer.json().keys() == api.post(f"{JOBS}/estimate", json=TIMED).json().keys()
    assert api_sql.value("select count(*) from batch.jobs") == before
    assert created(api.post(JOBS, json=TIMED | {"dryRun": False}))
    assert_wrong_fields(api.post(JOBS, json={"dryRun": True}), "jobType")


def test_jobs_are_found_by_their_metadata(api: httpx.Client) -> None:
    mark = uuid4().hex
    ids = [
        str(created(api.post(JOBS, json=TIMED | {"metadata": {"mark": mark, "n": str(n)}})))
        for n in range(3)
    ]

    def found(**metadata: str) -> list[str]:
        params = {f"metadata.{name}": value for name, value in metadata.items()}
        return [job["id"] for job in api.get(JOBS, params=params).json()["items"]]

    assert found(mark=mark) == ids[::-1]
    assert found(mark=mark, n="1") == [ids[1]]
    assert found(mark="nobody's") == []
    assert_wrong_fields(api.get(JOBS, params={"metadata.": "x"}), "metadata.")


def test_reports_hold_every_item_and_exact_costs(api: httpx.Client, api_sql: Sql) -> None:
    job_id = api_sql.in_one_slice(running_job(api, api_sql, items=1200))
    worker = api_sql.worker()
    seqs = api_sql.take(job_id, 1, worker)
    api_sql.record(
        worker,
        processed(job_id, 1, 1, cost="0.00000001", text='two\nlines, and "words"'),
        *(processed(job_id, 1, seq) for seq in seqs[1:1000]),
    )

    lines = api.get(f"{JOBS}/{job_id}/report.csv", params={"text": "true"}).text
    ndjson = api.get(f"{JOBS}/{job_id}/report.ndjson").text

    rows = list(csv.DictReader(io.StringIO(lines)))
    assert [int(row["seq"]) for row in rows] == list(range(1, 1201))
    assert (rows[0]["costUsd"], rows[0]["text"]) == ("0.00000001", 'two\nlines, and "words"')
    assert (rows[0]["reused"], rows[0]["error"], rows[1199]["status"]) == ("false", "", "pending")
    items = [json.loads(line) for line in ndjson.splitlines()]
    assert items[:200] == api.get(f"{JOBS}/{job_id}/items", params={"limit": 200}).json()["items"]
    assert len(items) == 1200
    assert_problem(api.get(f"{JOBS}/{uuid4()}/report.csv"), 404)
    assert_wrong_fields(api.get(f"{JOBS}/{job_id}/report.csv", params={"text": "1"}), "text")
