"""Jobs through real worker processes: run, cancel, pause, and several workers at once."""

from __future__ import annotations

import signal
import socket
import time
from decimal import Decimal

import psycopg
import pytest

from tests.database import add_chat
from tests.scene import NO_DEATHS, Scene, wait_until

ADMITTED_SECONDS = 0.1
"""So long after a cancel or a pause has committed, items may still begin: see the guarantees."""
HELD = f"hold go\ntake {2 * ADMITTED_SECONDS}"
"""What ends a little after it was let go, by the worker's own clock: what the worker was told of
others before that, however late it got round to it, is by then too old for them to begin."""


def test_a_job_created_in_psql_runs_to_its_end(scene: Scene) -> None:
    scene.add("text the first\ncost 0.00000001\ntokens 3", count=40)
    scene.add("fail file_encrypted", count=2)
    scene.workers.start()

    job_id = scene.sql.value("select batch.create_job('targeted_chat_sync', %s)", scene.chat.id)

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["failed_items"]) == (40, 2)
    assert job["total_cost_usd"] == Decimal("0.0000004")
    assert job["total_tokens"] == 120
    assert scene.sql.value(
        "select count(*) from public.messages where document_extraction = 'the first'"
    ) == 40  # fmt: skip
    scene.assert_sound(job_id)


def test_files_that_are_opened_together_end_like_others(scene: Scene) -> None:
    (scene.workers.root / "together").touch()
    scene.add("text fine", count=60)
    scene.add("fail file_unreadable", count=3)
    scene.chat.add("text/plain", media_local_path="gone.txt")
    (scene.workers.root / "copy.txt").write_bytes((scene.workers.root / "00000.txt").read_bytes())
    scene.chat.add("text/plain", media_local_path="copy.txt")
    scene.workers.start()

    job_id = scene.create()

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["failed_items"], job["reused_items"]) == (61, 4, 1)
    scene.assert_sound(job_id)


def _record_claims(scene: Scene) -> None:
    """Lets the table `claimed` hold the message of every item that was claimed."""
    scene.sql.run("create table public.claimed (message_id uuid)")
    scene.sql.run(
        "create function public.record_claim() returns trigger language plpgsql"
        " security definer as $$ begin insert into public.claimed"
        " select message_id from batch.items where (job_id, seq) = (new.job_id, new.seq);"
        " return null; end $$"
    )
    scene.sql.run(
        "create trigger record_claim after insert on batch.claims"
        " for each row execute function public.record_claim()"
    )


def test_of_quick_free_items_nobody_is_asked_any_more(scene: Scene) -> None:
    (scene.workers.root / "together").touch()
    scene.add("text quick", count=600)
    _record_claims(scene)
    scene.workers.start()

    job_id = scene.create()

    scene.wait_for(job_id, status="completed", processed_items=600)
    assert 0 < scene.sql.value("select count(*) from public.claimed") < 600
    scene.assert_sound(job_id)


def test_a_quick_item_is_asked_about_before_a_provider_is(scene: Scene) -> None:
    (scene.workers.root / "together").touch()
    (scene.workers.root / "now").touch()
    scene.add("text sent\nturn now\ncost 0.001", count=5)
    scene.sql.run("update public.messages set platform_timestamp = '2020-01-01'")
    sent = [message_id for (message_id,) in scene.sql.rows("select id from public.messages")]
    scene.add("text quick", count=600)
    _record_claims(scene)
    scene.workers.start()

    job_id = scene.create()

    scene.wait_for(job_id, status="completed", processed_items=605)
    claimed = scene.sql.rows(
        "select message_id from public.claimed where message_id = any (%s)", sent
    )
    assert sorted(claimed) == sorted((message_id,) for message_id in sent)
    assert scene.sql.value("select count(*) from public.claimed") < 605
    scene.assert_sound(job_id)


def test_the_current_item_is_one_that_is_worked_on(scene: Scene) -> None:
    (scene.workers.root / "together").touch()
    scene.add(f"text in hand\n{HELD}", count=30)
    scene.workers.start()

    job_id = scene.create()

    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")
    wait_until(
        lambda: scene.sql.job(job_id)["current_item"] in scene.workers.started(),
        "the current item to be one of the four",
    )
    scene.workers.release("go")
    scene.wait_for(job_id, status="completed")
    assert len(scene.workers.started()) == 30


