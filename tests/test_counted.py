"""Numbers in words."""

from __future__ import annotations

import pytest

from app.counted import counted


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1200, "1,200 jobs")]
)
def test_one_is_no_plural(count: int, words: str) -> None:
    assert counted(count, "job") == words
