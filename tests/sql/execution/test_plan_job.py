"""batch.plan_job: what is selected, in which order, and what is left alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.database import NOW, Sql, add_chat, share_out_all_that_may_be
from tests.processes import awaited


def items(sql: Sql, job_id: UUID) -> list[UUID]:
    return [
        message_id
        for (message_id,) in sql.rows(
            "select message_id from batch.items where job_id = %s order by seq", job_id
        )
    ]


def totals(sql: Sql, job_id: UUID) -> tuple[int, int, int]:
    """(found, skipped, items)"""
    job = sql.job(job_id)
    return job["total_found"], job["skipped_items"], job["total_items"]


def test_items_are_numbered_from_the_newest_message_to_the_oldest(sql: Sql) -> None:
    chat = add_chat(sql)
    old = chat.add(sent="2026-01-01")
    new = chat.add(sent="2026-03-01")
    middle = chat.add(sent="2026-02-01")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    rows = sql.rows(
        "select seq, message_id from batch.items where job_id = %s order by seq", job_id
    )
    assert rows == [(1, new), (2, middle), (3, old)]


def test_messages_of_one_instant_have_a_fixed_order(sql: Sql) -> None:
    chat = add_chat(sql)
    messages = [chat.add() for _ in range(5)]

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    assert items(sql, job_id) == sorted(messages, reverse=True)


@pytest.mark.parametrize("limit", [None, 2])
def test_what_is_left_alone_has_no_number_wherever_it_stands(sql: Sql, limit: int | None) -> None:
    chat = add_chat(sql)
    chat.add(sent="2026-04-01", image_description="seen before")
    new = chat.add(sent="2026-03-01")
    chat.add(sent="2026-02-01", image_description="seen before")
    old = chat.add(sent="2026-01-01")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), limit=limit)

    rows = sql.rows(
        "select seq, message_id from batch.items where job_id = %s order by seq", job_id
    )
    assert rows == [(1, new), (2, old)]
    assert totals(sql, job_id) == (4, 2, 2)


def test_an_item_knows_its_content_type(sql: Sql) -> None:
    chat = add_chat(sql)
    for mime_type in ("audio/ogg; codecs=opus", "image/webp", "video/mp4", "application/msword"):
        chat.add(mime_type)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    kinds = sql.rows("select content_type::text from batch.items where job_id = %s", job_id)
    assert sorted(kinds) == [("audio",), ("document",), ("image",), ("video",)]


def test_a_job_with_nothing_to_do_is_completed_at_once(sql: Sql) -> None:
    chat = add_chat(sql)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    job = sql.job(job_id)
    assert (job["status"], job["total_items"], job["progress_percent"]) == ("completed", 0, 100)
    assert job["started_at"] is not None
    assert job["completed_at"] is not None
    assert sql.slices(job_id) == []


def test_a_job_whose_media_all_have_content_is_completed_at_once(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(3, image_description="seen before")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    assert totals(sql, job_id) == (3, 3, 0)
    assert sql.job(job_id)["status"] == "completed"


def test_the_limit_applies_after_what_is_done_already_is_left_alone(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add(sent="2026-03-03", image_description="seen before")
    second = chat.add(sent="2026-03-02")
    chat.add(sent="2026-03-01")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), limit=1)

    assert totals(sql, job_id) == (3, 1, 1)
    assert items(sql, job_id) == [second]


def test_the_limit_applies_after_the_content_types(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add("audio/ogg", sent="2026-03-03")
    document = chat.add("application/pdf", sent="2026-03-01")

    job_id = sql.plan(
        jobType="targeted_chat_sync", chatId=str(chat.id), limit=1, contentTypes=["document"]
    )

    assert totals(sql, job_id) == (1, 0, 1)
    assert items(sql, job_id) == [document]


def test_a_second_run_with_a_limit_gets_further(sql: Sql) -> None:
    chat = add_chat(sql)
    messages = [chat.add(sent=f"2026-03-0{day}") for day in (5, 4, 3, 2, 1)]
    request: dict[str, Any] = {
        "jobType": "targeted_chat_sync", "chatId": str(chat.id), "limit": 2,
    }  # fmt: skip

    runs = []
    for _ in range(4):
        job_id = sql.plan(**request)
        sql.work_off(job_id)
        runs.append((items(sql, job_id), totals(sql, job_id)))

    assert runs == [
        (messages[:2], (5, 0, 2)),
        (messages[2:4], (5, 2, 2)),
        (messages[4:], (5, 4, 1)),
        ([], (5, 5, 0)),
    ]


def test_a_limit_of_zero_is_no_limit(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(3)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), limit=0)

    assert totals(sql, job_id) == (3, 0, 3)


def test_a_limit_larger_than_the_selection_takes_it_all(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(3)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), limit=100)

    assert totals(sql, job_id) == (3, 0, 3)


def test_force_takes_what_has_content_too(sql: Sql) -> None:
    chat = add_chat(sql)
    done = chat.add(sent="2026-03-02", image_description="seen before")
    fresh = chat.add(sent="2026-03-01")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), force=True)

    assert totals(sql, job_id) == (2, 0, 2)
    assert items(sql, job_id) == [done, fresh]


def test_content_that_stands_only_in_media_content_is_left_alone(sql: Sql) -> None:
    chat = add_chat(sql)
    message = chat.add()
    sql.run(
        "insert into public.media_content (media_id, processing_type, content)"
        " values (%s, 'description', 'by another program')",
        message,
    )

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    assert totals(sql, job_id) == (1, 1, 0)


@pytest.mark.parametrize("days", [1, 7, 30, 365])
def test_days_back_go_by_the_time_of_the_message(sql: Sql, days: int) -> None:
    sql.at(NOW)
    chat = add_chat(sql)
    since = sql.value(
        "select %s::timestamptz at time zone 'UTC' - make_interval(days => %s)", NOW, days
    )
    first = chat.add(sent=since, created_at="2020-01-01", received_at="2020-01-01")
    chat.add(sent=sql.value("select %s - interval '1 microsecond'", since))

    job_id = sql.plan(jobType="time_based_batch", daysBack=days)

    assert items(sql, job_id) == [first]


def test_days_are_counted_from_the_creation_of_the_job(sql: Sql) -> None:
    chat = add_chat(sql)
    message = chat.add(sent="2026-06-24 00:00")
    sql.at("2026-06-30 12:00:00+00")
    job_id = sql.create(jobType="time_based_batch", daysBack=7)

    sql.at("2026-07-10 12:00:00+00")
    sql.run("select batch.plan_job(%s)", job_id)

    assert items(sql, job_id) == [message]


def test_days_are_days_of_utc_whatever_the_session_s_zone(sql: Sql) -> None:
    sql.run("set timezone = 'Pacific/Auckland'")
    sql.at("2026-06-30 12:00:00+00")
    chat = add_chat(sql)
    message = chat.add(sent="2026-06-29 12:00:00")
    chat.add(sent="2026-06-29 11:59:59")

    job_id = sql.plan(jobType="time_based_batch", daysBack=1)

    assert items(sql, job_id) == [message]


def test_an_instance_narrows_to_its_own_chats(sql: Sql) -> None:
    sql.at(NOW)
    chat, other = add_chat(sql), add_chat(sql)
    mine = {chat.add(), add_chat(sql, instance_id=chat.instance_id).add()}
    other.add()

    job_id = sql.plan(jobType="time_based_batch", daysBack=365, instanceId=str(chat.instance_id))

    assert set(items(sql, job_id)) == mine


def test_no_instance_means_all_of_them(sql: Sql) -> None:
    sql.at(NOW)
    messages = {add_chat(sql).add(), add_chat(sql).add()}

    job_id = sql.plan(jobType="time_based_batch", daysBack=365)

    assert set(items(sql, job_id)) == messages


def test_a_time_based_job_may_be_about_one_chat(sql: Sql) -> None:
    sql.at(NOW)
    chat = add_chat(sql)
    mine = chat.add()
    chat.add(sent="2020-01-01")
    add_chat(sql, instance_id=chat.instance_id).add()

    job_id = sql.plan(jobType="time_based_batch", daysBack=365, chatId=chat.external_id)

    assert items(sql, job_id) == [mine]


def test_deleted_and_expired_messages_are_not_even_found(sql: Sql) -> None:
    chat = add_chat(sql)
    for status in ("deleted", "expired"):
        chat.add(status=status)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), force=True)

    assert totals(sql, job_id) == (0, 0, 0)


def test_planning_starts_as_many_slices_as_the_job_has_lanes(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(1000)

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    lanes = sql.value("select lanes from batch.jobs where id = %s", job_id)
    assert len(sql.slices(job_id)) == lanes
    assert [task for task, _ in sql.tasks(job_id)].count("process_slice") == lanes
    assert sql.job(job_id)["status"] == "processing"


def test_planning_twice_changes_nothing(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(3)
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    before = sql.job(job_id), items(sql, job_id), sql.slices(job_id), sql.tasks(job_id)
    chat.add()

    sql.run("select batch.plan_job(%s)", job_id)

    assert (sql.job(job_id), items(sql, job_id), sql.slices(job_id), sql.tasks(job_id)) == before


def test_a_job_that_was_cancelled_first_is_not_planned(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add()
    job_id = sql.create(jobType="targeted_chat_sync", chatId=str(chat.id))
    sql.run("select batch.cancel_job(%s)", job_id)

    sql.run("select batch.plan_job(%s)", job_id)

    assert sql.job(job_id)["status"] == "cancelled"
    assert items(sql, job_id) == []


def test_the_plan_stands_in_the_job_s_events(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(2)
    chat.add(image_description="seen before")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    assert sql.value(
        "select details from batch.job_events where job_id = %s and type = 'planned'", job_id
    ) == {"totalFound": 3, "totalItems": 2, "skippedItems": 1}


def test_an_unknown_job_is_not_found(sql: Sql) -> None:
    with sql.refused("BJ404"):
        sql.run("select batch.plan_job(%s)", uuid4())


def test_a_large_job_is_estimated_by_how_many_there_are_of_each_content_type(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add_many(50_000)
    chat.add("application/pdf")
    sql.worker()

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))

    estimate = sql.value("select estimate from batch.jobs where id = %s", job_id)
    assert sorted(estimate["providers"]) == ["document", "image"]


def test_a_large_selection_is_shared_out_among_parallel_workers(own_sql: Sql) -> None:
    if own_sql.connection.info.server_version < 180000:
        pytest.skip("PostgreSQL tells how many parallel workers it planned since 18")
    add_chat(own_sql).add_many(1000)
    job_id = own_sql.create(jobType="time_based_batch", daysBack=365)
    share_out_all_that_may_be(own_sql)
    planned = (
        "select parallel_workers_to_launch from pg_stat_database"
        " where datname = current_database() and pg_stat_force_next_flush() is not null"
    )
    before = own_sql.value(planned)

    own_sql.run("select batch.plan_job(%s)", job_id)

    awaited(lambda: own_sql.value(planned) > before)


def give_no_shared_memory(sql: Sql, unless: str) -> None:
    """Selecting fails as where parallel workers find none, unless the SQL condition holds."""
    sql.run("alter function batch.select_media rename to select_media_as_usual")
    sql.run(
        f"""
        create function batch.select_media(
          p_instance_id uuid, p_chat_id uuid, p_since timestamp,
          p_content_types batch.content_type[]
        )
        returns table (
          message_id uuid, content_type batch.content_type, platform_timestamp timestamp,
          has_content boolean
        )
        language plpgsql as $$
        begin
          if not ({unless}) then
            raise disk_full using message = 'could not resize shared memory segment';
          end if;
          return query select s.*
          from batch.select_media_as_usual($1, $2, $3, $4) as s;
        end;
        $$
        """
    )


@pytest.mark.parametrize("limit", [None, 2])
def test_a_job_is_planned_where_parallel_workers_find_no_shared_memory(
    sql: Sql, limit: int | None
) -> None:
    chat = add_chat(sql)
    chat.add(image_description="seen before")
    new = chat.add(sent="2026-03-01")
    old = chat.add(sent="2026-01-01")
    give_no_shared_memory(sql, unless="current_setting('max_parallel_workers_per_gather') = '0'")

    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), limit=limit)

    assert items(sql, job_id) == [new, old]
    assert totals(sql, job_id) == (3, 1, 2)


def test_a_full_disk_leaves_a_job_to_be_planned_later(sql: Sql) -> None:
    job_id = sql.create(jobType="targeted_chat_sync", chatId=str(add_chat(sql).id))
    give_no_shared_memory(sql, unless="false")

    with sql.refused("53100"):
        sql.run("select batch.plan_job(%s)", job_id)

    assert sql.job(job_id)["status"] == "pending"
