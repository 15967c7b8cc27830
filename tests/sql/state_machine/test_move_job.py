"""batch.move_job: every move of the matrix, allowed or not, and what a move writes."""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import Sql

STATUSES = ("pending", "processing", "paused", "completed", "failed", "cancelled")
ENDED = {"completed", "failed", "cancelled"}
ALLOWED = {
    ("pending", "processing"),
    ("pending", "cancelled"),
    ("pending", "failed"),
    ("processing", "paused"),
    ("processing", "completed"),
    ("processing", "failed"),
    ("processing", "cancelled"),
    ("paused", "processing"),
    ("paused", "cancelled"),
    ("paused", "failed"),
}
ROUTES = {
    "pending": [],
    "processing": ["processing"],
    "paused": ["processing", "paused"],
    "completed": ["processing", "completed"],
    "failed": ["failed"],
    "cancelled": ["cancelled"],
}


def move(sql: Sql, job_id: UUID, status: str) -> None:
    sql.run("select batch.move_job(%s, %s)", job_id, status)


def job_in(sql: Sql, status: str) -> UUID:
    sql.at("2026-06-30 12:00:00+00")
    job_id = sql.create(jobType="time_based_batch", daysBack=7)
    for step in ROUTES[status]:
        move(sql, job_id, step)
    return job_id


def stored(sql: Sql, job_id: UUID) -> dict[str, Any]:
    row: dict[str, Any] = sql.value("select to_jsonb(j) from batch.jobs as j where id = %s", job_id)
    return row


def events(sql: Sql, job_id: UUID) -> list[str]:
    return [
        type_
        for (type_,) in sql.rows(
            "select type from batch.job_events where job_id = %s order by id", job_id
        )
    ]


@pytest.mark.parametrize(("start", "end"), sorted(product(STATUSES, STATUSES)))
def test_a_job_moves_along_the_table_of_moves_and_no_other_way(
    sql: Sql, start: str, end: str
) -> None:
    job_id = job_in(sql, start)
    before = stored(sql, job_id), events(sql, job_id)
    sql.at("2026-06-30 12:05:00+00")

    if start != end and (start, end) not in ALLOWED:
        with sql.refused("BJ409") as caught:
            move(sql, job_id, end)
        assert caught[0].diag.message_primary == (
            f"batch job {job_id} cannot go from {start} to {end}"
        )
        assert (
            caught[0].diag.message_hint
            == {
                "pending": "No job can.",
                "processing": "Only pending or paused jobs can.",
                "paused": "Only processing jobs can.",
                "completed": "Only processing jobs can.",
                "failed": "Only pending or processing or paused jobs can.",
                "cancelled": "Only pending or processing or paused jobs can.",
            }[end]
        )
        assert (stored(sql, job_id), events(sql, job_id)) == before
    elif start == end:
        move(sql, job_id, end)
        assert (stored(sql, job_id), events(sql, job_id)) == before
    else:
        move(sql, job_id, end)
        after = stored(sql, job_id)
        assert after["status"] == end
        assert after["status_changed_at"] == "2026-06-30T12:05:00+00:00"
        assert (after["completed_at"] is not None) == (end in ENDED)
        assert (after["active_since"] is not None) == (end == "processing")
        assert len(events(sql, job_id)) == len(before[1]) + 1


def test_the_table_of_moves_is_the_one_that_people_were_told(sql: Sql) -> None:
    moves = sql.rows("select from_status::text, to_status::text from batch.job_moves")

    assert set(moves) == ALLOWED


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    job_id = uuid4()

    with sql.refused("BJ404") as caught:
        move(sql, job_id, "cancelled")

    assert caught[0].diag.message_primary == f"no batch job {job_id}"


def test_a_job_s_life_is_told_by_its_events(sql: Sql) -> None:
    job_id = job_in(sql, "paused")
    for status in ("processing", "paused", "cancelled"):
        move(sql, job_id, status)

    assert events(sql, job_id) == [
        "created", "planned", "paused", "resumed", "paused", "cancelled",
    ]  # fmt: skip


def test_an_event_says_who_moved_the_job(sql: Sql) -> None:
    job_id = job_in(sql, "pending")
    sql.run("set batch.actor = 'key alice'")
    move(sql, job_id, "cancelled")

    assert sql.value(
        "select actor from batch.job_events where job_id = %s and type = 'cancelled'", job_id
    ) == ("key alice")


def test_a_job_starts_once_however_often_it_is_resumed(sql: Sql) -> None:
    job_id = job_in(sql, "paused")
    sql.at("2026-06-30 15:00:00+00")
    move(sql, job_id, "processing")

    assert stored(sql, job_id)["started_at"] == "2026-06-30T12:00:00+00:00"


def test_time_spent_paused_does_not_count_as_active(sql: Sql) -> None:
    job_id = job_in(sql, "processing")
    for time, status in (("12:10", "paused"), ("13:00", "processing"), ("13:05", "completed")):
        sql.at(f"2026-06-30 {time}:00+00")
        move(sql, job_id, status)

    assert sql.value(
        "select extract(epoch from active_before)::int from batch.jobs where id = %s", job_id
    ) == (15 * 60)


def test_times_do_not_run_backwards_for_a_statement_that_began_earlier(sql: Sql) -> None:
    job_id = job_in(sql, "processing")
    sql.at("2026-06-30 11:59:00+00")
    move(sql, job_id, "cancelled")

    assert sql.value(
        "select completed_at >= started_at and active_before >= '0' from batch.jobs where id = %s",
        job_id,
    )
