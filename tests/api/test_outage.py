"""The API while its database is away, empty, or back again."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.database import Database
from app.database_errors import DatabaseAway
from app.embedded import EmbeddedPostgres
from app.migrate import migrate
from tests.api.conftest import A_KEY, JOBS, assert_problem, key_header, served
from tests.database import Sql, add_chat, open_sql
from tests.processes import answers, awaited, frozen, processes_of

BODY = {"jobType": "time_based_batch", "daysBack": 7}


def assert_everything_is_unavailable(client: httpx.Client) -> None:
    with ThreadPoolExecutor() as threads:
        calls = [
            threads.submit(client.get, "/readyz"),
            threads.submit(client.get, JOBS),
            threads.submit(client.post, JOBS, json=BODY),
        ]
    for call in calls:
        assert_problem(call.result(), 503)
        assert int(call.result().headers["retry-after"]) > 0
    assert client.get("/healthz").status_code == 200


def test_the_api_says_when_the_database_is_away_and_works_again_once_it_is_back(
    stopped_server: EmbeddedPostgres,
) -> None:
    with served(stopped_server.url, A_KEY) as (client, program):
        assert_everything_is_unavailable(client)

        with stopped_server:
            awaited(lambda: "not migrated" in client.get("/readyz").text)
            assert_everything_is_unavailable(client)
            migrate(stopped_server.url)
            awaited(lambda: answers(client))
            client.headers.update(key_header(stopped_server.url))
            assert client.post(JOBS, json=BODY).status_code == 201
        assert_everything_is_unavailable(client)

        with stopped_server:
            awaited(lambda: answers(client))
            assert client.post(JOBS, json=BODY).status_code == 201
            assert len(client.get(JOBS).json()["items"]) == 2

        assert "Traceback" not in program.said()


def test_requests_are_answered_in_their_time_while_the_database_is_frozen(
    own_server: EmbeddedPostgres,
) -> None:
    with (
        served(own_server.url) as (client, program),
        open_sql(own_server.url) as sql,
        open_sql(own_server.url) as other,
        ThreadPoolExecutor() as threads,
    ):
        client.timeout = httpx.Timeout(60)
        (chat := add_chat(sql)).add("text/plain")
        job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

        def seconds(path: str, method: str = "GET") -> float:
            began = time.monotonic()
            assert_problem(client.request(method, path), 503)
            return time.monotonic() - began

        with other.uncommitted():
            other.run("lock table batch.jobs in access exclusive mode")
            within = [
                threads.submit(seconds, JOBS),
                threads.submit(seconds, f"{JOBS}/{job_id}/pause", "POST"),
            ]
            awaited(lambda: sql.value(_WAITING) == len(within))
            with frozen(processes_of(sql)):
                later = [threads.submit(seconds, path) for path in [JOBS, "/readyz"] * 3]
                assert max(each.result() for each in later) < 2 + 1.5
                assert client.get("/healthz").status_code == 200
                assert max(each.result() for each in within) < 10 + 1.5

        awaited(lambda: answers(client))
        assert client.get(JOBS).status_code == 200
        assert client.post(f"{JOBS}/{job_id}/pause").status_code == 200
        assert "Traceback" not in program.said()


_WAITING = (
    "select count(*) from pg_stat_activity"
    " where application_name = 'backscroll api' and wait_event_type = 'Lock'"
)


def test_a_statement_that_takes_long_is_waited_for_while_the_database_answers_others(
    database_url: str,
) -> None:
    async def wait_for_it() -> int:
        database = Database(database_url, "tests", silence_seconds=2)
        await database.open()
        try:
            return int(await database.value("select 1 from pg_sleep(2.5)"))
        finally:
            await database.close()

    assert asyncio.run(wait_for_it()) == 1


def test_a_transaction_that_the_server_ended_because_nothing_came_may_be_tried_again(
    database_url: str, own_sql: Sql
) -> None:
    async def pause_within_a_transaction() -> None:
        database = Database(database_url, "tests")
        await database.open()
        try:
            async with database.transaction() as transaction:
                session = await transaction.value("select pg_backend_pid()")
                # As this process would find it after five seconds in which it was frozen.
                await transaction.value(
                    "select set_config('idle_in_transaction_session_timeout', '50ms', true)"
                )
                awaited(lambda: not own_sql.value(_IS_THERE, session))
                await transaction.value("select 1")
        finally:
            await database.close()

    with pytest.raises(DatabaseAway):
        asyncio.run(pause_within_a_transaction())


_IS_THERE = "select count(*) from pg_stat_activity where pid = %s"


def test_broken_connections_cost_no_request(database_url: str) -> None:
    with served(database_url) as (client, _), open_sql(database_url) as sql:
        assert client.get(JOBS).status_code == 200
        sql.run(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )

        assert client.get(JOBS).status_code == 200
