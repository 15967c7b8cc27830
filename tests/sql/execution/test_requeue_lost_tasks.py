"""batch.requeue_lost_tasks: what waits to be done stands in the queue, once."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql, add_chat

REQUEUE = "select batch.requeue_lost_tasks('10 seconds')"
EMPTY = "delete from procrastinate.procrastinate_jobs"


@pytest.fixture
def job_id(sql: Sql) -> UUID:
    chat = add_chat(sql)
    chat.add_many(100)
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))


def waiting(sql: Sql, job_id: UUID) -> list[tuple[str, int | None]]:
    return sorted(task for task in sql.tasks(job_id) if task[0] == "process_slice")


def fetch(sql: Sql) -> None:
    """A queue worker fetches the next task, and beats."""
    sql.run(
        "select procrastinate.procrastinate_fetch_job_v2('{backscroll}', worker_id)"
        " from procrastinate.procrastinate_register_worker_v1()"
    )


def test_an_emptied_queue_is_filled_again(sql: Sql, job_id: UUID) -> None:
    pending = sql.create(jobType="time_based_batch", daysBack=7)
    before = waiting(sql, job_id)
    sql.run(EMPTY)

    assert sql.value(REQUEUE) == len(before) + 1

    assert waiting(sql, job_id) == before
    assert sql.tasks(pending) == [("plan_job", None)]


def test_nothing_is_queued_twice(sql: Sql, job_id: UUID) -> None:
    sql.create(jobType="time_based_batch", daysBack=7)
    before = sql.tasks()

    assert sql.value(REQUEUE) == 0
    assert sql.tasks() == before


def test_a_task_that_a_living_worker_has_fetched_is_not_queued_again(
    sql: Sql, job_id: UUID
) -> None:
    fetch(sql)
    before = sql.tasks()

    assert sql.value(REQUEUE) == 0
    assert sql.tasks() == before


@pytest.mark.parametrize("how", ["silent", "gone"])
def test_a_task_that_a_dead_worker_had_fetched_is_queued_again(
    sql: Sql, job_id: UUID, how: str
) -> None:
    sql.run("delete from procrastinate.procrastinate_jobs where task_name = 'plan_job'")
    before = waiting(sql, job_id)
    fetch(sql)
    if how == "gone":
        sql.run("delete from procrastinate.procrastinate_workers")
    else:
        sql.run(
            "update procrastinate.procrastinate_workers"
            " set last_heartbeat = now() - '1 hour'::interval"
        )

    assert sql.value(REQUEUE) == 1
    assert waiting(sql, job_id) == before
    assert sql.value(REQUEUE) == 0


LONG_AGO = "update procrastinate.procrastinate_events set at = at - '1 minute'::interval"


def test_a_task_that_a_living_worker_has_fetched_and_forgotten_is_queued_again(
    sql: Sql, job_id: UUID
) -> None:
    sql.run("delete from procrastinate.procrastinate_jobs where task_name = 'plan_job'")
    before = waiting(sql, job_id)
    fetch(sql)
    sql.run(LONG_AGO)

    assert sql.value(REQUEUE) == 1
    assert waiting(sql, job_id) == before
    assert sql.value(REQUEUE) == 0


def test_one_that_it_works_on_is_not(sql: Sql, job_id: UUID) -> None:
    sql.run("delete from procrastinate.procrastinate_jobs where task_name = 'plan_job'")
    worker = sql.worker()
    for _ in sql.slices(job_id):
        fetch(sql)
    for first, _, _ in sql.slices(job_id):
        sql.take(job_id, first, worker)
    sql.run(LONG_AGO)
    before = sql.tasks()

    assert sql.value(REQUEUE) == 0
    assert sql.tasks() == before


def test_a_plan_that_was_forgotten_is_made(sql: Sql) -> None:
    pending = sql.create(jobType="time_based_batch", daysBack=7)
    fetch(sql)
    sql.run(LONG_AGO)

    assert sql.value(REQUEUE) == 1
    assert sql.tasks(pending) == [("plan_job", None)]


def test_a_plan_that_takes_long_is_not_made_twice(own_sql: Sql, other_sql: Sql) -> None:
    pending = own_sql.create(jobType="time_based_batch", daysBack=7)
    fetch(own_sql)
    own_sql.run(LONG_AGO)

    with other_sql.uncommitted():
        other_sql.run("select batch.plan_job(%s)", pending)

        assert own_sql.value(REQUEUE) == 0


def planned_only(sql: Sql) -> UUID:
    """A job that a worker has planned, and not estimated yet."""
    chat = add_chat(sql)
    chat.add()
    job_id = sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
    fetch(sql)
    sql.run("select batch.plan_job(%s)", job_id)
    return job_id


def plan_again(sql: Sql, job_id: UUID) -> None:
    """What a worker does that fetches the task."""
    sql.run("select batch.plan_job(%s)", job_id)
    sql.run("select batch.keep_estimate(%s)", job_id)
    sql.run("delete from procrastinate.procrastinate_jobs where task_name = 'plan_job'")


def test_an_estimate_that_is_being_made_is_not_made_twice(sql: Sql) -> None:
    planned_only(sql)

    assert sql.value(REQUEUE) == 0


def test_an_estimate_that_was_lost_with_a_connection_is_made(sql: Sql) -> None:
    job_id = planned_only(sql)
    sql.run("delete from procrastinate.procrastinate_jobs where task_name = 'plan_job'")

    assert sql.value(REQUEUE) == 1

    assert ("plan_job", None) in sql.tasks(job_id)
    assert sql.value(REQUEUE) == 0
    plan_again(sql, job_id)
    assert sql.value(REQUEUE) == 0


def test_an_estimate_that_was_lost_with_a_worker_is_made_also_when_its_job_has_ended(
    sql: Sql,
) -> None:
    job_id = planned_only(sql)
    sql.work_off(job_id)
    sql.run("delete from procrastinate.procrastinate_jobs where task_name = 'process_slice'")
    sql.run("delete from procrastinate.procrastinate_workers")
    assert sql.job(job_id)["status"] == "completed"

    assert sql.value(REQUEUE) == 1

    assert sql.tasks(job_id) == [("plan_job", None)]
    plan_again(sql, job_id)
    assert sql.job(job_id)["estimate"] is not None
    assert sql.job(job_id)["status"] == "completed"
    assert sql.value(REQUEUE) == 0


@pytest.mark.parametrize("order", ["pause_job", "cancel_job"])
def test_slices_of_a_job_that_is_paused_or_ended_stay_out(
    sql: Sql, job_id: UUID, order: str
) -> None:
    sql.run(f"select batch.{order}(%s)", job_id)
    sql.run(EMPTY)

    assert sql.value(REQUEUE) == 0


def test_running_slices_stay_out(sql: Sql, job_id: UUID) -> None:
    sql.run(EMPTY)
    worker = sql.worker()
    for first, _, _ in sql.slices(job_id):
        sql.take(job_id, first, worker)

    assert sql.value(REQUEUE) == 0


def test_other_people_s_queues_are_left_alone(sql: Sql) -> None:
    sql.run(
        "insert into procrastinate.procrastinate_jobs (queue_name, task_name, status)"
        " values ('other', 'theirs', 'doing')"
    )

    sql.value(REQUEUE)

    assert sql.value("select count(*) from procrastinate.procrastinate_jobs") == 1


def test_a_queue_that_has_grown_in_a_moment_is_looked_through_quickly(
    sql: Sql, job_id: UUID
) -> None:
    # Within a transaction nobody analyzes, so that the planner knows nothing of what is new.
    first_seq = sql.value("select max(last_seq) + 1 from batch.slices where job_id = %s", job_id)
    sql.run(
        "with added as ("
        "  insert into batch.slices as s (job_id, first_seq, last_seq, created_at)"
        "  select %s, n, n, now() from generate_series(%s, 10000) as n returning s.*"
        ")"
        " select batch.defer_slice(j, a::batch.slices)"
        " from added as a join batch.jobs as j on j.id = a.job_id",
        job_id, first_seq,
    )  # fmt: skip
    sql.run("set local statement_timeout = '10 s'")

    assert sql.value(REQUEUE) == 0
