"""batch.ended_at_once: whether the items of a slice ended beside each other."""

from __future__ import annotations

import pytest

from tests.database import Sql


@pytest.mark.parametrize(
    ("items", "processing_ms", "elapsed", "at_once"),
    [
        (90, 90_000, "1.2 seconds", 90),
        (90, 90_000, "1.7 seconds", 0),
        (3, 30_000, "10 seconds", 3),
        (4, 40_000, "40 seconds", 0),  # one after the other
        (4, 40_000, "20 seconds", 0),  # two at a time
        (2, 20_000, "10 seconds", 0),  # too few to tell
        (90, 0, "0.1 seconds", 0),  # they take no time
        (0, None, "1 second", 0),
    ],
)
def test_most_must_have_been_worked_on_for_most_of_the_time(
    sql: Sql, items: int, processing_ms: int | None, elapsed: str, at_once: int
) -> None:
    assert (
        sql.value("select batch.ended_at_once(%s, %s, %s)", items, processing_ms, elapsed)
        == at_once
    )
