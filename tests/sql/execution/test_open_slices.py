"""batch.open_slices: slices are cut one after the other, one for each lane."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from tests.database import Sql, add_chat

OPEN = "select batch.open_slices(%s)"


def job_of(sql: Sql, items: int, *, size: int = 32, lanes: int = 8) -> UUID:
    """A planned job without any slices yet."""
    chat = add_chat(sql)
    chat.add_many(items)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    sql.run("delete from batch.slices where job_id = %s", job_id)
    sql.run("delete from procrastinate.procrastinate_jobs")
    sql.run(
        "update batch.jobs set next_seq = 1, slice_size = %s, lanes = %s where id = %s",
        size, lanes, job_id,
    )  # fmt: skip
    return job_id


def asking_worker(sql: Sql, places: int) -> None:
    """A live worker that asks a provider about so many pictures at a time."""
    sql.value(
        "select batch.register_worker('test', %s, %s)",
        json.dumps({"image": places, "document": 500}),
        json.dumps({"image": {"provider": "groq", "model": "any"}}),
    )


def sizes_of(sql: Sql, job_id: UUID) -> list[int]:
    return [last - first + 1 for first, last, _ in sql.slices(job_id)]


def last_sizes(sql: Sql, job_id: UUID, least: int) -> list[int]:
    """Of slices that are not the job's first, when so many items were worked on at a time."""
    sql.run("update batch.jobs set next_seq = 2 where id = %s", job_id)
    sql.run("select batch.open_slices(%s, %s)", job_id, least)
    return sizes_of(sql, job_id)


def open_all(sql: Sql, job_id: UUID) -> None:
    """Opens slices and takes them for done, until there are no more."""
    while sql.value("select next_seq <= total_items from batch.jobs where id = %s", job_id):
        sql.run(OPEN, job_id)
        sql.run(
            "update batch.slices set state = 'done' where job_id = %s and state <> 'done'", job_id
        )


@pytest.mark.parametrize("items", [1, 2, 9, 130])
@pytest.mark.parametrize("size", [1, 32, 500])
@pytest.mark.parametrize("lanes", [1, 8])
def test_slices_cover_every_item_once(sql: Sql, items: int, size: int, lanes: int) -> None:
    job_id = job_of(sql, items, size=size, lanes=lanes)

    open_all(sql, job_id)

    slices = [(first, last) for first, last, _ in sql.slices(job_id)]
    covered = [seq for first, last in slices for seq in range(first, last + 1)]
    assert covered == list(range(1, items + 1))
    assert max(last - first + 1 for first, last in slices) <= size


def test_as_many_are_open_as_there_are_lanes(sql: Sql) -> None:
    job_id = job_of(sql, 500, lanes=3)

    sql.run(OPEN, job_id)

    assert sizes_of(sql, job_id) == [32, 32, 32]
    assert [first for _, first in sql.tasks(job_id)] == [1, 33, 65]


def test_the_first_slice_is_small_so_that_its_results_are_soon_there(sql: Sql) -> None:
    job_id = job_of(sql, 2000, size=128)

    sql.run(OPEN, job_id)

    sizes = sizes_of(sql, job_id)
    assert sizes == [32, 128, 128, 128, 128, 128, 128, 128]


def test_opening_twice_changes_nothing(sql: Sql) -> None:
    job_id = job_of(sql, 500)
    sql.run(OPEN, job_id)
    before = sql.slices(job_id), sql.tasks(job_id)

    sql.run(OPEN, job_id)

    assert (sql.slices(job_id), sql.tasks(job_id)) == before


def test_running_slices_hold_their_lanes(sql: Sql) -> None:
    job_id = job_of(sql, 500, lanes=2)
    sql.run(OPEN, job_id)
    sql.take(job_id, 1, sql.worker())

    sql.run(OPEN, job_id)

    assert len(sql.slices(job_id)) == 2


def test_towards_the_end_slices_become_smaller(sql: Sql) -> None:
    job_id = job_of(sql, 100, size=80, lanes=4)

    open_all(sql, job_id)

    sizes = sizes_of(sql, job_id)
    assert sizes[0] == 25
    assert sizes[:-1] == sorted(sizes[:-1], reverse=True)
    assert min(sizes[:-1]) == 10


