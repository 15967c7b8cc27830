"""Callbacks by real worker processes to a real receiver: told once, again until it is heard."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.database import open_sql
from tests.scene import Scene, wait_until
from tests.workers.receiver import Received, Receiver, holding, receiving, reset

ALLOW = "BACKSCROLL_CALLBACK_ALLOW_HOSTS=127.0.0.1"
LISTENS = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and query ilike 'listen %%batch_callbacks%%' and state = 'idle'"
)
"""Before that, news of a callback is found by looking, every two seconds."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def secret(scene: Scene) -> str:
    made: str = scene.sql.value("select batch.webhook_secret()")
    return made


def one_job(scene: Scene, receiver: Receiver, path: str = "/") -> UUID:
    """A job that a worker is done with at once, since there is nothing to do."""
    return scene.create(callbackUrl=f"{receiver.url}{path}", contentTypes=["audio"])


def plan(scene: Scene, job_id: UUID) -> UUID:
    """Has its callback due at once."""
    scene.sql.run("select batch.plan_job(%s)", job_id)
    return job_id


def callbacks(scene: Scene, job_id: UUID) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = scene.sql.value("select batch.list_callbacks(%s)", job_id)[
        "items"
    ]
    return listed


def heard(receiver: Receiver, count: int = 1, path: str = "/") -> list[Received]:
    wait_until(lambda: len(receiver.of(path)) >= count, f"{count} requests at {path}")
    return receiver.of(path)


def wait_for_state(scene: Scene, job_id: UUID, state: str) -> dict[str, Any]:
    wait_until(
        lambda: [each["state"] for each in callbacks(scene, job_id)] == [state],
        f"the only callback to be {state}",
    )
    return callbacks(scene, job_id)[0]


def wait_for_attempts(scene: Scene, job_id: UUID, count: int) -> None:
    """Waits until so many attempts have ended."""
    wait_until(
        lambda: scene.sql.value(
            "select count(a.duration_ms) from batch.callback_attempts as a"
            " join batch.callbacks as c on c.id = a.callback_id where c.job_id = %s",
            job_id,
        ) >= count,
        f"{count} attempts",
    )  # fmt: skip


def make_due(scene: Scene) -> None:
    """What waits for its next attempt is due now, and the workers know."""
    scene.sql.run(
        "update batch.callbacks set next_attempt_at = batch.clock()"
        " where state = 'queued' and (leased_until > batch.clock()) is not true"
    )
    scene.sql.run("notify batch_callbacks")


def test_a_job_tells_its_pauses_and_its_end(scene: Scene, receiver: Receiver, secret: str) -> None:
    scene.add("text one\nhold go", count=2)
    scene.workers.start(ALLOW)
    job_id = scene.create(callbackUrl=f"{receiver.url}/", metadata={"order": "7"})
    wait_until(lambda: len(scene.workers.started()) == 2, "items to begin")

    scene.sql.run("select batch.pause_job(%s)", job_id)
    heard(receiver)
    scene.sql.run("select batch.resume_job(%s)", job_id)
    scene.workers.release("go")

    paused, completed = (each.verified(secret) for each in heard(receiver, 2))
    assert (paused["type"], completed["type"]) == ("batch_job.paused", "batch_job.completed")
    assert completed["data"]["id"] == str(job_id)
    assert completed["data"]["metadata"] == {"order": "7"}
    assert completed["data"]["processedItems"] == 2
    wait_until(
        lambda: {each["state"] for each in callbacks(scene, job_id)} == {"delivered"},
        "both to be recorded as delivered",
    )
    assert len({each.id for each in receiver.received}) == 2


def test_it_is_told_within_a_second_of_the_commit(scene: Scene, receiver: Receiver) -> None:
    scene.workers.start(ALLOW)
    wait_until(lambda: scene.sql.value(LISTENS), "the worker to listen")
    one_job(scene, receiver, "/warm")
    heard(receiver, path="/warm")
    scene.add("text x\nhold go")
    job_id = scene.create(callbackUrl=f"{receiver.url}/")
    wait_until(scene.workers.started, "the item to begin")

    scene.sql.run("select batch.pause_job(%s)", job_id)
    began = time.monotonic()

    heard(receiver)
    assert time.monotonic() - began < 1


def test_a_cancelled_job_is_told_with_what_was_still_counted(
    scene: Scene, receiver: Receiver, secret: str
) -> None:
    scene.add("text in hand\nhold go")
    scene.workers.start(ALLOW)
    job_id = scene.create(callbackUrl=f"{receiver.url}/")
    wait_until(scene.workers.started, "the item to begin")

    scene.sql.run("select batch.cancel_job(%s)", job_id)
    scene.workers.release("go")

    (told,) = (each.verified(secret) for each in heard(receiver))
    assert told["type"] == "batch_job.cancelled"
    assert told["data"]["processedItems"] == 1
    assert told["data"] == scene.sql.value("select batch.job_json(%s::uuid)", job_id)


def test_a_receiver_that_fails_at_first_gets_the_same_until_it_takes_it(
    scene: Scene, receiver: Receiver, secret: str
) -> None:
    receiver.answers["/"] += [500, reset, (302, {"location": "/other"}, b""), 429]
    scene.workers.start(ALLOW)
    job_id = one_job(scene, receiver)

    for count in range(1, 5):
        wait_for_attempts(scene, job_id, count)
        make_due(scene)

    callback = wait_for_state(scene, job_id, "delivered")
    requests = heard(receiver, 5)
    assert [each["statusCode"] for each in callback["attempts"]] == [500, None, 302, 429, 204]
    assert {each.id for each in requests} == {callback["id"]}
    assert len({each.body for each in requests}) == 1
    assert requests[-1].verified(secret) == json.loads(requests[0].body)
    assert receiver.of("/other") == []


