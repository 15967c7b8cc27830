"""API keys: made, found, listed and revoked in SQL; only a digest is kept."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import NOW, Sql, add_chat

CREATE = "select id, key from batch.create_api_key(%s, %s, %s, %s)"
FIND = "select id, name, key_sha256, scopes, instance_ids from batch.find_api_key(%s)"
READ = ["jobs:read"]


def create(
    sql: Sql, name: str = "reports", instances: list[UUID] | None = None, expires: Any = None
) -> tuple[UUID, str]:
    return sql.row(CREATE, name, READ, instances, expires)  # type: ignore[return-value]


def prefix(key: str) -> str:
    return key.split("_")[1]


def test_a_key_is_found_by_its_prefix_with_what_it_may_do(sql: Sql) -> None:
    chat = add_chat(sql)

    key_id, key = create(sql, instances=[chat.instance_id])

    assert re.fullmatch("bs_[0-9a-f]{12}_[0-9a-f]{64}", key)
    digest = hashlib.sha256(key.encode()).digest()
    assert sql.row(FIND, prefix(key)) == (key_id, "reports", digest, READ, [chat.instance_id])


def test_the_key_itself_is_kept_nowhere(sql: Sql) -> None:
    _, key = create(sql)

    secret = key.split("_")[2]
    assert sql.rows("select 1 from batch.api_keys k where k::text like %s", f"%{secret}%") == []
    assert secret not in str(sql.value("select batch.list_api_keys()"))


def test_two_keys_differ(sql: Sql) -> None:
    assert len({create(sql)[1] for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("name", "scopes", "instances", "expires", "fields"),
    [
        ("", READ, None, None, ["name"]),
        ("   ", READ, None, None, ["name"]),
        ("x" * 101, READ, None, None, ["name"]),
        (None, READ, None, None, ["name"]),
        ("x", [], None, None, ["scopes"]),
        ("x", None, None, None, ["scopes"]),
        ("x", ["jobs:delete"], None, None, ["scopes"]),
        ("x", READ, [], None, ["instances"]),
        ("x", READ, [UUID(int=1)], None, ["instances"]),
        ("x", READ, None, "2026-06-30 12:00+00", ["expires"]),
        ("", [], None, None, ["name", "scopes"]),
    ],
)
def test_what_cannot_be_a_key_is_refused_field_by_field(
    sql: Sql, name: Any, scopes: Any, instances: Any, expires: Any, fields: list[str]
) -> None:
    sql.at(NOW)

    found = sql.problems(
        "select * from batch.create_api_key(%s, %s::text[], %s::uuid[], %s)",
        name, scopes, instances, expires,
    )  # fmt: skip

    assert [field for field, _ in found] == fields


def test_an_expired_key_is_not_found(sql: Sql) -> None:
    sql.at("2026-06-30 11:59:59+00")
    _, key = create(sql, expires=NOW)
    assert sql.rows(FIND, prefix(key)) != []

    sql.at(NOW)

    assert sql.rows(FIND, prefix(key)) == []


def test_its_last_use_is_noted_at_most_once_a_minute(sql: Sql) -> None:
    uses = "select last_used_at::text from batch.api_keys"
    sql.at("2026-06-30 12:00:00+00")
    _, key = create(sql)

    for second in ("00", "30"):
        sql.at(f"2026-06-30 12:00:{second}+00")
        sql.rows(FIND, prefix(key))
    assert sql.value(uses).startswith("2026-06-30 12:00:00")

    sql.at("2026-06-30 12:01:01+00")
    sql.rows(FIND, prefix(key))
    assert sql.value(uses).startswith("2026-06-30 12:01:01")


@pytest.mark.parametrize("named_by", ["id", "prefix", "key", "name"])
def test_a_revoked_key_is_not_found_any_more(sql: Sql, named_by: str) -> None:
    key_id, key = create(sql)
    name = {"id": str(key_id).upper(), "prefix": key[:15], "key": key, "name": "reports"}[named_by]

    assert sql.value("select batch.revoke_api_key(%s)", name) == key_id

    assert sql.rows(FIND, prefix(key)) == []


def test_revoking_twice_keeps_the_first_time(sql: Sql) -> None:
    key_id, _ = create(sql)
    for time in ("2026-06-30 12:00+00", "2026-06-30 13:00+00"):
        sql.at(time)
        sql.run("select batch.revoke_api_key(%s)", str(key_id))

    (key,) = sql.value("select batch.list_api_keys()")
    assert (key["revokedAt"], key["isUsable"]) == ("2026-06-30T12:00:00.000Z", False)


def test_a_key_that_does_not_exist_cannot_be_revoked(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.run("select batch.revoke_api_key(%s)", str(uuid4()))


def test_a_name_that_several_keys_have_revokes_none_of_them(sql: Sql) -> None:
    keys = [create(sql)[1], create(sql)[1]]

    with sql.refused("BJ422"):
        sql.run("select batch.revoke_api_key('reports')")

    assert all(sql.rows(FIND, prefix(key)) for key in keys)
