"""batch.list_jobs: jobs newest first, filtered, in pages that stay stable."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Sql, add_chat

CALL = "select batch.list_jobs(%s)"


def at(sql: Sql, minute: int) -> None:
    sql.at(f"2026-06-30 12:{minute:02}:00+00")


def make(sql: Sql, count: int) -> list[str]:
    """Jobs a minute apart, their ids from the newest to the oldest."""
    jobs = []
    for minute in range(count):
        at(sql, minute)
        jobs.append(str(sql.create(jobType="time_based_batch", daysBack=7)))
    return jobs[::-1]


def page(sql: Sql, **query: str | None) -> tuple[list[str], str | None]:
    found: dict[str, Any] = sql.value(CALL, json.dumps(query))
    return [job["id"] for job in found["items"]], found["nextCursor"]


def test_there_may_be_no_jobs(sql: Sql) -> None:
    assert sql.value("select batch.list_jobs()") == {"items": [], "nextCursor": None}


def test_jobs_come_newest_first(sql: Sql) -> None:
    jobs = make(sql, 3)

    assert page(sql) == (jobs, None)


def test_fifty_are_shown_unless_asked_otherwise(sql: Sql) -> None:
    jobs = make(sql, 52)

    first, cursor = page(sql)

    assert first == jobs[:50]
    assert page(sql, cursor=cursor) == (jobs[50:], None)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 200])
def test_pages_show_every_job_once(sql: Sql, limit: int) -> None:
    jobs = make(sql, 7)
    seen: list[str] = []
    cursor: str | None = None

    while True:
        some, cursor = page(sql, limit=str(limit), cursor=cursor)
        seen += some
        if cursor is None:
            break

    assert seen == jobs


def test_jobs_of_one_instant_are_neither_repeated_nor_passed_over(sql: Sql) -> None:
    at(sql, 0)
    jobs = {str(sql.create(jobType="time_based_batch", daysBack=7)) for _ in range(7)}
    seen: list[str] = []
    cursor: str | None = None

    while True:
        some, cursor = page(sql, limit="2", cursor=cursor)
        seen += some
        if cursor is None:
            break

    assert len(seen) == 7
    assert set(seen) == jobs


def test_pages_stay_the_same_while_jobs_are_added(sql: Sql) -> None:
    jobs = make(sql, 4)
    first, cursor = page(sql, limit="2")
    at(sql, 30)
    sql.create(jobType="time_based_batch", daysBack=7)

    second, end = page(sql, limit="2", cursor=cursor)

    assert first + second == jobs
    assert end is None


def test_status_filters_by_one_or_several(sql: Sql) -> None:
    pending, cancelled, failed = make(sql, 3)
    sql.run("select batch.cancel_job(%s)", cancelled)
    sql.run("select batch.fail_job(%s, 'why')", failed)

    assert page(sql, status="pending")[0] == [pending]
    assert page(sql, status="failed,pending")[0] == [pending, failed]
    assert page(sql, status="failed, cancelled")[0] == [cancelled, failed]
    assert page(sql, status="completed")[0] == []


def test_job_type_filters_by_one_or_several(sql: Sql) -> None:
    (timed,) = make(sql, 1)
    at(sql, 5)
    chat = add_chat(sql)
    targeted = str(sql.create(jobType="targeted_chat_sync", chatId=str(chat.id)))

    assert page(sql, jobType="time_based_batch")[0] == [timed]
    assert page(sql, jobType="time_based_batch,targeted_chat_sync")[0] == [targeted, timed]


def test_instance_filters_by_one_or_several(sql: Sql) -> None:
    make(sql, 1)
    jobs: dict[str, str] = {}
    for minute in (10, 11):
        at(sql, minute)
        chat = add_chat(sql)
        job_id = sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
        jobs[str(chat.instance_id)] = str(job_id)
    first, second = jobs

    assert page(sql, instanceId=first)[0] == [jobs[first]]
    assert page(sql, instanceId=f"{first},{second}")[0] == [jobs[second], jobs[first]]
    assert page(sql, instanceId=str(uuid4()))[0] == []


def test_times_filter_from_the_first_up_to_but_not_including_the_second(sql: Sql) -> None:
    jobs = make(sql, 4)

    between = page(
        sql, createdAfter="2026-06-30T12:01:00Z", createdBefore="2026-06-30T14:03:00+02:00"
    )

    assert between[0] == jobs[1:3]


def test_filters_hold_on_every_page(sql: Sql) -> None:
    jobs = make(sql, 6)
    for job_id in jobs[::2]:
        sql.run("select batch.cancel_job(%s)", job_id)

    first, cursor = page(sql, status="cancelled", limit="2")
    second, _ = page(sql, status="cancelled", limit="2", cursor=cursor)

    assert first + second == jobs[::2]


@pytest.mark.parametrize("field", ["status", "jobType", "instanceId", "cursor", "createdAfter"])
def test_null_narrows_nothing(sql: Sql, field: str) -> None:
    jobs = make(sql, 1)

    assert page(sql, **{field: None})[0] == jobs


@pytest.mark.parametrize("field", ["status", "jobType", "instanceId"])
def test_an_empty_list_narrows_nothing(sql: Sql, field: str) -> None:
    jobs = make(sql, 1)

    assert page(sql, **{field: ""})[0] == jobs


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"limit": "0"}, ["limit"]),
        ({"limit": "201"}, ["limit"]),
        ({"limit": "1.5"}, ["limit"]),
        ({"limit": "99999999999999999999"}, ["limit"]),
        ({"status": "running"}, ["status"]),
        ({"status": "pending,running,done"}, ["status", "status"]),
        ({"status": "pending,"}, ["status"]),
        ({"jobType": "media_redownload"}, ["jobType"]),
        ({"instanceId": "x"}, ["instanceId"]),
        ({"createdAfter": "yesterday"}, ["createdAfter"]),
        ({"createdBefore": ""}, ["createdBefore"]),
        ({"cursor": "nonsense"}, ["cursor"]),
        ({"cursor": ""}, ["cursor"]),
        ({"colour": "blue"}, ["colour"]),
        ({"limit": "0", "status": "x", "createdAfter": "x"}, ["createdAfter", "limit", "status"]),
    ],
)
def test_parameters_that_cannot_be_used_are_named(
    sql: Sql, query: dict[str, str], fields: list[str]
) -> None:
    problems = sql.problems(CALL, json.dumps(query))

    assert sorted(field for field, _ in problems) == fields


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "e30",
        "seq-5",
        f"createdAt-x.id-{UUID(int=0)}",
        f"createdAt-{10**16}.id-{UUID(int=0)}",
        f"createdAt-{UUID(int=0)}.id-{UUID(int=0)}",
        "createdAt-1782820800000000.id-5",
        "createdAt-1782820800000000",
        f"id-{UUID(int=0)}",
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(sql: Sql, cursor: str) -> None:
    assert sql.problems(CALL, json.dumps({"cursor": cursor})) == [
        ("cursor", "is not a cursor that an earlier page gave")
    ]
