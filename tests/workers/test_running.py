"""Slices in hand: which of them the database has just said to want."""

from __future__ import annotations

import time
from uuid import UUID

from workers.running import RunningSlices

JOB, OTHER = UUID(int=1), UUID(int=2)


def test_a_job_is_surely_wanted_while_the_database_says_so() -> None:
    slices = RunningSlices(1, 1)
    with slices.add(JOB, 1) as running, slices.add(OTHER, 1) as other:
        assert not running.is_surely_wanted

        slices.want_job(JOB, time.monotonic())

        assert (running.is_surely_wanted, other.is_surely_wanted) == (True, False)


def test_what_it_said_a_while_ago_does_not_count() -> None:
    slices = RunningSlices(1, 1)
    with slices.add(JOB, 1) as running:
        slices.want_job(JOB, time.monotonic() - 1)

        assert not running.is_surely_wanted


def test_nor_what_it_said_of_a_job_that_was_stopped_since() -> None:
    slices = RunningSlices(1, 1)
    with slices.add(JOB, 1) as running:
        slices.want_job(JOB, time.monotonic())
        slices.stop_job(JOB, has_ended=False)

        assert not running.is_surely_wanted
