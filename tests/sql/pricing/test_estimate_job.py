"""batch.estimate_job: what a request would do, without doing it."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.database import NOW, Chat, Sql, add_chat, processed


@pytest.fixture
def chat(sql: Sql) -> Chat:
    sql.at(NOW)
    return add_chat(sql)


def estimate(sql: Sql, **request: Any) -> dict[str, Any]:
    found: dict[str, Any] = sql.value("select batch.estimate_job(%s)", json.dumps(request))
    return found


def of_chat(sql: Sql, chat: Chat, **request: Any) -> dict[str, Any]:
    return estimate(sql, jobType="targeted_chat_sync", chatId=str(chat.id), **request)


def test_items_are_counted_by_content_type(sql: Sql, chat: Chat) -> None:
    chat.add_many(3, "audio/ogg")
    chat.add("image/png")
    chat.add("image/png", image_description="seen before")

    found = of_chat(sql, chat)

    assert (found["totalFound"], found["skippedItems"], found["totalItems"]) == (5, 1, 4)
    assert [found[f"{kind}Count"] for kind in ("audio", "image", "video", "document")] == [
        3, 1, 0, 0,
    ]  # fmt: skip
    assert found["contentTypes"]["image"] == {
        "found": 2, "alreadyDone": 1, "toProcess": 1, "knownSeconds": None,
        "knownBytes": None, "knownPages": None,
        "provider": "local", "model": None,
        "lowCostUsd": 0, "estimatedCostUsd": 0, "highCostUsd": 0,
        "lowDurationSeconds": 0.2, "estimatedDurationSeconds": 0.7, "highDurationSeconds": 2.5,
    }  # fmt: skip


def test_only_the_wanted_content_types_are_there(sql: Sql, chat: Chat) -> None:
    chat.add("audio/ogg")
    chat.add("image/png")

    found = of_chat(sql, chat, contentTypes=["audio"])

    assert set(found["contentTypes"]) == {"audio"}
    assert (found["totalItems"], found["imageCount"]) == (1, 0)


@pytest.mark.parametrize(
    "change",
    [{}, {"limit": 3}, {"limit": 100}, {"force": True}, {"force": True, "limit": 5},
     {"contentTypes": ["image"], "limit": 2}, {"daysBack": 10}],
)  # fmt: skip
def test_it_foretells_what_the_plan_then_finds(
    sql: Sql, chat: Chat, change: dict[str, Any]
) -> None:
    for day in range(1, 21):
        done = {"image_description": "x"} if day % 4 == 0 else {}
        chat.add(("image/png", "audio/ogg", "text/x")[day % 3], sent=f"2026-06-{day:02}", **done)
    request = {"jobType": "targeted_chat_sync", "chatId": str(chat.id)} | change

    found = estimate(sql, **request)
    job = sql.job(sql.plan(**request))

    assert (found["totalFound"], found["skippedItems"], found["totalItems"]) == (
        job["total_found"], job["skipped_items"], job["total_items"],
    )  # fmt: skip


def test_nothing_in_scope_costs_nothing(sql: Sql, chat: Chat) -> None:
    found = of_chat(sql, chat)

    assert (found["totalFound"], found["totalItems"]) == (0, 0)
    assert (found["estimatedCostUsd"], found["estimatedDurationSeconds"]) == (0, 0)


def test_the_cost_goes_by_what_such_items_cost_before(sql: Sql, chat: Chat) -> None:
    first = chat.add()
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = sql.worker()
    sql.take(job_id, 1, worker)
    sql.record(worker, processed(job_id, 1, 1, cost="0.00012", processingMs=2000))
    chat.add_many(10)

    found = of_chat(sql, chat)

    assert first
    assert found["estimatedCostUsd"] == 0.0012
    assert found["estimatedDurationSeconds"] == 20
    assert found["estimatedDurationMinutes"] == 0.33


def test_more_places_for_a_content_type_make_it_shorter(sql: Sql, chat: Chat) -> None:
    chat.add_many(10)
    for _ in range(2):
        sql.run("select batch.register_worker('w', '{\"image\": 2}')")

    found = of_chat(sql, chat)

    assert found["estimatedDurationSeconds"] == 1.8
    assert found["warnings"] == []


@pytest.mark.parametrize(("count", "items"), [(1, "1 audio item"), (3, "3 audio items")])
def test_what_no_running_worker_can_process_is_warned_of(
    sql: Sql, chat: Chat, count: int, items: str
) -> None:
    chat.add_many(count, "audio/ogg")
    sql.worker()

    assert of_chat(sql, chat)["warnings"] == [
        f"{items} would fail with no_provider: no running worker can process them"
    ]


@pytest.mark.parametrize("how", ["none", "stopped", "silent"])
def test_it_warns_if_no_worker_is_running(sql: Sql, chat: Chat, how: str) -> None:
    chat.add()
    if how == "stopped":
        sql.run("select batch.stop_worker(%s)", sql.worker())
    elif how == "silent":
        sql.worker()
        sql.at("2026-06-30 12:01:01+00")

    assert of_chat(sql, chat)["warnings"] == ["no worker is running: the job would wait for one"]


def test_it_creates_nothing(sql: Sql, chat: Chat) -> None:
    chat.add()

    of_chat(sql, chat)

    assert sql.value("select count(*) from batch.jobs") == 0
    assert sql.tasks() == []


def test_it_can_be_asked_where_nothing_may_be_written(sql: Sql, chat: Chat) -> None:
    chat.add()
    sql.run("set transaction_read_only = on")

    assert of_chat(sql, chat)["totalItems"] == 1


def test_it_refuses_what_creating_would_refuse(sql: Sql) -> None:
    assert sql.problems("select batch.estimate_job('{}')")[0][0] == "jobType"
    with sql.refused("BJ404"):
        estimate(sql, jobType="time_based_batch", daysBack=7, instanceId=str(uuid4()))


def with_groq(sql: Sql) -> None:
    sql.run(
        "select batch.register_worker('w', '{\"audio\": 4}',"
        ' \'{"audio": {"provider": "groq", "model": "whisper-large-v3-turbo"}}\')'
    )


def test_sound_whose_length_is_told_costs_its_price(sql: Sql, chat: Chat) -> None:
    for _ in range(4):
        chat.add("audio/ogg", media_metadata='{"duration": 90, "size": 1000}')
    with_groq(sql)

    found = of_chat(sql, chat, contentTypes=["audio"])

    # 4 * 90 s at 0.04 USD an hour
    assert found["estimatedCostUsd"] == found["lowCostUsd"] == found["highCostUsd"] == 0.004
    audio = found["contentTypes"]["audio"]
    assert (audio["provider"], audio["model"]) == ("groq", "whisper-large-v3-turbo")
    assert (audio["knownSeconds"], audio["knownBytes"]) == (360, 4000)


def test_what_the_provider_bills_at_least_is_counted_for_each(sql: Sql, chat: Chat) -> None:
    for seconds in (2, 4, 30):
        chat.add("audio/ogg", media_metadata=f'{{"duration": {seconds}}}')
    with_groq(sql)

    found = of_chat(sql, chat, contentTypes=["audio"])

    # 10 + 10 + 30 s at 0.04 USD an hour
    assert found["estimatedCostUsd"] == pytest.approx(50 * 0.04 / 3600, abs=3e-8)
    assert found["contentTypes"]["audio"]["knownSeconds"] == 36


def test_sizes_of_a_sample_count_where_metadata_tell_none(sql: Sql, chat: Chat) -> None:
    chat.add_many(10, "audio/ogg")
    with_groq(sql)
    request = json.dumps(
        {"jobType": "targeted_chat_sync", "chatId": str(chat.id), "contentTypes": ["audio"]}
    )

    found = sql.value("select batch.estimate_job(%s, null, '{\"audio\": 360000}')", request)

    # 360,000 bytes are 90 s at 4,000 bytes a second: 10 * 90 s at 0.04 USD an hour
    assert found["estimatedCostUsd"] == 0.01
    assert found["lowCostUsd"] < 0.01 < found["highCostUsd"]


def test_a_sample_is_spread_over_what_has_files(sql: Sql, chat: Chat) -> None:
    for number in range(120):
        chat.add("audio/ogg", media_local_path=f"{number}.ogg")
    chat.add("application/pdf", media_local_path="a.pdf")
    chat.add("application/pdf", media_url="https://example.org/b.pdf")
    chat.add("image/png", media_local_path="c.png")
    request = json.dumps({"jobType": "targeted_chat_sync", "chatId": str(chat.id)})

    rows = sql.rows("select * from batch.sample_media(%s)", request)

    assert {content_type for content_type, _ in rows} == {"audio", "document"}
    assert 50 <= sum(content_type == "audio" for content_type, _ in rows) <= 100


def test_with_a_limit_a_model_without_a_price_is_warned_of_more(sql: Sql, chat: Chat) -> None:
    chat.add("audio/ogg")
    with_groq(sql)
    sql.run("delete from batch.model_prices where provider = 'groq'")

    found = of_chat(sql, chat, contentTypes=["audio"], maxCostUsd=1)

    assert "with maxCostUsd the job would pause" in found["warnings"][1]


@pytest.mark.parametrize("told", ['"90"', "90", "90.0"])
def test_lengths_are_read_however_they_are_written(sql: Sql, chat: Chat, told: str) -> None:
    chat.add("audio/ogg", media_metadata=f'{{"duration": {told}}}')

    assert of_chat(sql, chat)["contentTypes"]["audio"]["knownSeconds"] == 90


@pytest.mark.parametrize("told", ["-1", "1e300", "true", '"long"', "[]", "null"])
def test_lengths_that_cannot_be_true_are_not_known(sql: Sql, chat: Chat, told: str) -> None:
    chat.add("audio/ogg", media_metadata=f'{{"duration": {told}}}')

    assert of_chat(sql, chat)["contentTypes"]["audio"]["knownSeconds"] is None


def test_a_model_without_a_price_is_warned_of_and_not_free(sql: Sql, chat: Chat) -> None:
    chat.add("audio/ogg")
    with_groq(sql)
    sql.run("delete from batch.model_prices where provider = 'groq'")

    found = of_chat(sql, chat, contentTypes=["audio"])

    assert found["contentTypes"]["audio"]["estimatedCostUsd"] is None
    assert "price of groq whisper-large-v3-turbo is not known" in found["warnings"][0]


def test_a_planned_job_keeps_its_estimate(sql: Sql, chat: Chat) -> None:
    for _ in range(4):
        chat.add("audio/ogg", media_metadata='{"duration": 90}')
    with_groq(sql)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    kept = sql.value("select batch.job_details(%s)", job_id)["estimate"]
    assert kept["estimatedCostUsd"] == 0.004
    assert kept["providers"] == {"audio": "groq whisper-large-v3-turbo"}
