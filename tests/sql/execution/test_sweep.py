"""batch.sweep: lost work comes back, and no living worker is robbed."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql, add_chat, processed

START = "2026-06-30 12:00:00+00"
SWEEP = "select batch.sweep(%s, '10 seconds')"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    sql.at(START)
    chat = add_chat(sql)
    chat.add_many(3)
    job_id = sql.in_one_slice(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    sql.run("delete from procrastinate.procrastinate_jobs")
    return job_id


@pytest.fixture
def sweeper(sql: Sql) -> int:
    """A worker that has been alive for long."""
    sql.at(START)
    return sql.worker()


def pass_time(sql: Sql, seconds: int, *alive: int) -> None:
    """Lets time pass; the workers `alive` beat all the while."""
    for second in range(0, seconds + 1, 5):
        sql.at(f"2026-06-30 12:00:{second:02}+00")
        for worker in alive:
            sql.rows("select * from batch.heartbeat(%s, '10 seconds')", worker)


def test_the_slice_of_a_silent_worker_is_queued_again(sql: Sql, job_id: UUID, sweeper: int) -> None:
    silent = sql.worker()
    sql.take(job_id, 1, silent)
    sql.record(silent, processed(job_id, 1, 2))
    pass_time(sql, 15, sweeper)

    assert sql.value(SWEEP, sweeper) == 1

    assert sql.slices(job_id) == [(1, 3, "queued")]
    assert sql.tasks(job_id) == [("process_slice", 1)]
    assert sql.take(job_id, 1, sweeper) == [1, 3]


def test_a_second_sweep_finds_nothing_more(sql: Sql, job_id: UUID, sweeper: int) -> None:
    sql.take(job_id, 1, sql.worker())
    pass_time(sql, 15, sweeper)
    sql.value(SWEEP, sweeper)

    assert sql.value(SWEEP, sweeper) == 0
    assert sql.tasks(job_id) == [("process_slice", 1)]


def test_a_worker_that_beats_keeps_its_slice(sql: Sql, job_id: UUID, sweeper: int) -> None:
    busy = sql.worker()
    sql.take(job_id, 1, busy)
    pass_time(sql, 55, sweeper, busy)

    assert sql.value(SWEEP, sweeper) == 0
    assert sql.slices(job_id) == [(1, 3, "running")]


def test_a_worker_that_stopped_without_giving_back_is_not_waited_for(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    stopped = sql.worker()
    sql.take(job_id, 1, stopped)
    pass_time(sql, 10, sweeper, stopped)
    sql.run("select batch.stop_worker(%s)", stopped)

    assert sql.value(SWEEP, sweeper) == 1
    assert sql.slices(job_id) == [(1, 3, "queued")]


def test_a_slice_of_a_worker_that_nobody_knows_comes_back(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    sql.take(job_id, 1, 987654321)
    pass_time(sql, 10, sweeper)

    assert sql.value(SWEEP, sweeper) == 1


def test_a_sweeper_that_had_a_gap_itself_judges_nobody(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    other = sql.worker()
    sql.take(job_id, 1, other)
    sql.at("2026-06-30 12:01:00+00")
    sql.rows("select * from batch.heartbeat(%s, '10 seconds')", sweeper)

    assert sql.value(SWEEP, sweeper) == 0
    assert sql.slices(job_id) == [(1, 3, "running")]


def test_a_sweeper_that_is_silent_itself_judges_nobody(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    sql.take(job_id, 1, sql.worker())
    sql.at("2026-06-30 12:01:00+00")

    assert sql.value(SWEEP, sweeper) == 0
    assert sql.slices(job_id) == [(1, 3, "running")]


def test_a_sweeper_that_was_not_heard_for_half_the_time_judges_nobody(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    other = sql.worker()
    sql.take(job_id, 1, other)
    pass_time(sql, 10, sweeper, other)
    # Both were cut off; the one gets through again a little earlier.
    sql.at("2026-06-30 12:00:21+00")

    assert sql.value(SWEEP, sweeper) == 0
    sql.rows("select * from batch.heartbeat(%s, '10 seconds')", sweeper)
    assert sql.value(SWEEP, sweeper) == 0
    assert sql.slices(job_id) == [(1, 3, "running")]


@pytest.mark.parametrize(("up_for", "queued"), [(9, 0), (10, 1)])
def test_silence_counts_only_while_the_database_was_up(
    sql: Sql, job_id: UUID, sweeper: int, up_for: int, queued: int
) -> None:
    sql.take(job_id, 1, sql.worker())
    pass_time(sql, 30, sweeper)

    sql.at("2026-06-30 12:00:30+00", up_since=f"2026-06-30 12:00:{30 - up_for}+00")

    assert sql.value(SWEEP, sweeper) == queued


def test_who_died_while_the_database_was_away_is_judged_once_it_has_been_up_for_long_enough(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    sql.take(job_id, 1, sql.worker())
    # It is up again at :30, and the sweeper is heard at :34.
    for second in (34, 38, 40):
        sql.at(f"2026-06-30 12:00:{second}+00", up_since="2026-06-30 12:00:30+00")
        sql.rows("select * from batch.heartbeat(%s, '10 seconds')", sweeper)

    assert sql.value(SWEEP, sweeper) == 1


def test_a_worker_that_has_just_begun_judges_nobody(sql: Sql, job_id: UUID) -> None:
    sql.take(job_id, 1, sql.worker())
    sql.at("2026-06-30 13:00:00+00")
    newcomer = sql.worker()

    assert sql.value(SWEEP, newcomer) == 0
    assert sql.slices(job_id) == [(1, 3, "running")]


def test_a_dead_worker_s_slice_of_a_cancelled_job_is_closed(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    silent = sql.worker()
    sql.take(job_id, 1, silent)
    sql.record(silent, processed(job_id, 1, 2))
    sql.run("select batch.cancel_job(%s)", job_id)
    pass_time(sql, 15, sweeper)

    sql.value(SWEEP, sweeper)

    assert sql.slices(job_id) == [(1, 3, "done")]
    assert sql.tasks(job_id) == []
    assert sql.rows("select worker_id from batch.job_progress where job_id = %s", job_id) == [(0,)]


def test_a_job_whose_worker_died_after_its_last_result_is_completed(
    sql: Sql, job_id: UUID, sweeper: int
) -> None:
    silent = sql.worker()
    taken = sql.take(job_id, 1, silent)
    sql.record(silent, *(processed(job_id, 1, seq) for seq in taken))
    pass_time(sql, 15, sweeper)

    sql.value(SWEEP, sweeper)

    assert sql.job(job_id)["status"] == "completed"
    assert sql.rows("select * from batch.audit()") == []


def test_one_sweep_is_enough(own_sql: Sql, other_sql: Sql) -> None:
    own_sql.at(START)
    worker = own_sql.worker()
    pass_time(own_sql, 10, worker)
    other_sql.at("2026-06-30 12:00:10+00")
    own_sql.create(jobType="time_based_batch", daysBack=7)
    own_sql.run("delete from procrastinate.procrastinate_jobs")

    with own_sql.uncommitted():
        first = own_sql.value(SWEEP, worker)
        second = other_sql.value(SWEEP, worker)

    assert (first, second) == (1, 0)
