"""batch.next_slice_size: a slice should last about four seconds."""

from __future__ import annotations

import pytest

from tests.database import Sql


@pytest.mark.parametrize(
    ("size", "items", "elapsed", "next_size"),
    [
        (100, 100, "4 seconds", 100),
        (100, 100, "8 seconds", 50),
        (100, 100, "2 seconds", 200),
        (20, 20, "10 milliseconds", 320),  # sixteenfold at most
        (1000, 1000, "10 milliseconds", 1000),  # 1,000 at most
        (32, 1, "10 seconds", 1),  # one at least
        (32, 32, "320 seconds", 1),
        (30, 30, "0", 480),
        (30, 30, "-1 second", 480),
        (2000, 2000, "1 hour", 2),
    ],
)
def test_the_next_slice_is_sized_by_the_pace_of_the_last(
    sql: Sql, size: int, items: int, elapsed: str, next_size: int
) -> None:
    assert sql.value("select batch.next_slice_size(%s, %s, %s)", size, items, elapsed) == next_size
