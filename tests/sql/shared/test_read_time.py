"""batch.read_time: times as callers write them."""

from __future__ import annotations

import pytest

from tests.database import Sql


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-31", "2026-01-31 00:00:00"),
        ("2026-01-31T12:00", "2026-01-31 12:00:00"),
        ("2026-01-31T12:00:01", "2026-01-31 12:00:01"),
        ("2026-01-31 12:00:01", "2026-01-31 12:00:01"),
        ("2026-01-31T12:00:01Z", "2026-01-31 12:00:01"),
        ("2026-01-31t12:00:01z", "2026-01-31 12:00:01"),
        ("2026-01-31T12:00:01.123Z", "2026-01-31 12:00:01.123"),
        ("2026-01-31T12:00:01+02:00", "2026-01-31 10:00:01"),
        ("2026-01-31T12:00:01-0330", "2026-01-31 15:30:01"),
        ("2026-01-31T12:00:01+02", "2026-01-31 10:00:01"),
    ],
)
def test_iso_times_are_read_as_utc_where_no_zone_is_given(sql: Sql, text: str, utc: str) -> None:
    sql.run("set timezone = 'Asia/Tokyo'")
    sql.run("set datestyle = 'German'")

    assert sql.value("select batch.read_time(%s) at time zone 'UTC' = %s::timestamp", text, utc)


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "tomorrow", "infinity", "yesterday", "31.01.2026", "2026-1-31", "2026-02-30",
        "2026-13-01", "2026-01-31T25:00", "2026-01-31 BC", "2026-01-31 tomorrow",
        "2026-01-31 allballs", "2026-01-31T12", "0000-01-01", "1769860800",
        "2026-01-31T12:00:00Z; drop table batch.jobs", "2026-01-31T12:00:00+99:00",
    ],
)  # fmt: skip
def test_what_is_no_iso_time_is_null(sql: Sql, text: str) -> None:
    assert sql.value("select batch.read_time(%s)", text) is None


def test_no_time_is_null(sql: Sql) -> None:
    assert sql.value("select batch.read_time(null)") is None
