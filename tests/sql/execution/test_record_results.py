"""batch.record_results: an item counts once, and its text lands where it belongs."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.database import Chat, Sql, add_chat, failed, processed
from tests.sql.execution.reported import stored, taken

KINDS = [
    ("audio/ogg", "transcription", "transcription", "audioProcessed"),
    ("image/jpeg", "image_description", "description", "imagesProcessed"),
    ("video/mp4", "video_description", "description", "videosProcessed"),
    ("application/pdf", "document_extraction", "extraction", "documentsProcessed"),
]


@pytest.fixture
def chat(sql: Sql) -> Chat:
    return add_chat(sql)


@pytest.mark.parametrize(("mime_type", "column", "processing_type", "counter"), KINDS)
def test_the_text_lands_in_the_column_of_its_content_type(
    sql: Sql, chat: Chat, mime_type: str, column: str, processing_type: str, counter: str
) -> None:
    message = chat.add(mime_type, text_content="the caption")
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, processed(job_id, 1, 1, text="the text"))

    columns = sql.value("select to_jsonb(m) from public.messages as m where id = %s", message)
    texts = {name: columns[name] for _, name, _, _ in KINDS if columns[name] is not None}
    assert texts == {column: "the text"}
    assert columns["text_content"] == "the caption"
    assert sql.counts(job_id) == {counter: 1}
    assert sql.rows(
        "select media_id, processing_type, content, batch_job_id from public.media_content"
    ) == [(message, processing_type, "the text", job_id)]


def test_a_media_content_row_tells_how_the_text_was_made(sql: Sql, chat: Chat) -> None:
    chat.add("audio/ogg")
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(
        worker,
        processed(
            job_id, 1, 1, cost="0.0149", tokens=42, language="pt", durationSeconds="12.6",
            processingMs=1234,
        ),
    )  # fmt: skip

    assert sql.row(
        "select model, provider, language, duration, tokens_used, cost_usd, processing_time_ms"
        " from public.media_content"
    ) == ("test", "local", "pt", 13, 42, 1, 1234)
    assert sql.row(
        "select model, provider, language, tokens_used, cost_usd, processing_ms, worker_id,"
        " extract(epoch from finished_at - started_at) from batch.item_results"
    ) == ("test", "local", "pt", 42, Decimal("0.01490000"), 1234, worker, Decimal("1.234000"))


@pytest.mark.parametrize(
    ("cost", "cents"), [("0", 0), ("0.004", 0), ("0.005", 1), ("0.0149", 1), ("1.999", 200)]
)
def test_media_content_holds_whole_cents_and_the_result_the_exact_cost(
    sql: Sql, chat: Chat, cost: str, cents: int
) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, processed(job_id, 1, 1, cost=cost))

    assert sql.value("select cost_usd from public.media_content") == cents
    assert sql.job(job_id)["total_cost_usd"] == Decimal(cost)


def test_costs_are_exact_to_the_eighth_decimal(sql: Sql, chat: Chat) -> None:
    chat.add_many(3)
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    for seq in (1, 2, 3):
        sql.record(worker, processed(job_id, 1, seq, cost="0.00000011"))

    assert sql.job(job_id)["total_cost_usd"] == Decimal("0.00000033")
    assert sql.rows("select * from batch.audit()") == []


def test_what_lies_behind_the_eighth_decimal_is_rounded_alike_everywhere(
    sql: Sql, chat: Chat
) -> None:
    chat.add_many(3)
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, *(processed(job_id, 1, n, cost="0.000000004") for n in (1, 2, 3)))

    assert sql.job(job_id)["total_cost_usd"] == 0
    assert sql.rows("select * from batch.audit()") == []


def test_an_unknown_cost_stays_unknown(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    usage = [{"provider": "somebody", "model": "without-a-price", "inputTokens": 1}]
    sql.record(worker, processed(job_id, 1, 1, usage=usage))

    assert stored(sql, job_id) == [(1, "processed", None)]
    assert sql.value("select cost_usd from public.media_content") is None
    assert sql.job(job_id)["total_cost_usd"] == 0
    assert sql.rows("select * from batch.audit()") == []


@pytest.mark.parametrize(
    ("code", "counter"),
    [
        ("media_not_found", "downloadFailed"),
        ("download_failed", "downloadFailed"),
        ("file_unreadable", "processingFailed"),
        ("no_provider", "processingFailed"),
        ("a_code_of_tomorrow", "processingFailed"),
    ],
)
def test_a_failure_is_counted_by_its_stage_and_leaves_no_text(
    sql: Sql, chat: Chat, code: str, counter: str
) -> None:
    message = chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, failed(job_id, 1, 1, code, cost="0.01"))

    assert sql.counts(job_id) == {counter: 1}
    assert sql.job(job_id)["failed_items"] == 1
    assert sql.job(job_id)["total_cost_usd"] == Decimal("0.01")
    assert sql.value("select count(*) from public.media_content") == 0
    assert sql.value("select image_description from public.messages where id = %s", message) is None
    assert sql.row("select error_code, error_message from batch.item_results") == (
        code, "for a test",
    )  # fmt: skip


def test_an_empty_text_is_stored_and_counts(sql: Sql, chat: Chat) -> None:
    message = chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, processed(job_id, 1, 1, text=""))

    assert sql.value("select content from public.media_content") == ""
    assert sql.value("select image_description from public.messages where id = %s", message) == ""
    assert sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    assert sql.job(job_id)["processed_items"] == 1


def test_a_result_that_is_sent_again_counts_once(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    result = processed(job_id, 1, 1, cost="0.5", tokens=3)

    for _ in range(3):
        sql.record(worker, result)

    job = sql.job(job_id)
    assert (job["processed_items"], job["total_tokens"]) == (1, 3)
    assert job["total_cost_usd"] == Decimal("0.5")
    assert sql.value("select count(*) from public.media_content") == 1


def test_a_result_that_stands_twice_in_one_call_counts_once(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    result = processed(job_id, 1, 1, cost="0.5")

    sql.record(worker, result, result)

    assert sql.job(job_id)["processed_items"] == 1
    assert sql.value("select count(*) from public.media_content") == 1
    assert sql.rows("select * from batch.audit()") == []


def test_what_is_sent_again_with_more_counts_only_what_is_new(sql: Sql, chat: Chat) -> None:
    chat.add_many(3)
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.record(worker, processed(job_id, 1, 2, cost="0.5"))

    sql.record(worker, *(processed(job_id, 1, seq, cost="0.5") for seq in (3, 2, 1)))

    assert [seq for seq, _, _ in stored(sql, job_id)] == [1, 2, 3]
    assert sql.job(job_id)["total_cost_usd"] == Decimal("1.5")
    assert sql.value("select count(*) from public.media_content") == 3
    assert sql.rows("select * from batch.audit()") == []


def test_what_is_sent_again_does_not_take_the_place_of_a_later_text(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    once, again = (taken(sql, chat, worker, force=True) for _ in range(2))
    sql.record(worker, processed(once, 1, 1, text="at first"))
    sql.record(worker, processed(again, 1, 1, text="better"))

    sql.record(worker, processed(once, 1, 1, text="at first"))

    assert sql.rows("select image_description from public.messages") == [("better",)]


def test_a_constraint_of_somebody_else_s_is_no_item_that_was_recorded_before(
    sql: Sql, chat: Chat
) -> None:
    sql.run("create unique index on public.media_content (media_id)")
    chat.add()
    worker = sql.worker()
    once, again = (taken(sql, chat, worker, force=True) for _ in range(2))
    sql.record(worker, processed(once, 1, 1))

    with sql.refused("23505"):
        sql.record(worker, processed(again, 1, 1))

    assert stored(sql, again) == []


def test_the_first_outcome_of_an_item_stays(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.record(worker, failed(job_id, 1, 1))

    sql.record(worker, processed(job_id, 1, 1))

    assert stored(sql, job_id) == [(1, "failed", Decimal(0))]
    assert sql.value("select count(*) from public.media_content") == 0


def test_results_for_a_slice_given_to_another_worker_are_dropped(sql: Sql, chat: Chat) -> None:
    chat.add_many(2)
    silent, heir = sql.worker(), sql.worker()
    job_id = taken(sql, chat, silent)
    sql.finish(job_id, 1, silent)
    sql.take(job_id, 1, heir)

    sql.record(silent, processed(job_id, 1, 1, text="too late"))
    sql.record(heir, processed(job_id, 1, 1, text="in time"))

    assert sql.rows("select worker_id from batch.item_results") == [(heir,)]
    assert sql.rows("select content from public.media_content") == [("in time",)]
    assert sql.job(job_id)["processed_items"] == 1


def test_results_for_items_that_the_slice_does_not_have_are_dropped(sql: Sql, chat: Chat) -> None:
    chat.add_many(3)
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.run("update batch.slices set last_seq = 2 where job_id = %s", job_id)

    sql.record(worker, *(processed(job_id, 1, seq) for seq in (0, 2, 3, 99)))

    assert [seq for seq, _, _ in stored(sql, job_id)] == [2]


def test_one_bad_slice_does_not_keep_out_the_others(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, processed(uuid4(), 1, 1), processed(job_id, 1, 1))

    assert sql.job(job_id)["processed_items"] == 1


def test_results_of_several_jobs_go_in_one_call(sql: Sql, chat: Chat) -> None:
    chat.add_many(2)
    other = add_chat(sql)
    other.add("application/pdf")
    worker = sql.worker()
    first, second = taken(sql, chat, worker), taken(sql, other, worker)

    sql.record(worker, processed(second, 1, 1), processed(first, 1, 2), failed(first, 1, 1))

    assert sql.counts(first) == {"imagesProcessed": 1, "processingFailed": 1}
    assert sql.counts(second) == {"documentsProcessed": 1}
    assert sql.rows("select * from batch.audit()") == []


def test_two_jobs_may_report_the_same_message_in_one_call(sql: Sql, chat: Chat) -> None:
    message = chat.add()
    worker = sql.worker()
    first, second = (taken(sql, chat, worker, force=True) for _ in range(2))

    sql.record(worker, processed(first, 1, 1, text="text"), processed(second, 1, 1, text="text"))

    assert sql.counts(first) == sql.counts(second) == {"imagesProcessed": 1}
    assert (
        sql.value("select image_description from public.messages where id = %s", message) == "text"
    )


def test_force_replaces_the_column_and_adds_a_row(sql: Sql, chat: Chat) -> None:
    message = chat.add()
    worker = sql.worker()
    once = taken(sql, chat, worker)
    sql.record(worker, processed(once, 1, 1, text="at first"))
    sql.finish(once, 1, worker)

    again = taken(sql, chat, worker, force=True)
    sql.record(worker, processed(again, 1, 1, text="better"))

    assert (
        sql.value("select image_description from public.messages where id = %s", message)
        == "better"
    )
    assert sql.rows("select content, batch_job_id from public.media_content order by content") == [
        ("at first", once), ("better", again),
    ]  # fmt: skip


def test_it_tells_which_jobs_want_no_more_work(sql: Sql, chat: Chat) -> None:
    chat.add_many(2)
    worker = sql.worker()
    running, paused, cancelled = (taken(sql, chat, worker, force=True) for _ in range(3))
    sql.run("select batch.pause_job(%s)", paused)
    sql.run("select batch.cancel_job(%s)", cancelled)

    told = sql.record(worker, *(processed(job, 1, 1) for job in (running, paused, cancelled)))

    assert sorted(told) == sorted([(paused, False), (cancelled, True)])


def test_it_tells_so_also_when_the_results_were_recorded_before(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    result = processed(job_id, 1, 1)
    sql.record(worker, result)
    sql.run("select batch.cancel_job(%s)", job_id)

    assert sql.record(worker, result) == [(job_id, True)]


def test_it_tells_so_of_jobs_that_only_have_an_item_in_hand(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.run("select batch.cancel_job(%s)", job_id)

    told = sql.rows(
        "select job_id, has_ended from batch.record_results(%s, '[]', %s)",
        worker, json.dumps({str(job_id): "a.jpg"}),
    )  # fmt: skip

    assert told == [(job_id, True)]


def test_it_tells_which_slices_the_worker_holds_and_is_to_go_on_with(sql: Sql, chat: Chat) -> None:
    chat.add_many(40)
    worker, other = sql.worker(), sql.worker()
    job_id, paused = (sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)) for _ in range(2))
    first, second, third, *_ = (slice_first for slice_first, _, _ in sql.slices(job_id))
    sql.take(job_id, first, worker)
    sql.take(job_id, second, worker)
    sql.take(job_id, third, other)
    sql.take(paused, first, worker)
    sql.run("select batch.pause_job(%s)", paused)
    sql.run("select batch.lose_slice(%s, %s, %s)", job_id, second, worker)

    told = sql.rows("select * from batch.record_results(%s, '[]')", worker)

    assert told == [(job_id, first, None)]


def test_the_current_item_is_what_a_worker_has_in_hand(sql: Sql, chat: Chat) -> None:
    chat.add_many(2)
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    current = json.dumps({str(job_id): "photo.jpg"})

    sql.run("select batch.record_results(%s, '[]', %s)", worker, current)
    sql.record(worker, processed(job_id, 1, 1))

    assert sql.job(job_id)["current_item"] == "photo.jpg"


def test_nothing_to_record_changes_nothing(sql: Sql) -> None:
    worker = sql.worker()

    assert sql.record(worker) == []
    assert sql.value("select count(*) from batch.job_progress") == 0


def test_a_message_deleted_meanwhile_keeps_its_result(sql: Sql, chat: Chat) -> None:
    message = chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.run("delete from public.messages where id = %s", message)

    sql.record(worker, processed(job_id, 1, 1))

    assert sql.counts(job_id) == {"imagesProcessed": 1}


def test_long_names_do_not_cost_a_text_that_was_paid_for(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(
        worker,
        processed(job_id, 1, 1, text="paid", language="norwegian nynorsk")
        | {"provider": "p" * 60, "model": "m" * 120},
    )

    assert sql.row("select content, language, length(model) from public.media_content") == (
        "paid", "norwegian ", 100,
    )  # fmt: skip
    assert sql.row("select language, length(model) from batch.item_results") == (
        "norwegian nynorsk", 120,
    )  # fmt: skip


def test_a_result_skipped_by_the_worker_counts_as_skipped(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, {"jobId": str(job_id), "firstSeq": 1, "seq": 1, "status": "skipped"})

    assert sql.job(job_id)["skipped_items"] == 1
    assert sql.rows("select * from batch.audit()") == []


def test_an_item_s_times_are_the_database_s(sql: Sql, chat: Chat) -> None:
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)
    sql.at("2026-06-30 12:00:10+00")

    sql.record(worker, processed(job_id, 1, 1, ageMs=2500, processingMs=1500))

    assert sql.row(
        "select started_at = '2026-06-30 12:00:06+00', finished_at = '2026-06-30 12:00:07.5+00'"
        " from batch.item_results"
    ) == (True, True)


def test_on_omni_s_own_database_the_text_is_stored_without_our_job_s_id(
    sql: Sql, chat: Chat
) -> None:
    sql.run("create table public.batch_jobs (id uuid primary key)")
    sql.run(
        "alter table public.media_content"
        " add foreign key (batch_job_id) references public.batch_jobs (id) on delete set null"
    )
    chat.add()
    worker = sql.worker()
    job_id = taken(sql, chat, worker)

    sql.record(worker, processed(job_id, 1, 1, text="stored", cost="0.004"))

    assert sql.rows("select content, batch_job_id, cost_usd from public.media_content") == [
        ("stored", None, 0)
    ]
    assert sql.job(job_id)["processed_items"] == 1
