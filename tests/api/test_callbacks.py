"""GET /callbacks and POST /callbacks/redeliver: what a job's callbackUrl was told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.conftest import JOBS, assert_problem, assert_wrong_fields, key_header
from tests.database import Chat, Sql, add_chat

URL = "https://receiver.example/hooks"


@pytest.fixture
def chat(api_sql: Sql) -> Chat:
    chat = add_chat(api_sql)
    chat.add()
    return chat


@pytest.fixture
def job_id(api: httpx.Client, api_sql: Sql, chat: Chat) -> str:
    """A job that was paused and cancelled, which its callbackUrl is to be told."""
    created = api.post(
        JOBS,
        json={
            "jobType": "targeted_chat_sync", "chatId": str(chat.id), "callbackUrl": URL,
            "metadata": {"order": "7"},
        },
    ).json()  # fmt: skip
    api_sql.run("select batch.plan_job(%s)", created["id"])
    assert api.post(f"{JOBS}/{created['id']}/pause").status_code == 200
    assert api.post(f"{JOBS}/{created['id']}/cancel").status_code == 200
    return str(created["id"])


def listed(api: httpx.Client, job_id: str, **query: str) -> dict[str, Any]:
    answer = api.get(f"{JOBS}/{job_id}/callbacks", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def redeliver(api: httpx.Client, job_id: str, **how: Any) -> httpx.Response:
    return api.post(f"{JOBS}/{job_id}/callbacks/redeliver", **how)


def test_the_list_shows_what_was_told_in_order(api: httpx.Client, job_id: str) -> None:
    paused, cancelled = listed(api, job_id)["items"]

    assert (paused["type"], cancelled["type"]) == ("batch_job.paused", "batch_job.cancelled")
    assert set(cancelled) == {
        "id", "jobId", "type", "url", "state", "createdAt", "nextAttemptAt", "endedAt",
        "attemptCount", "attempts", "payload",
    }  # fmt: skip
    assert (cancelled["url"], cancelled["state"], cancelled["attempts"]) == (URL, "queued", [])
    assert cancelled["payload"]["data"] == api.get(f"{JOBS}/{job_id}").json()


def test_the_list_is_paged(api: httpx.Client, job_id: str) -> None:
    first = listed(api, job_id, limit="1")
    second = listed(api, job_id, limit="1", cursor=first["nextCursor"])

    assert first["items"] + second["items"] == listed(api, job_id)["items"]
    assert second["nextCursor"] is None


def test_all_are_delivered_again_without_a_body(
    api: httpx.Client, api_sql: Sql, job_id: str
) -> None:
    api_sql.run(
        "update batch.callbacks set state = 'given_up', next_attempt_at = null,"
        " ended_at = batch.clock() where job_id = %s",
        job_id,
    )

    answer = redeliver(api, job_id)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"items": listed(api, job_id)["items"]}
    assert [each["state"] for each in answer.json()["items"]] == ["queued", "queued"]
    assert api.get(f"{JOBS}/{job_id}/events").json()["items"][-1]["type"] == (
        "callbacks_redelivered"
    )


def test_one_is_delivered_again_by_its_id(api: httpx.Client, job_id: str) -> None:
    callback_id = listed(api, job_id)["items"][1]["id"]

    answer = redeliver(api, job_id, json={"id": callback_id})

    assert [each["id"] for each in answer.json()["items"]] == [callback_id]


def test_the_events_name_who_asked(api: httpx.Client, job_id: str) -> None:
    redeliver(api, job_id)

    event = api.get(f"{JOBS}/{job_id}/events").json()["items"][-1]
    assert event["actor"] == "test (API key)"


def test_a_job_without_an_address_is_409(api: httpx.Client, api_sql: Sql, chat: Chat) -> None:
    job_id = str(api_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))

    assert listed(api, job_id) == {"items": [], "nextCursor": None}
    assert "has no callbackUrl" in assert_problem(redeliver(api, job_id), 409)["detail"]


@pytest.mark.parametrize("job", ["00000000-0000-4000-8000-000000000000", "x"])
def test_no_job_is_404(api: httpx.Client, job: str) -> None:
    assert_problem(api.get(f"{JOBS}/{job}/callbacks"), 404)
    assert_problem(redeliver(api, job), 404)


def test_no_such_callback_is_404(api: httpx.Client, job_id: str) -> None:
    assert_problem(redeliver(api, job_id, json={"id": job_id}), 404)


def test_what_cannot_be_used_is_named(api: httpx.Client, job_id: str) -> None:
    assert_wrong_fields(redeliver(api, job_id, json={"id": "x"}), "id")
    assert_wrong_fields(redeliver(api, job_id, json={"all": True}), "all")
    assert_wrong_fields(redeliver(api, job_id, json=[]), "")
    assert_wrong_fields(api.get(f"{JOBS}/{job_id}/callbacks", params={"limit": "0"}), "limit")


def test_a_key_of_another_instance_sees_and_sends_nothing(
    api: httpx.Client, api_sql: Sql, api_database_url: str, job_id: str, chat: Chat
) -> None:
    def headers(instance_id: UUID) -> dict[str, str]:
        return key_header(api_database_url, "jobs:read", "jobs:write", instances=[instance_id])

    own, other = headers(chat.instance_id), headers(add_chat(api_sql).instance_id)

    assert api.get(f"{JOBS}/{job_id}/callbacks", headers=own).status_code == 200
    assert redeliver(api, job_id, headers=own).status_code == 200
    assert_problem(api.get(f"{JOBS}/{job_id}/callbacks", headers=other), 404)
    assert_problem(redeliver(api, job_id, headers=other), 404)


def test_redelivering_needs_the_scope_to_write(
    api: httpx.Client, api_database_url: str, job_id: str
) -> None:
    reader = key_header(api_database_url, "jobs:read")

    assert api.get(f"{JOBS}/{job_id}/callbacks", headers=reader).status_code == 200
    assert_problem(redeliver(api, job_id, headers=reader), 403)
