"""GET /batch-jobs/{id}/stream and /batch-jobs/stream: the present state, then every change."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.conftest import JOBS, assert_problem, key_header
from tests.api.watching import Stream, watching
from tests.database import Chat, Sql, add_chat, processed

ALL = f"{JOBS}/stream"


@pytest.fixture
def chat(api_sql: Sql) -> Chat:
    chat = add_chat(api_sql)
    chat.add_many(3)
    return chat


@pytest.fixture
def job_id(api_sql: Sql, chat: Chat) -> UUID:
    """A pending job over three pictures."""
    return api_sql.create(
        jobType="targeted_chat_sync", chatId=str(chat.id), instanceId=str(chat.instance_id)
    )


def of(job_id: UUID) -> str:
    return f"{JOBS}/{job_id}/stream"


def about(stream: Stream, job_id: UUID) -> list[str]:
    """The life of one job in a stream of all."""
    return [e["type"] for e in stream.named("life") if e["jobId"] == str(job_id)]


def test_a_job_is_watched_from_its_present_state_to_its_end(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    with watching(api, of(job_id)) as stream:
        stream.wait_for(lambda s: s.events)
        assert stream.events[0].data == api.get(f"{JOBS}/{job_id}/status").json()
        api_sql.run("select batch.plan_job(%s)", job_id)
        api_sql.run("select batch.pause_job(%s)", job_id)
        stream.wait_for(lambda s: s.lives()[-1:] == ["paused"])
        api_sql.run("select batch.resume_job(%s)", job_id)
        api_sql.work_off(job_id)

        assert stream.wait_for_end() == "job_ended"

    assert stream.statuses()[0] == "pending"
    assert stream.statuses()[-1] == "completed"
    assert stream.lives() == ["planned", "paused", "resumed", "completed"]
    *_, last, _ = stream.events
    assert (last.name, last.data) == ("job", api.get(f"{JOBS}/{job_id}/status").json())
    assert last.data["isFinal"] is True
    assert [e.data["id"] for e in stream.events if e.name == "life"] == [
        int(e.id or 0) for e in stream.events if e.name == "life"
    ]


def test_life_events_are_those_of_the_list(api: httpx.Client, api_sql: Sql, job_id: UUID) -> None:
    with watching(api, of(job_id), last_event_id=0) as stream:
        api_sql.run("select batch.plan_job(%s)", job_id)
        api_sql.run("select batch.cancel_job(%s)", job_id)
        stream.wait_for_end()

    assert stream.named("life") == api.get(f"{JOBS}/{job_id}/events").json()["items"]


def test_the_final_counts_of_a_cancelled_job_come_before_the_end(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    api_sql.run("select batch.plan_job(%s)", job_id)
    worker = api_sql.worker()
    api_sql.take(job_id, 1, worker)
    with watching(api, of(job_id)) as stream:
        api_sql.run("select batch.cancel_job(%s)", job_id)
        stream.wait_for(lambda s: s.lives() == ["cancelled"])
        api_sql.record(worker, processed(job_id, 1, 1))

        api_sql.finish(job_id, 1, worker)

        assert stream.wait_for_end() == "job_ended"
    final = stream.named("job")[-1]
    assert (final["status"], final["processedItems"], final["isFinal"]) == ("cancelled", 1, True)


def test_an_ended_job_is_told_with_what_was_missed_and_ends(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    api_sql.run("select batch.plan_job(%s)", job_id)
    api_sql.work_off(job_id)
    first = api.get(f"{JOBS}/{job_id}/events").json()["items"][0]["id"]

    with watching(api, of(job_id)) as without, watching(api, of(job_id), first) as resumed:
        assert (without.wait_for_end(), resumed.wait_for_end()) == ("job_ended", "job_ended")

    assert [event.name for event in without.events] == ["job", "end"]
    assert resumed.lives() == ["planned", "completed"]


def test_a_stream_that_sent_no_event_yet_can_be_resumed_too(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    with watching(api, of(job_id)) as stream:
        stream.wait_for(lambda s: s.events)
    api_sql.run("select batch.plan_job(%s)", job_id)

    with watching(api, of(job_id), stream.last_id) as resumed:
        resumed.wait_for(lambda s: s.lives() == ["planned"])


def test_large_events_come_whole(api: httpx.Client, api_sql: Sql, job_id: UUID) -> None:
    with watching(api, of(job_id)) as stream:
        stream.wait_for(lambda s: s.events)
        api_sql.run(
            "insert into batch.job_events (job_id, type, actor, details, created_at)"
            " values (%s, 'large', 'test', jsonb_build_object('text', repeat('x', 20000)), now())",
            job_id,
        )

        stream.wait_for(lambda s: s.lives() == ["large"])
    assert stream.named("life")[0]["details"] == {"text": "x" * 20000}


def test_the_stream_of_all_jobs_begins_with_those_that_have_not_ended(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    ended = api_sql.create(jobType="time_based_batch", daysBack=7)
    api_sql.run("select batch.cancel_job(%s)", ended)

    with watching(api, ALL) as stream:
        stream.wait_for(lambda s: s.events)
        newer = api_sql.create(jobType="time_based_batch", daysBack=7)
        stream.wait_for(lambda s: about(s, newer) == ["created"])
        api_sql.run("select batch.cancel_job(%s)", newer)
        stream.wait_for(lambda s: about(s, newer) == ["created", "cancelled"])

    assert stream.events[0].data["jobId"] == str(job_id)
    assert about(stream, job_id) == []
    assert str(ended) not in {state["jobId"] for state in stream.named("job")}


def test_the_stream_of_all_jobs_resumes_with_the_last_states_of_those_that_ended_meanwhile(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    with watching(api, ALL) as stream:
        stream.wait_for(lambda s: s.last_id)
    api_sql.run("select batch.cancel_job(%s)", job_id)

    with watching(api, ALL, stream.last_id) as resumed:
        resumed.wait_for(lambda s: about(s, job_id) == ["cancelled"])
    assert {"cancelled"} == {
        state["status"] for state in resumed.named("job") if state["jobId"] == str(job_id)
    }


def test_keys_do_not_see_what_happens_in_instances_of_others(
    api: httpx.Client, api_database_url: str, api_sql: Sql, chat: Chat, job_id: UUID
) -> None:
    other = add_chat(api_sql)
    theirs = api_sql.create(
        jobType="targeted_chat_sync", chatId=str(other.id), instanceId=str(other.instance_id)
    )
    key = key_header(api_database_url, "jobs:read", instances=[chat.instance_id])
    with watching(api, ALL, 0, **key) as mine:
        for job in (theirs, api_sql.create(jobType="time_based_batch", daysBack=7), job_id):
            api_sql.run("select batch.cancel_job(%s)", job)
        mine.wait_for(lambda s: about(s, job_id) == ["created", "cancelled"])

    assert {e.data["jobId"] for e in mine.events} == {str(job_id)}
    assert_problem(api.get(of(theirs), headers=key), 404)


def test_a_revoked_key_ends_its_streams_at_once(
    api: httpx.Client, api_database_url: str, api_sql: Sql, job_id: UUID
) -> None:
    key = key_header(api_database_url, "jobs:read")
    with watching(api, of(job_id), **key) as stream, watching(api, of(job_id)) as other:
        stream.wait_for(lambda s: s.events)

        api_sql.run("select batch.revoke_api_key(%s)", key["x-api-key"])

        assert stream.wait_for_end() == "key_ended"
        assert_problem(api.get(of(job_id), headers=key), 401)
        assert not other.has_closed


def test_an_expired_key_ends_its_streams(
    api: httpx.Client, api_database_url: str, api_sql: Sql, job_id: UUID
) -> None:
    key = key_header(api_database_url, "jobs:read")
    with watching(api, of(job_id), **key) as stream:
        stream.wait_for(lambda s: s.events)

        api_sql.run(
            "update batch.api_keys set expires_at = now()"
            " where 'bs_' || prefix = substr(%s, 1, 15)", key["x-api-key"]
        )  # fmt: skip

        assert stream.wait_for_end() == "key_ended"


@pytest.mark.parametrize("position", ["x", "1.5", "-1", "1e3", "9" * 19, "\u0661"])
def test_a_last_event_id_that_is_none_is_refused(
    api: httpx.Client, job_id: UUID, position: str
) -> None:
    headers = {"Last-Event-ID": position.encode()}

    for path in (of(job_id), ALL):
        problem = assert_problem(api.get(path, headers=headers), 400)
        assert "Last-Event-ID" in problem["detail"]


def test_a_position_of_the_future_misses_nothing_from_now_on(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    with watching(api, of(job_id), "9" * 18) as stream:
        stream.wait_for(lambda s: s.events)
        api_sql.run("select batch.plan_job(%s)", job_id)

        stream.wait_for(lambda s: s.lives() == ["planned"])


def test_there_is_no_stream_of_a_job_that_does_not_exist(api: httpx.Client) -> None:
    for name in (uuid4(), "nonsense"):
        assert_problem(api.get(f"{JOBS}/{name}/stream"), 404)
        assert api.head(f"{JOBS}/{name}/stream").status_code == 404


def test_what_anybody_notifies_breaks_no_stream(
    api: httpx.Client, api_sql: Sql, job_id: UUID
) -> None:
    with watching(api, of(job_id)) as stream:
        stream.wait_for(lambda s: s.events)
        for channel in ("batch_jobs", "batch_events", "batch_keys"):
            for payload in ("", "x", "[]", '{"id": 1, "type": 2}', '{"transaction" : 1, }'):
                api_sql.run("select pg_notify(%s, %s)", channel, payload)
        api_sql.run("select batch.plan_job(%s)", job_id)

        stream.wait_for(lambda s: s.lives() == ["planned"])
