"""Slices in hand: which of them the database has just said to want."""

from __future__ import annotations

import time
from uuid import UUID

from workers.running import RunningSlices

JOB, OTHER = UUID(int=1), UUID(int=2)


def test_a_slice_is_surely_wanted_while_the_database_says_so() -> None:
    slices = RunningSlices(1, 1)
    with (
        slices.add(JOB, 1) as running,
        slices.add(JOB, 9) as another,
        slices.add(OTHER, 1) as other,
    ):
        assert not running.is_surely_wanted

        slices.want(JOB, 1, time.monotonic())

        wanted = [each.is_surely_wanted for each in (running, another, other)]
        assert wanted == [True, False, False]


def test_what_it_said_a_while_ago_does_not_count() -> None:
    slices = RunningSlices(1, 1)
    with slices.add(JOB, 1) as running:
        slices.want(JOB, 1, time.monotonic() - 1)

        assert not running.is_surely_wanted


def test_an_answer_that_comes_late_takes_nothing_back() -> None:
    slices = RunningSlices(1, 1)
    with slices.add(JOB, 1) as running:
        slices.want(JOB, 1, time.monotonic())
        slices.want(JOB, 1, time.monotonic() - 1)

        assert running.is_surely_wanted


def test_nor_what_it_said_of_a_job_that_was_stopped_since() -> None:
    slices = RunningSlices(1, 1)
    with slices.add(JOB, 1) as running:
        slices.want(JOB, 1, time.monotonic())
        slices.stop_job(JOB, has_ended=False)

        assert not running.is_surely_wanted
