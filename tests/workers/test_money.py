"""Costs, budgets and reuse through real worker processes."""

from __future__ import annotations

from decimal import Decimal

from tests.scene import Scene, wait_until


def same_bytes(scene: Scene, script: str, messages: int) -> None:
    """Messages that carry the same file, as a forwarded picture is in many chats."""
    (scene.workers.root / "forwarded.txt").write_text(script)
    for _ in range(messages):
        scene.chat.add("text/plain", media_local_path="forwarded.txt")


def test_the_same_medium_is_paid_for_once(scene: Scene) -> None:
    same_bytes(scene, "text seen by all\ncost 0.01", messages=12)
    scene.workers.start_beside_each_other(2)

    job_id = scene.create()

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["reused_items"]) == (12, 11)
    assert job["total_cost_usd"] == Decimal("0.01")
    assert len(scene.workers.started()) == 1
    assert scene.sql.value(
        "select count(*) from public.messages where document_extraction = 'seen by all'"
    ) == 12  # fmt: skip
    scene.assert_sound(job_id)


def test_two_jobs_over_one_chat_at_the_same_time_do_not_both_pay(scene: Scene) -> None:
    scene.add("text paid once\ncost 0.01", count=10)
    first, second = scene.create(), scene.create()
    scene.sql.run("select batch.plan_job(%s)", first)
    scene.sql.run("select batch.plan_job(%s)", second)
    scene.workers.start_beside_each_other(2)

    jobs = [scene.wait_for(job_id, status="completed") for job_id in (first, second)]

    assert sum(job["total_cost_usd"] for job in jobs) == Decimal("0.10")
    assert len(scene.workers.started()) == 10
    scene.assert_sound(first)
    scene.assert_sound(second)


def test_jobs_over_one_chat_at_the_same_time_make_every_text_once(scene: Scene) -> None:
    scene.add("text made once", count=30)
    jobs = [scene.create() for _ in range(3)]
    for job_id in jobs:
        scene.sql.run("select batch.plan_job(%s)", job_id)
    scene.workers.start_beside_each_other(2)

    for job_id in jobs:
        scene.wait_for(job_id, status="completed")

    assert scene.sql.value("select count(*) from public.media_content") == 30
    assert len(scene.workers.started()) == 30
    assert scene.sql.rows("select * from batch.audit()") == []


def test_a_forced_job_pays_again(scene: Scene) -> None:
    scene.add("text again\ncost 0.01", count=3)
    scene.workers.start()
    scene.wait_for(scene.create(), status="completed")

    job_id = scene.create(force=True)

    job = scene.wait_for(job_id, status="completed")
    assert (job["total_cost_usd"], job["reused_items"]) == (Decimal("0.03"), 0)


def test_no_number_of_workers_overshoots_a_budget(scene: Scene) -> None:
    scene.add("text dear\ncost 0.01", count=60)
    scene.workers.start_beside_each_other(2)

    job_id = scene.create(maxCostUsd=0.255)

    job = scene.wait_for(job_id, status="paused")
    scene.wait_until_idle(job_id)
    job = scene.sql.job(job_id)
    assert job["total_cost_usd"] == Decimal("0.25")
    assert job["pause_reason"] == "budget"
    assert scene.sql.value("select count(*) from batch.reservations") == 0
    scene.assert_sound(job_id)


def test_raising_the_budget_does_the_rest(scene: Scene) -> None:
    scene.add("text dear\ncost 0.01", count=12)
    scene.workers.start()
    job_id = scene.create(maxCostUsd=0.05)
    scene.wait_for(job_id, status="paused")

    scene.sql.run("select batch.set_budget(%s, 1)", job_id)

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["total_cost_usd"]) == (12, Decimal("0.12"))
    assert len(scene.workers.started()) == 12
    assert job["pause_reason"] is None
    scene.assert_sound(job_id)


def test_a_job_without_a_provider_waits_and_says_why(scene: Scene) -> None:
    scene.add("text later\naway the key was refused: set GROQ_API_KEY", count=40)
    scene.workers.start()

    job_id = scene.create()

    job = scene.wait_for(job_id, status="paused")
    assert job["pause_reason"] == "providers"
    assert "set GROQ_API_KEY" in job["error_message"]
    scene.wait_until_idle(job_id)
    assert scene.sql.job(job_id)["failed_items"] == 0
    assert scene.sql.value("select count(*) from batch.claims") == 0


def test_a_job_that_waited_for_a_provider_goes_on_where_it_was(scene: Scene) -> None:
    scene.add("text later\naway nobody there", count=10)
    scene.workers.start()
    job_id = scene.create()
    scene.wait_for(job_id, status="paused")
    scene.wait_until_idle(job_id)

    scene.workers.release("back")
    scene.sql.run("select batch.resume_job(%s)", job_id)

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["failed_items"]) == (10, 0)
    scene.assert_sound(job_id)