def test_the_current_item_is_told_while_it_is_on_its_way(scene: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        scene.chat.add("text/plain", media_url=address, external_id="on its way")
        scene.workers.start("BACKSCROLL_MEDIA_ALLOW_HOSTS=127.0.0.1")

        job_id = scene.create()

        scene.wait_for(job_id, current_item="on its way")
        assert scene.workers.started() == []


def test_what_was_opened_together_is_asked_about_again_before_it_begins_late(
    scene: Scene,
) -> None:
    (scene.workers.root / "together").touch()
    scene.add(f"text in hand\n{HELD}", count=30)
    # Nobody tells it of the pause, before results do.
    scene.workers.start("BACKSCROLL_LISTEN=off", "BACKSCROLL_HEARTBEAT=60", NO_DEATHS)
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")
    claims = "select count(*) from batch.claims"
    wait_until(lambda: scene.sql.value(claims) == 30, "all to be asked about")
    wait_until(lambda: scene.sql.job(job_id)["current_item"], "what is in hand to be told")

    scene.sql.run("select batch.pause_job(%s)", job_id)
    scene.workers.release("go")

    wait_until(lambda: scene.sql.job(job_id)["processed_items"] == 4, "what is in hand to end")
    scene.wait_until_idle(job_id)
    assert len(scene.workers.started()) == 4
    scene.assert_sound(job_id)


def test_a_failing_item_is_recorded_and_does_not_stop_the_job(scene: Scene) -> None:
    scene.add("fail file_unreadable")
    scene.add("text fine")
    scene.workers.start()

    job_id = scene.create()

    scene.wait_for(job_id, status="completed")
    assert scene.sql.rows(
        "select status::text, error_code, error_message from batch.item_results"
        " where job_id = %s order by status::text desc",
        job_id,
    ) == [("processed", None, None), ("failed", "file_unreadable", "as the file said")]


def test_a_defect_in_a_processor_fails_the_item_alone(scene: Scene) -> None:
    scene.add("cost not-a-number")
    scene.add("text fine")
    scene.workers.start()

    job_id = scene.create()

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["failed_items"]) == (1, 1)
    assert scene.sql.value(
        "select error_code from batch.item_results where status = 'failed'"
    ) == "internal_error"  # fmt: skip


def test_what_postgres_cannot_store_is_left_out_of_a_text(scene: Scene) -> None:
    scene.add("text a\x00b")
    scene.workers.start()

    job_id = scene.create()

    scene.wait_for(job_id, status="completed")
    assert scene.sql.value("select content from public.media_content") == "ab"


def test_a_result_that_cannot_be_stored_fails_alone(scene: Scene) -> None:
    scene.add("text fine", count=5)
    scene.add("text unstorable\ncost 0.01")
    scene.sql.run(
        "create function public.refuse() returns trigger language plpgsql as $$ begin"
        " raise exception using errcode = '22000', message = 'for a test'; end $$;"
        "create trigger refuses before insert on public.media_content for each row"
        " when (new.content = 'unstorable') execute function public.refuse()"
    )
    scene.workers.start()

    job_id = scene.create()

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["failed_items"]) == (5, 1)
    assert job["total_cost_usd"] == Decimal("0.01")
    scene.assert_sound(job_id)


def test_two_workers_share_a_job_and_count_every_item_once(scene: Scene) -> None:
    scene.add("text shared\nhold both", count=24)
    job_id = scene.create()
    # More slices than one worker takes at once: two for each of those that seem to live.
    scene.sql.run("update batch.jobs set lanes = 24 where id = %s", job_id)
    for _ in range(12):
        scene.sql.worker()
    scene.sql.run("select batch.plan_job(%s)", job_id)
    scene.workers.start_beside_each_other(2)
    wait_until(
        lambda: scene.sql.value(
            "select count(distinct worker_id) from batch.slices where state = 'running'"
        ) == 2,
        "both workers to have a slice",
    )  # fmt: skip

    scene.workers.release("both")

    job = scene.wait_for(job_id, status="completed")
    assert job["processed_items"] == 24
    assert len(scene.workers.started()) == 24
    assert scene.sql.value("select count(distinct worker_id) from batch.item_results") == 2
    scene.assert_sound(job_id)


def test_after_a_cancel_no_item_begins_and_those_in_hand_count(scene: Scene) -> None:
    scene.add(f"text in hand\n{HELD}", count=60)
    scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    scene.sql.run("select batch.cancel_job(%s)", job_id)
    scene.workers.release("go")

    scene.wait_until_idle(job_id)
    job = scene.sql.job(job_id)
    assert job["status"] == "cancelled"
    assert len(scene.workers.started()) == 4
    assert job["processed_items"] == 4
    scene.assert_sound(job_id)


def test_a_cancel_is_noticed_without_any_notification(scene: Scene) -> None:
    scene.add("text in hand\nhold go", count=60)
    # A cancel without pg_notify is what a lost notification looks like to a worker.
    scene.sql.run(
        "create or replace function batch.tell_workers_to_stop(p_job_id uuid, p_has_ended boolean)"
        " returns void language sql as $$ select $$"
    )
    scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    scene.sql.run("select batch.cancel_job(%s)", job_id)
    # The first may have looked at the job just before, the second is answered before the third.
    scene.wait_for_heartbeats(3)
    scene.workers.release("go")

    scene.wait_until_idle(job_id)
    assert len(scene.workers.started()) == 4
    assert scene.sql.job(job_id)["processed_items"] == 4


def test_a_worker_that_does_not_listen_finds_jobs_and_cancels_by_asking(scene: Scene) -> None:
    scene.add("text held\nhold go")
    scene.workers.start("BACKSCROLL_LISTEN=off", "BACKSCROLL_CANCEL_GRACE=0")
    wait_until(lambda: scene.sql.value("select count(*) from batch.workers"), "a worker")

    job_id = scene.create()
    wait_until(scene.workers.started, "the item to begin")
    scene.sql.run("select batch.cancel_job(%s)", job_id)

    scene.wait_until_idle(job_id)
    assert scene.sql.rows(
        "select 1 from pg_stat_activity"
        " where query ilike 'listen %%' and datname = current_database()"
    ) == []  # fmt: skip
    scene.assert_sound(job_id)


