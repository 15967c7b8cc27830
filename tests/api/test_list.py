"""GET /api/v1/batch-jobs: filters, their combinations, and pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.api.conftest import JOBS, assert_problem, assert_wrong_fields, created
from tests.database import Chat, Sql, add_chat


@pytest.fixture
def chat(api_sql: Sql) -> Chat:
    """A chat of an instance of its own, so that a test finds its own jobs by the instance."""
    return add_chat(api_sql)


def make(api: httpx.Client, chat: Chat, job_type: str = "targeted_chat_sync") -> str:
    body: dict[str, Any] = {"jobType": job_type, "instanceId": str(chat.instance_id)}
    if job_type == "targeted_chat_sync":
        body["chatId"] = str(chat.id)
    else:
        body["daysBack"] = 30
    return str(created(api.post(JOBS, json=body)))


def listed(api: httpx.Client, chat: Chat | None = None, query: str = "") -> list[str]:
    instance = f"instanceId={chat.instance_id}&" if chat else ""
    answer = api.get(f"{JOBS}?{instance}{query}")
    assert answer.status_code == 200, answer.text
    return [job["id"] for job in answer.json()["items"]]


def test_jobs_are_listed_whole_the_newest_first(api: httpx.Client, chat: Chat) -> None:
    first, second = make(api, chat), make(api, chat)

    page = api.get(JOBS, params={"instanceId": str(chat.instance_id)}).json()

    assert set(page) == {"items", "nextCursor"}
    assert page["nextCursor"] is None
    assert page["items"] == [api.get(f"{JOBS}/{job_id}").json() for job_id in (second, first)]


def test_filters_narrow_alone_and_together(api: httpx.Client, chat: Chat) -> None:
    targeted, cancelled = make(api, chat), make(api, chat)
    timed = make(api, chat, "time_based_batch")
    api.post(f"{JOBS}/{cancelled}/cancel")

    assert listed(api, chat, "status=pending") == [timed, targeted]
    assert listed(api, chat, "status=cancelled") == [cancelled]
    assert listed(api, chat, "status=completed") == []
    assert listed(api, chat, "jobType=time_based_batch") == [timed]
    assert listed(api, chat, "jobType=targeted_chat_sync&status=pending") == [targeted]
    assert listed(api, chat, "jobType=time_based_batch&status=cancelled") == []


def test_several_values_come_by_comma_or_by_repetition(
    api: httpx.Client, api_sql: Sql, chat: Chat
) -> None:
    other = add_chat(api_sql)
    first, second, third = make(api, chat), make(api, other), make(api, chat, "time_based_batch")
    api.post(f"{JOBS}/{first}/cancel")
    both = f"instanceId={chat.instance_id},{other.instance_id}"

    assert listed(api, None, both) == [third, second, first]
    assert listed(api, None, f"{both}&status=pending,cancelled") == [third, second, first]
    assert listed(api, None, f"{both}&status=cancelled&status=paused") == [first]
    assert listed(api, chat, "jobType=targeted_chat_sync,%20time_based_batch") == [third, first]


def test_times_narrow_from_inclusive_to_exclusive(
    api: httpx.Client, api_sql: Sql, chat: Chat
) -> None:
    jobs = [make(api, chat) for _ in range(3)]
    for day, job_id in enumerate(jobs, start=1):
        api_sql.run(
            "update batch.jobs set created_at = %s where id = %s", f"2026-03-0{day} 12:00Z", job_id
        )

    noon = "2026-03-02T12:00:00.000Z"
    assert listed(api, chat, f"createdAfter={noon}") == [jobs[2], jobs[1]]
    assert listed(api, chat, f"createdBefore={noon}") == [jobs[0]]
    assert listed(api, chat, f"createdAfter={noon}&createdBefore=2026-03-03") == [jobs[1]]


@pytest.mark.parametrize(
    "noon",
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02T12:00:00.000000Z",
        "2026-03-02T12:00:00",
        "2026-03-02T12:00",
        "2026-03-02 12:00:00",
        "2026-03-02T12:00:00+00:00",
        "2026-03-02T12:00:00%2B00:00",
        "2026-03-02T12:00:00.000+00:00",
        "2026-03-02T14:00+02:00",
        "2026-03-02T14:00:00+0200",
        "2026-03-02T14:00:00+02",
        "2026-03-02T09:00:00-03:00",
        "2026-03-02t12:00:00z",
    ],
)
def test_a_time_is_understood_in_every_usual_spelling(
    api: httpx.Client, api_sql: Sql, chat: Chat, noon: str
) -> None:
    before, after = make(api, chat), make(api, chat)
    for job_id, time in ((before, "2026-03-02 11:59:59Z"), (after, "2026-03-02 12:00Z")):
        api_sql.run("update batch.jobs set created_at = %s where id = %s", time, job_id)

    assert listed(api, chat, f"createdAfter={noon}") == [after]
    assert listed(api, chat, f"createdBefore={noon}") == [before]


def test_pages_follow_each_other_without_gap_or_repeat_while_jobs_are_added(
    api: httpx.Client, api_sql: Sql, chat: Chat
) -> None:
    jobs = [make(api, chat) for _ in range(25)]
    # Some at the very same time: then the id decides.
    api_sql.run(
        "update batch.jobs set created_at = '2026-03-01' where id = any (%s)",
        [UUID(job_id) for job_id in jobs[:12]],
    )
    query: dict[str, Any] = {"instanceId": str(chat.instance_id), "limit": 10}
    pages: list[list[str]] = []

    while True:
        page = api.get(JOBS, params=query).json()
        pages.append([job["id"] for job in page["items"]])
        make(api, chat)
        if page["nextCursor"] is None:
            break
        query["cursor"] = page["nextCursor"]

    assert [len(page) for page in pages] == [10, 10, 5]
    seen = [job_id for page in pages for job_id in page]
    assert seen[:13] == list(reversed(jobs[12:]))
    assert seen[13:] == sorted(jobs[:12], reverse=True)


def test_the_last_page_that_is_just_full_has_no_cursor(api: httpx.Client, chat: Chat) -> None:
    for _ in range(3):
        make(api, chat)

    page = api.get(JOBS, params={"instanceId": str(chat.instance_id), "limit": 3}).json()

    assert (len(page["items"]), page["nextCursor"]) == (3, None)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", ["limit"]),
        ("limit=201", ["limit"]),
        ("limit=-1", ["limit"]),
        ("limit=x", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=1.0", ["limit"]),
        ("limit=1&limit=2", ["limit"]),
        ("limit=99999999999999999999", ["limit"]),
        ("cursor=x", ["cursor"]),
        ("cursor=", ["cursor"]),
        ("cursor=e30", ["cursor"]),
        ("cursor=seq-1", ["cursor"]),
        ("cursor=createdAt-1.id-1", ["cursor"]),
        ("status=running", ["status"]),
        ("status=pending,", ["status"]),
        ("jobType=x", ["jobType"]),
        ("instanceId=7", ["instanceId"]),
        ("retryOf=", ["retryOf"]),
        ("retryOf=7", ["retryOf"]),
        ("createdAfter=tomorrow", ["createdAfter"]),
        ("createdAfter=", ["createdAfter"]),
        ("createdBefore=2026-13-01", ["createdBefore"]),
        ("createdBefore=1767225600", ["createdBefore"]),
        ("page=2", ["page"]),
        ("status=x&limit=0&colour=red", ["status", "limit", "colour"]),
    ],
)
def test_every_wrong_parameter_is_named(api: httpx.Client, query: str, fields: list[str]) -> None:
    answer = api.get(f"{JOBS}?{query}")

    assert_wrong_fields(answer, *fields)


def test_a_nul_in_the_query_is_a_bad_request(api: httpx.Client) -> None:
    answer = api.get(f"{JOBS}?status=%00")

    assert_problem(answer, 400)