def test_a_killed_worker_leaves_no_claim_that_others_would_wait_for(scene: Scene) -> None:
    same_bytes(scene, "text claimed\ncost 0.01\nhold go", messages=6)
    victim = scene.workers.start()
    job_id = scene.create()
    wait_until(scene.workers.started, "the first to begin")

    victim.kill()
    victim.wait()
    scene.workers.start()
    scene.workers.release("go")

    job = scene.wait_for(job_id, status="completed")
    assert job["processed_items"] == 6
    scene.assert_sound(job_id)


def test_a_jobs_total_is_the_sum_of_its_items_to_the_last_digit(scene: Scene) -> None:
    for number in range(1, 31):
        scene.add(f"text odd\ncost 0.0000{number:02}01\ntokens {number}")
    scene.workers.start()

    job_id = scene.create()

    job = scene.wait_for(job_id, status="completed")
    by_hand = sum((Decimal(f"0.0000{number:02}01") for number in range(1, 31)), Decimal(0))
    assert job["total_cost_usd"] == by_hand
    assert job["total_tokens"] == sum(range(1, 31))
    assert scene.sql.value(
        "select sum(cost_usd) from batch.spending where job_id = %s", job_id
    ) == by_hand  # fmt: skip


def test_what_was_billed_before_a_pause_outlives_the_worker(scene: Scene) -> None:
    scene.add("text later\naway nobody there\ncost 0.01\ntokens 2", count=3)
    first = scene.workers.start()
    job_id = scene.create()
    scene.wait_for(job_id, status="paused")
    scene.wait_until_idle(job_id)
    billed = scene.sql.job(job_id)["total_cost_usd"]
    assert billed == Decimal("0.01") * len(scene.workers.started())
    scene.assert_sound(job_id)
    first.kill()
    first.wait()

    scene.workers.release("back")
    scene.sql.run("select batch.resume_job(%s)", job_id)
    scene.workers.start()

    job = scene.wait_for(job_id, status="completed")
    assert job["total_cost_usd"] == billed + Decimal("0.03")
    assert scene.sql.value("select sum(cost_usd) from batch.item_results") == job["total_cost_usd"]
    assert scene.sql.value("select count(*) from batch.billed_attempts") == 0
    scene.assert_sound(job_id)


def test_a_request_under_way_when_the_worker_stops_is_not_forgotten(scene: Scene) -> None:
    scene.add("text later\nsent\nhold go\ncost 0.01")
    first = scene.workers.start("BACKSCROLL_STOP_GRACE=0.1")
    job_id = scene.create()
    wait_until(scene.workers.started, "it to begin")

    first.terminate()

    assert first.wait(30) == 0
    assert scene.sql.job(job_id)["total_cost_usd"] == Decimal("0.01")
    scene.assert_sound(job_id)
    scene.workers.release("go")
    scene.workers.start()
    job = scene.wait_for(job_id, status="completed")
    assert job["total_cost_usd"] == Decimal("0.02")
    scene.assert_sound(job_id)


def test_a_request_that_outlasts_the_grace_of_a_cancel_is_paid_for(scene: Scene) -> None:
    scene.add("text never\nsent\nhold never\ncost 0.01", count=2)
    scene.workers.start("BACKSCROLL_CANCEL_GRACE=0.1")
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 2, "both to begin")

    scene.sql.run("select batch.cancel_job(%s)", job_id)

    scene.wait_until_idle(job_id)
    job = scene.sql.job(job_id)
    assert (job["status"], job["total_cost_usd"]) == ("cancelled", Decimal("0.02"))
    assert scene.sql.row(
        "select sum(items), sum(cost_usd) from batch.spending where job_id = %s", job_id
    ) == (0, Decimal("0.02"))  # fmt: skip
    scene.assert_sound(job_id)


def test_a_cost_that_no_result_can_hold_is_unknown_and_its_text_is_kept(scene: Scene) -> None:
    scene.add("text fine\ncost 0.01")
    scene.add("text too dear\ncost 20000")
    scene.add("text absurd\ncost 1e300\ntokens 1000000000000000000000000000000")
    scene.workers.start()

    job_id = scene.create()

    job = scene.wait_for(job_id, status="completed")
    assert (job["processed_items"], job["unpriced_items"]) == (3, 2)
    assert (job["total_cost_usd"], job["total_tokens"]) == (Decimal("0.01"), 0)
    scene.assert_sound(job_id)