@pytest.mark.parametrize(
    ("workers", "sizes"),
    [(1, [30, 30, 20, 10, 10]), (2, [25, 19, 14, 11, 10, 10, 10, 1]), (9, [13, 11, 10, 10])],
)
def test_but_not_smaller_than_what_is_worked_on_at_a_time_if_every_worker_finds_two(
    sql: Sql, workers: int, sizes: list[int]
) -> None:
    job_id = job_of(sql, 101, size=80)
    for _ in range(workers):
        sql.worker()

    assert last_sizes(sql, job_id, 30)[: len(sizes)] == sizes


@pytest.mark.parametrize(("workers", "sizes"), [(1, [8, 7]), (2, [13, 13]), (4, [15, 12])])
def test_half_the_lanes_can_fill_all_places_where_providers_are_waited_for(
    sql: Sql, workers: int, sizes: list[int]
) -> None:
    job_id = job_of(sql, 61, size=40)
    for _ in range(workers):
        asking_worker(sql, 25)

    assert last_sizes(sql, job_id, 3)[: len(sizes)] == sizes


@pytest.mark.parametrize(
    ("places", "lanes", "size"), [(4, 8, 16), (100, 8, 25), (400, 8, 64), (100, 1, 64)]
)
def test_the_first_slices_have_two_rounds_of_what_providers_are_asked_at_a_time(
    sql: Sql, places: int, lanes: int, size: int
) -> None:
    chat = add_chat(sql)
    chat.add_many(1000)
    asking_worker(sql, places)
    job_id = sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
    sql.run("update batch.jobs set lanes = %s where id = %s", lanes, job_id)

    sql.run("select batch.plan_job(%s)", job_id)

    assert sql.value("select slice_size from batch.jobs where id = %s", job_id) == size


def test_what_is_done_on_the_workers_machines_has_no_such_rounds(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(1000)
    sql.worker()

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    assert sql.value("select slice_size from batch.jobs where id = %s", job_id) == 64


@pytest.mark.parametrize(
    ("items", "workers", "sizes"),
    [
        (1, 1, [1]),
        (10, 0, [5, 5]),
        (10, 1, [5, 5]),
        (10, 3, [2, 2, 2, 2, 2]),
        (40, 1, [16, 16, 8]),
        (400, 1, [32, 46, 41, 36, 31, 27, 24, 21]),
    ],
)
def test_a_small_job_has_two_slices_for_each_worker(
    sql: Sql, items: int, workers: int, sizes: list[int]
) -> None:
    job_id = job_of(sql, items, size=128)
    for _ in range(workers):
        sql.worker()

    sql.run(OPEN, job_id)

    assert sizes_of(sql, job_id) == sizes


def test_workers_that_have_gone_count_for_none(sql: Sql) -> None:
    job_id = job_of(sql, 12, size=128)
    for _ in range(3):
        sql.worker()
    sql.run("select batch.stop_worker(w.id) from batch.workers as w where w.id > 1")
    sql.run("update batch.workers set last_seen_at = batch.clock() - interval '2 minutes'")

    sql.run(OPEN, job_id)

    assert sizes_of(sql, job_id) == [6, 6]


def test_a_small_job_goes_before_the_slices_of_a_huge_one(sql: Sql) -> None:
    huge, small = add_chat(sql), add_chat(sql)
    huge.add_many(1000)
    small.add_many(1)
    huge_id = sql.plan(jobType="targeted_chat_sync", chatId=str(huge.id))
    worker = sql.worker()
    sql.take(huge_id, 1, worker)

    small_id = sql.plan(jobType="targeted_chat_sync", chatId=str(small.id))
    waiting = sql.rows(
        "select args ->> 'job_id' from procrastinate.procrastinate_jobs"
        " where task_name = 'process_slice' order by priority desc, id"
    )

    assert [job for (job,) in waiting][:3] == [str(huge_id), str(small_id), str(huge_id)]
