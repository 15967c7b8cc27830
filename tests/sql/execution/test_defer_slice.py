"""batch.defer_slice and batch.defer_task: what is put into the queue, and where."""

from __future__ import annotations

from tests.database import Sql, add_chat


def priorities(sql: Sql) -> list[tuple[str, int, int | None]]:
    return sql.rows(
        "select task_name, priority, (args ->> 'first_seq')::int"
        " from procrastinate.procrastinate_jobs order by id"
    )


def test_plans_go_first_then_beginnings_then_the_rest(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(1000)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    later = [first for first, _, _ in sql.slices(job_id)[1:]]
    assert later
    assert priorities(sql) == [
        ("plan_job", 9, None),
        ("process_slice", 5, 1),
        *(("process_slice", 0, first) for first in later),
    ]


def test_all_of_a_small_job_goes_before_the_rest_of_a_huge_one(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(10)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    assert len(sql.slices(job_id)) > 1
    assert {priority for task, priority, _ in priorities(sql) if task == "process_slice"} == {5}


def test_a_first_slice_that_had_its_turn_goes_to_the_tail(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add()
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = sql.worker()
    sql.take(job_id, 1, worker)

    sql.finish(job_id, 1, worker)

    assert priorities(sql)[-1] == ("process_slice", 0, 1)


def test_a_task_carries_what_it_is_about(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add()

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    assert sql.rows(
        "select queue_name, args from procrastinate.procrastinate_jobs"
        " where task_name = 'process_slice'"
    ) == [("backscroll", {"job_id": str(job_id), "first_seq": 1, "last_seq": 1})]