def test_items_that_outlast_the_grace_of_a_cancel_are_given_up(scene: Scene) -> None:
    scene.add("text never\nhold never", count=8)
    scene.workers.start("BACKSCROLL_CANCEL_GRACE=0.2")
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    scene.sql.run("select batch.cancel_job(%s)", job_id)

    scene.wait_until_idle(job_id)
    assert scene.sql.job(job_id)["processed_items"] == 0
    scene.assert_sound(job_id)


def test_a_pause_lets_items_in_hand_end_and_a_resume_does_exactly_the_rest(scene: Scene) -> None:
    scene.add(f"text paused\n{HELD}", count=30)
    scene.workers.start("BACKSCROLL_CANCEL_GRACE=0")
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")
    scene.sql.run("select batch.pause_job(%s)", job_id)
    scene.workers.release("go")
    scene.wait_until_idle(job_id)
    assert scene.sql.job(job_id)["processed_items"] == 4

    scene.sql.run("select batch.resume_job(%s)", job_id)

    job = scene.wait_for(job_id, status="completed")
    assert job["processed_items"] == 30
    assert sorted(scene.workers.started()) == sorted(set(scene.workers.started()))
    scene.assert_sound(job_id)


def test_what_waits_for_its_turn_at_a_provider_while_its_job_is_paused_does_not_begin(
    scene: Scene,
) -> None:
    scene.add("text not yet\nturn mine", count=3)
    scene.add("text billed\nsent\ncost 1\nturn mine", count=1)
    scene.workers.start("BACKSCROLL_CONCURRENCY=8")
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to wait for their turns")

    scene.sql.run("select batch.pause_job(%s)", job_id)
    time.sleep(ADMITTED_SECONDS)
    scene.workers.release("mine")

    scene.wait_until_idle(job_id)
    assert scene.sql.job(job_id)["processed_items"] == 1
    assert scene.sql.value("select content from public.media_content") == "billed"
    scene.sql.run("select batch.resume_job(%s)", job_id)
    scene.wait_for(job_id, status="completed", processed_items=4)
    scene.assert_sound(job_id)


def test_a_small_job_finishes_while_a_huge_one_before_it_runs(scene: Scene) -> None:
    scene.add("text huge\nhold end", count=400)
    scene.workers.start("BACKSCROLL_CONCURRENCY=64")
    huge = scene.create()
    wait_until(lambda: len(scene.workers.started()) >= 4, "the huge job to begin")
    small_chat = add_chat(scene.sql)
    # Four of the eight places for documents are the huge job's; the small one has pictures.
    (scene.workers.root / "small.txt").write_text("text small")
    for _ in range(3):
        small_chat.add("image/png", media_local_path="small.txt")

    small = scene.sql.create(jobType="targeted_chat_sync", chatId=str(small_chat.id))

    scene.wait_for(small, status="completed")
    assert scene.sql.job(huge)["status"] == "processing"


def test_a_second_job_over_the_same_chat_skips_what_the_first_has_done(scene: Scene) -> None:
    scene.add("text once", count=10)
    first, second = scene.create(), scene.create()
    scene.sql.run("select batch.plan_job(%s)", first)
    scene.sql.run("select batch.plan_job(%s)", second)
    scene.sql.work_off(first)
    scene.workers.start()

    job = scene.wait_for(second, status="completed")

    assert (job["total_items"], job["processed_items"], job["skipped_items"]) == (10, 0, 10)
    assert job["progress_percent"] == 100
    assert scene.workers.started() == []
    scene.assert_sound(second)


def test_listeners_hear_every_change_of_status_at_once(scene: Scene, database_url: str) -> None:
    scene.add("text heard", count=3)
    with psycopg.connect(database_url, autocommit=True) as listener:
        listener.execute("listen batch_jobs")
        scene.workers.start()

        job_id = scene.create()

        heard = []
        for notification in listener.notifies(timeout=60):
            heard.append(notification.payload)
            if '"completed"' in notification.payload:
                break
    statuses = [text.split('"status" : "')[1].split('"')[0] for text in heard]
    assert list(dict.fromkeys(statuses)) == ["pending", "processing", "completed"]
    assert all(str(job_id) in text for text in heard)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_gives_back_what_it_has_not_begun(
    scene: Scene, number: signal.Signals
) -> None:
    scene.add("text handed over\nhold go", count=20)
    first = scene.workers.start()
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")

    first.send_signal(number)
    wait_until(lambda: "stops when it has finished" in scene.workers.said(), "it to obey")
    scene.workers.release("go")

    assert first.wait(30) == 0
    assert scene.sql.job(job_id)["processed_items"] == 4
    scene.workers.start()
    scene.wait_for(job_id, status="completed")
    assert len(scene.workers.started()) == 20
    scene.assert_sound(job_id)
