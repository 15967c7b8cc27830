"""batch.create_job_once: the same key and request give the same job."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, beside

ONCE = "select job_id, is_replayed from batch.create_job_once(%s, null, %s, %s)"
BODY = {"jobType": "time_based_batch", "daysBack": 7}


def api_key(sql: Sql) -> UUID:
    return UUID(str(sql.value("select id from batch.create_api_key('x')")))


def once(sql: Sql, api_key_id: UUID, key: str | None, body: Any = BODY) -> tuple[UUID, bool]:
    return sql.row(ONCE, json.dumps(body), api_key_id, key)  # type: ignore[return-value]


def test_the_same_key_and_request_give_the_same_job(sql: Sql) -> None:
    caller = api_key(sql)

    first, was_new = once(sql, caller, "k")
    again, is_replayed = once(sql, caller, "k", {"daysBack": 7, "jobType": "time_based_batch"})

    assert (was_new, is_replayed) == (False, True)
    assert again == first
    assert sql.value("select count(*) from batch.jobs") == 1


def test_without_a_key_every_request_makes_a_job(sql: Sql) -> None:
    caller = api_key(sql)

    assert once(sql, caller, None)[0] != once(sql, caller, None)[0]


def test_the_same_key_with_another_request_is_refused(sql: Sql) -> None:
    caller = api_key(sql)
    once(sql, caller, "k")

    found = sql.problems(ONCE, json.dumps(BODY | {"limit": 1}), caller, "k")

    assert [field for field, _ in found] == ["Idempotency-Key"]


def test_callers_do_not_share_keys(sql: Sql) -> None:
    assert once(sql, api_key(sql), "k")[0] != once(sql, api_key(sql), "k")[0]


def test_a_key_is_good_again_after_a_day(sql: Sql) -> None:
    caller = api_key(sql)
    sql.at("2026-06-30 12:00+00")
    first, _ = once(sql, caller, "k")

    sql.at("2026-07-01 11:59:59+00")
    assert once(sql, caller, "k") == (first, True)
    sql.at("2026-07-01 12:00:00+00")
    second, is_replayed = once(sql, caller, "k", BODY | {"limit": 1})

    assert (second != first, is_replayed) == (True, False)


def test_a_request_that_was_refused_does_not_use_up_the_key(sql: Sql) -> None:
    caller = api_key(sql)
    sql.problems(ONCE, json.dumps({"jobType": "time_based_batch"}), caller, "k")

    _, is_replayed = once(sql, caller, "k")

    assert not is_replayed


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_cannot_be_kept_is_refused(sql: Sql, key: str) -> None:
    found = sql.problems(ONCE, json.dumps(BODY), api_key(sql), key)

    assert [field for field, _ in found] == ["Idempotency-Key"]


def test_of_two_at_once_one_makes_the_job_and_both_get_it(own_sql: Sql, other_sql: Sql) -> None:
    caller = api_key(own_sql)

    with own_sql.uncommitted():
        first, _ = once(own_sql, caller, "k")
        with beside(lambda: once(other_sql, caller, "k")) as second:
            own_sql.await_blocked(other_sql)
            own_sql.connection.execute("commit")
            assert second.result() == (first, True)
            own_sql.connection.execute("begin")


def test_of_two_at_once_the_second_makes_it_if_the_first_gives_up(
    own_sql: Sql, other_sql: Sql
) -> None:
    caller = api_key(own_sql)

    own_sql.run("begin")
    first, _ = once(own_sql, caller, "k")
    with beside(lambda: once(other_sql, caller, "k")) as second:
        own_sql.await_blocked(other_sql)
        own_sql.run("rollback")
        job_id, is_replayed = second.result()

    assert (job_id != first, is_replayed) == (True, False)


def test_an_instance_that_the_caller_may_not_see_does_not_exist(sql: Sql) -> None:
    mine, other = add_chat(sql), add_chat(sql)
    call = "select job_id from batch.create_job_once(%s, %s, %s, null)"
    caller = api_key(sql)

    for hidden in (
        {"jobType": "targeted_chat_sync", "chatId": str(other.id)},
        {"jobType": "targeted_chat_sync", "chatId": other.external_id},
        BODY | {"instanceId": str(other.instance_id)},
    ):
        with sql.refused("BJ404"):
            sql.run(call, json.dumps(hidden), [mine.instance_id], caller)

    job_id = sql.value(call, json.dumps(BODY), [mine.instance_id], caller)
    assert sql.job(job_id)["instance_id"] == mine.instance_id

    found = sql.problems(call, json.dumps(BODY), [mine.instance_id, other.instance_id], caller)
    assert [field for field, _ in found] == ["instanceId"]
