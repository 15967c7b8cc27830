"""batch.iso_time: times as every answer writes them."""

from __future__ import annotations

from tests.database import Sql


def test_times_are_written_in_utc_with_milliseconds(sql: Sql) -> None:
    sql.run("set timezone = 'Asia/Tokyo'")

    assert (
        sql.value("select batch.iso_time('2026-01-31 12:00:00.1239+02')")
        == "2026-01-31T10:00:00.123Z"
    )


def test_no_time_stays_null(sql: Sql) -> None:
    assert sql.value("select batch.iso_time(null)") is None
