"""batch.encode_cursor and batch.decode_cursor: where a page ended, as a text for a URL."""

from __future__ import annotations

import json
import re

import pytest

from tests.database import Sql

POSITIONS = [
    {"seq": 1},
    {"id": 999_999_999_999_999_999},
    {"createdAt": 1782820800123456, "id": "0198a7c4-0000-7000-8000-000000000000"},
    {"id": "01980000-0000-7000-8000-000000000000"},
]


@pytest.mark.parametrize("position", POSITIONS)
def test_a_cursor_gives_back_the_position_it_was_made_of(
    sql: Sql, position: dict[str, object]
) -> None:
    cursor = sql.value("select batch.encode_cursor(%s)", json.dumps(position))

    assert sql.value("select batch.decode_cursor(%s)", cursor) == position


@pytest.mark.parametrize("position", POSITIONS)
def test_a_cursor_can_stand_in_a_url_unquoted(sql: Sql, position: dict[str, object]) -> None:
    cursor = sql.value("select batch.encode_cursor(%s)", json.dumps(position))

    assert re.fullmatch(r"[A-Za-z0-9.-]+", cursor)


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "-",
        "x",
        "x-",
        "-1",
        "%%%",
        "seq-1.",
        ".seq-1",
        "seq-1.x",
        "seq-x",
        "seq--1",
        "seq-1 ",
        "seq-1000000000000000000",
        "1-1",
        "ü-1",
        "eyJzZXEiOiAxfQ",
    ],
)
def test_what_is_no_cursor_has_no_position(sql: Sql, nonsense: str) -> None:
    assert sql.value("select batch.decode_cursor(%s)", nonsense) is None


def test_no_cursor_has_no_position(sql: Sql) -> None:
    assert sql.value("select batch.decode_cursor(null)") is None
