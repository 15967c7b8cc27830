"""batch.read_request: a request as the job it asks for."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.database import Sql, add_chat


def read(sql: Sql, **request: Any) -> dict[str, Any]:
    job: dict[str, Any] = sql.value(
        "select to_jsonb(j) from batch.read_request(%s) as j", json.dumps(request)
    )
    return job


def test_what_is_absent_has_its_default(sql: Sql) -> None:
    job = read(sql, jobType="time_based_batch", daysBack=30)

    assert job["content_types"] == ["audio", "image", "video", "document"]
    assert (job["item_limit"], job["is_forced"], job["language"]) == (None, False, None)
    assert (job["instance_id"], job["chat_id"], job["days_back"]) == (None, None, 30)


def test_every_field_is_read(sql: Sql) -> None:
    chat = add_chat(sql)

    job = read(
        sql, jobType="time_based_batch", instanceId=str(chat.instance_id), chatId=chat.external_id,
        contentTypes=["video", "audio", "video"], daysBack=7, limit=100, force=True, language="pt",
    )  # fmt: skip

    assert job["job_type"] == "time_based_batch"
    assert job["instance_id"] == str(chat.instance_id)
    assert job["chat_id"] == str(chat.id)
    assert job["content_types"] == ["audio", "video"]
    assert (job["days_back"], job["item_limit"]) == (7, 100)
    assert (job["is_forced"], job["language"]) == (True, "pt")


def test_a_limit_of_zero_is_none(sql: Sql) -> None:
    assert read(sql, jobType="time_based_batch", daysBack=30, limit=0)["item_limit"] is None


def test_whole_numbers_may_be_written_with_a_point(sql: Sql) -> None:
    job = read(sql, jobType="time_based_batch", daysBack=30.0, limit=5.0)

    assert (job["days_back"], job["item_limit"]) == (30, 5)


def test_a_chat_brings_its_instance(sql: Sql) -> None:
    chat = add_chat(sql)

    job = read(sql, jobType="targeted_chat_sync", chatId=str(chat.id))

    assert job["instance_id"] == str(chat.instance_id)


def test_the_parameters_are_kept_as_they_were_given_without_nulls(sql: Sql) -> None:
    job = read(sql, jobType="time_based_batch", daysBack=30, limit=None, force=False)

    assert job["request_params"] == {"jobType": "time_based_batch", "daysBack": 30, "force": False}


def test_an_unknown_instance_is_not_found(sql: Sql) -> None:
    instance = str(uuid4())

    with sql.refused("BJ404") as caught:
        read(sql, jobType="time_based_batch", daysBack=30, instanceId=instance)

    assert caught[0].diag.message_primary == f"no instance {instance}"


def test_an_unknown_chat_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        read(sql, jobType="targeted_chat_sync", chatId="nobody")


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"jobType": "targeted_chat_sync"}, "the request has a problem"),
        ({"jobType": "time_based_batch", "limit": -1}, "the request has several problems"),
    ],
)
def test_problems_are_told_as_a_list(sql: Sql, request_: dict[str, Any], message: str) -> None:
    with sql.refused("BJ422") as caught:
        read(sql, **request_)

    assert caught[0].diag.message_primary == message
    told = json.loads(caught[0].diag.message_detail or "")
    assert all(set(problem) == {"field", "problem"} for problem in told)
