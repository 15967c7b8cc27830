"""batch.take_slice: who gets which items."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, processed


@pytest.fixture
def chat(sql: Sql) -> Chat:
    return add_chat(sql)


def plan(sql: Sql, chat: Chat, **request: object) -> UUID:
    return sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id), **request)


def results(sql: Sql, job_id: UUID) -> list[tuple[int, str, str | None]]:
    return sql.rows(
        "select seq, status::text, error_code from batch.item_results where job_id = %s"
        " order by seq",
        job_id,
    )


def test_an_item_comes_with_all_that_is_needed_to_process_it(sql: Sql, chat: Chat) -> None:
    message = chat.add(
        "audio/ogg; codecs=opus", external_id="3EB0", media_local_path="a/b.ogg",
        media_url="https://example.org/b.ogg", text_content="a caption",
    )  # fmt: skip
    job_id = plan(sql, chat, language="pt")

    rows = sql.rows("select * from batch.take_slice(%s, 1, %s)", job_id, sql.worker())

    assert [row[:-1] for row in rows] == [
        (1, message, "audio", "audio/ogg; codecs=opus", "a/b.ogg", "https://example.org/b.ogg",
         "3EB0", "a caption", "pt", False, False, False)
    ]  # fmt: skip


def test_an_item_tells_how_long_ago_its_job_was_resumed(sql: Sql, chat: Chat) -> None:
    sql.at("2026-06-30 12:00:00+00")
    chat.add()
    job_id = plan(sql, chat)
    sql.at("2026-06-30 12:01:00+00")
    sql.run("select batch.pause_job(%s)", job_id)
    sql.at("2026-06-30 13:00:00+00")
    sql.run("select batch.resume_job(%s)", job_id)
    sql.at("2026-06-30 13:00:02.5+00")

    assert sql.value(
        "select wanted_for_seconds from batch.take_slice(%s, 1, %s)", job_id, sql.worker()
    ) == 2.5  # fmt: skip


def test_a_slice_gives_its_own_items_in_order(sql: Sql, chat: Chat) -> None:
    chat.add_many(100)
    job_id = plan(sql, chat)
    (first, last, _) = sql.slices(job_id)[1]

    assert sql.take(job_id, first, sql.worker()) == list(range(first, last + 1))
    assert sql.slices(job_id)[1][2] == "running"


def test_a_slice_is_taken_once(sql: Sql, chat: Chat) -> None:
    chat.add()
    job_id = plan(sql, chat)
    worker, other = sql.worker(), sql.worker()
    sql.take(job_id, 1, worker)

    assert sql.take(job_id, 1, other) == []
    assert sql.take(job_id, 1, worker) == []
    assert sql.row("select worker_id, attempts from batch.slices where job_id = %s", job_id) == (
        worker,
        1,
    )


@pytest.mark.parametrize("order", ["cancel_job", "pause_job"])
def test_nothing_is_taken_of_a_job_that_is_cancelled_or_paused(
    sql: Sql, chat: Chat, order: str
) -> None:
    chat.add()
    job_id = plan(sql, chat)
    sql.run(f"select batch.{order}(%s)", job_id)

    assert sql.take(job_id, 1, sql.worker()) == []
    assert sql.slices(job_id)[0][2] != "running"


def test_nothing_is_taken_of_what_does_not_exist(sql: Sql, chat: Chat) -> None:
    chat.add()
    job_id = plan(sql, chat)

    assert sql.take(uuid4(), 1, sql.worker()) == []
    assert sql.take(job_id, 2, sql.worker()) == []


def test_what_another_job_finished_meanwhile_is_skipped(sql: Sql, chat: Chat) -> None:
    chat.add_many(2)
    slow = sql.in_one_slice(plan(sql, chat))
    quick = plan(sql, chat, limit=1)
    sql.work_off(quick)

    taken = sql.take(slow, 1, sql.worker())

    assert taken == [2]
    assert results(sql, slow) == [(1, "skipped", None)]
    assert sql.job(slow)["skipped_items"] == 1
    assert sql.rows("select * from batch.audit()") == []


def test_what_only_media_content_has_meanwhile_is_skipped(sql: Sql, chat: Chat) -> None:
    message = chat.add("application/pdf")
    job_id = plan(sql, chat)
    sql.run(
        "insert into public.media_content (media_id, processing_type, content)"
        " values (%s, 'extraction', 'by another program')",
        message,
    )

    assert sql.take(job_id, 1, sql.worker()) == []
    assert results(sql, job_id) == [(1, "skipped", None)]


def test_a_slice_whose_items_are_all_skipped_completes_the_job(sql: Sql, chat: Chat) -> None:
    chat.add()
    slow, quick = plan(sql, chat), plan(sql, chat)
    sql.work_off(quick)

    sql.work_off(slow)

    job = sql.job(slow)
    assert (job["status"], job["skipped_items"], job["processed_items"]) == ("completed", 1, 0)
    assert job["progress_percent"] == 100
    assert job["total_cost_usd"] == 0
    assert sql.value("select count(*) from public.media_content") == 1


def test_a_forced_job_skips_nothing(sql: Sql, chat: Chat) -> None:
    chat.add()
    forced, quick = plan(sql, chat, force=True), plan(sql, chat)
    sql.work_off(quick)

    assert sql.take(forced, 1, sql.worker()) == [1]
    assert results(sql, forced) == []


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("how", ["deleted", "expired", "gone"])
def test_a_message_that_is_gone_meanwhile_fails(
    sql: Sql, chat: Chat, how: str, forced: bool
) -> None:
    message = chat.add()
    job_id = plan(sql, chat, force=forced)
    if how == "gone":
        sql.run("delete from public.messages where id = %s", message)
    else:
        sql.run("update public.messages set status = %s where id = %s", how, message)

    assert sql.take(job_id, 1, sql.worker()) == []

    assert results(sql, job_id) == [(1, "failed", "message_deleted")]
    assert sql.counts(job_id) == {"downloadFailed": 1}
    assert sql.rows("select * from batch.audit()") == []


def test_items_that_have_results_are_not_given_again(sql: Sql, chat: Chat) -> None:
    chat.add_many(100)
    job_id = plan(sql, chat)
    first, last, _ = sql.slices(job_id)[0]
    worker, successor = sql.worker(), sql.worker()
    sql.take(job_id, first, worker)
    sql.record(worker, processed(job_id, first, first), processed(job_id, first, first + 2))
    sql.finish(job_id, first, worker)

    again = sql.take(job_id, first, successor)

    assert again == [first + 1, *range(first + 3, last + 1)]
    assert sql.job(job_id)["skipped_items"] == 0