def test_the_first_retry_needs_nobody(scene: Scene, receiver: Receiver) -> None:
    receiver.answers["/"].append(503)
    scene.workers.start(ALLOW)
    job_id = one_job(scene, receiver)

    first, second = wait_for_state(scene, job_id, "delivered")["attempts"]

    assert (first["statusCode"], second["statusCode"]) == (503, 204)


def test_gone_is_the_end(scene: Scene, receiver: Receiver) -> None:
    receiver.answers["/"].append((410, {}, b"moved out"))
    scene.workers.start(ALLOW)
    job_id = one_job(scene, receiver)

    callback = wait_for_state(scene, job_id, "given_up")

    assert callback["attempts"][0]["response"] == "moved out"
    assert scene.sql.value(
        "select details ->> 'error' from batch.job_events where type = 'callback_given_up'"
    ) == "the server answered 410 Gone"  # fmt: skip


def test_what_was_delivered_is_delivered_again_when_asked(
    scene: Scene, receiver: Receiver, secret: str
) -> None:
    scene.workers.start(ALLOW)
    job_id = one_job(scene, receiver)
    wait_for_state(scene, job_id, "delivered")

    scene.sql.run("select batch.redeliver_callbacks(%s)", job_id)

    first, second = heard(receiver, 2)
    assert (first.id, first.body) == (second.id, second.body)
    assert second.verified(secret)["type"] == "batch_job.completed"


def test_what_a_killed_worker_was_sending_is_sent_by_another(
    scene: Scene, receiver: Receiver
) -> None:
    release = threading.Event()
    receiver.answers["/"].append(holding(release))
    victim = scene.workers.start(ALLOW)
    job_id = one_job(scene, receiver)
    heard(receiver)

    victim.kill()
    victim.wait()
    release.set()
    scene.workers.start(ALLOW)
    scene.sql.run("update batch.callbacks set leased_until = batch.clock()")

    callback = wait_for_state(scene, job_id, "delivered")
    first, second = heard(receiver, 2)
    assert (first.id, first.body) == (second.id, second.body)
    lost, _ = callback["attempts"]
    assert lost["error"] == "the worker was lost before it could say how it ended"


def test_two_workers_tell_every_job_once(scene: Scene, receiver: Receiver) -> None:
    scene.workers.start_beside_each_other(2, ALLOW)

    jobs = [one_job(scene, receiver) for _ in range(40)]

    for job_id in jobs:
        assert wait_for_state(scene, job_id, "delivered")["attemptCount"] == 1
    assert len(receiver.received) == len({each.id for each in receiver.received}) == 40


def test_slow_and_forbidden_addresses_hold_up_no_others(scene: Scene, receiver: Receiver) -> None:
    release = threading.Event()
    with receiving() as slow:
        slow.answers["/"] += [holding(release)] * 100
        # Planned here: were they only created, the worker might have to give up the first of the
        # slow ones, after 15 s, before it is done with planning the last.
        for _ in range(70):
            plan(scene, one_job(scene, slow))
            plan(scene, scene.create(callbackUrl="http://10.0.0.1/", contentTypes=["audio"]))
        scene.workers.start(ALLOW)
        heard(slow, 8)

        job_id = plan(scene, one_job(scene, receiver))

        wait_for_state(scene, job_id, "delivered")
        assert len(slow.received) == 8
        release.set()


def test_a_forbidden_address_is_noted_with_the_reason(scene: Scene, receiver: Receiver) -> None:
    scene.workers.start()
    job_id = one_job(scene, receiver)

    wait_for_attempts(scene, job_id, 1)

    (callback,) = callbacks(scene, job_id)
    assert callback["state"] == "queued"
    assert "is not on the public internet" in callback["attempts"][0]["error"]
    assert receiver.received == []


def test_hosts_that_media_come_from_may_be_called(scene: Scene, receiver: Receiver) -> None:
    scene.workers.start("BACKSCROLL_MEDIA_ALLOW_HOSTS=127.0.0.1")

    wait_for_state(scene, one_job(scene, receiver), "delivered")


def test_the_settings_secrets_sign_instead_of_the_databases(
    scene: Scene, receiver: Receiver
) -> None:
    new, old = (f"whsec_{base64.b64encode(bytes([n]) * 24).decode()}" for n in (1, 2))
    scene.workers.start(ALLOW, f"BACKSCROLL_WEBHOOK_SECRET={new} {old}")

    one_job(scene, receiver)

    (request,) = heard(receiver)
    assert request.verified(new) == request.verified(old)


def test_a_worker_that_is_told_to_stop_ends_what_it_is_sending(
    scene: Scene, receiver: Receiver
) -> None:
    release = threading.Event()

    def late(connection: Any) -> None:
        release.wait(30)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    receiver.answers["/"].append(late)
    worker = scene.workers.start(ALLOW)
    job_id = one_job(scene, receiver)
    heard(receiver)

    worker.terminate()
    wait_until(lambda: "stops when it has finished" in scene.workers.said(), "it to hear that")
    release.set()

    assert worker.wait(30) == 0
    assert [each["state"] for each in callbacks(scene, job_id)] == ["delivered"]


def test_what_was_told_while_the_database_was_away_is_recorded_all_the_same(
    scene: Scene, receiver: Receiver
) -> None:
    def cut_off(connection: Any) -> None:
        with open_sql(url) as other:
            other.run(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name like 'backscroll%%'"
            )
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    url = scene.sql.connection.info.dsn
    receiver.answers["/"].append(cut_off)
    scene.workers.start(ALLOW)

    callback = wait_for_state(scene, one_job(scene, receiver), "delivered")

    assert [each["statusCode"] for each in callback["attempts"]] == [200]
    assert len(receiver.received) == 1
