"""One attempt at a callback: what is sent, and what is made of whatever is answered."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

import workers.callbacks
from app.allowed_hosts import AllowedHosts
from app.webhook_secrets import WebhookSecrets
from tests.workers.fetching_scene import Names
from tests.workers.receiver import Answer, Receiver, receiving, reset
from workers.callbacks import ALLOW_SETTING, Callback, Outcome, attempted
from workers.guarded_http import GuardedClient

NAMES = Names(localhost=["127.0.0.1"])
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
OLD = f"whsec_{base64.b64encode(KEY[::-1]).decode()}"
BODY = '{"type" : "batch_job.completed", "data" : "ünïcödé"}'.encode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def attempt(
    url: str,
    *,
    allow: str = "127.0.0.1",
    secrets: str = SECRET,
    now: datetime | None = None,
    **how: Any,
) -> Outcome:
    callback = Callback(uuid4(), 1, url, BODY, int(time.time()))

    async def run() -> Outcome:
        client = GuardedClient(AllowedHosts.parse(allow), ALLOW_SETTING, resolve=NAMES, **how)
        try:
            return await attempted(
                client, callback, WebhookSecrets.parse(secrets), lambda: now or datetime.now(UTC)
            )
        finally:
            await client.close()

    return asyncio.run(run())


def answered(receiver: Receiver, answer: Answer, **how: Any) -> Outcome:
    receiver.answers["/"].append(answer)
    return attempt(f"{receiver.url}/", **how)


def test_the_request_is_a_post_with_the_headers_of_standard_webhooks(receiver: Receiver) -> None:
    outcome = attempt(f"{receiver.url}/hooks?of=me")

    assert outcome == Outcome(204, None, "", None)
    (got,) = receiver.received
    assert (got.path, got.body) == ("/hooks?of=me", BODY)
    assert got.headers["content-type"] == "application/json"
    assert got.headers["content-length"] == str(len(BODY))
    assert "authorization" not in got.headers
    signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + BODY
    signature = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{signature}"


def test_the_specifications_own_library_verifies_it(receiver: Receiver) -> None:
    attempt(f"{receiver.url}/")

    assert receiver.received[0].verified(SECRET)["type"] == "batch_job.completed"
    with pytest.raises(WebhookVerificationError):
        receiver.received[0].verified(OLD)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", receiver.received[0].headers)


def test_while_a_secret_is_replaced_either_verifies(receiver: Receiver) -> None:
    attempt(f"{receiver.url}/", secrets=f"{SECRET} {OLD}")

    (got,) = receiver.received
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    assert got.verified(SECRET) == got.verified(OLD)


@pytest.mark.parametrize(
    ("status", "named"),
    [(500, "500 Internal Server Error"), (410, "410 Gone"), (404, "404 Not Found"), (799, "799")],
)
def test_a_refusal_is_named_with_what_it_said(receiver: Receiver, status: int, named: str) -> None:
    outcome = answered(receiver, (status, {}, b"because"))

    assert outcome == Outcome(status, f"the server answered {named}", "because", None)


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    outcome = answered(receiver, (302, {"location": f"{receiver.url}/other"}, b""))

    assert outcome.status == 302
    assert outcome.error == "the server answered 302 Found; redirects are not followed"
    assert receiver.of("/other") == []


def test_a_connection_that_breaks_off_is_told(receiver: Receiver) -> None:
    outcome = answered(receiver, reset)

    assert outcome.status is None
    assert outcome.error in (
        "the connection broke off", "the server broke off before the end of its answer"
    )  # fmt: skip


def test_nobody_there_is_told() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen
        outcome = attempt(f"http://127.0.0.1:{deaf.getsockname()[1]}/")

    assert outcome == Outcome(error="the host could not be reached: connection refused")


def test_an_answer_that_never_comes_ends_the_attempt(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.callbacks, "_ANSWER_SECONDS", 0.2)
    closed: list[bytes] = []

    outcome = answered(receiver, lambda connection: closed.append(connection.recv(1)))

    assert outcome == Outcome(error="no answer within 0.2 s")


def test_a_body_without_end_is_cut_and_the_status_counts(receiver: Receiver) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 10_000)

    outcome = answered(receiver, endless)

    assert outcome == Outcome(200, None, "x" * 500, None)


def test_a_body_that_drags_on_does_not_undo_a_success(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers.callbacks, "_BODY_SECONDS", 0.2)

    def dragging(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        connection.recv(1)

    assert answered(receiver, dragging) == Outcome(200, None, "half", None)


def test_a_body_that_breaks_off_does_not_undo_a_success(receiver: Receiver) -> None:
    def broken(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\nhalf")

    assert answered(receiver, broken) == Outcome(202, None, "half", None)


def test_what_a_text_cannot_hold_is_left_out_of_the_log(receiver: Receiver) -> None:
    assert answered(receiver, (200, {}, b"a\0b\xff")).response == "ab\N{REPLACEMENT CHARACTER}"


def test_retry_after_is_read_as_seconds_and_as_a_date(receiver: Receiver) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    later = format_datetime(now + timedelta(hours=1), usegmt=True)

    in_seconds = answered(receiver, (503, {"retry-after": "120"}, b""))
    as_date = answered(receiver, (429, {"retry-after": later}, b""), now=now)
    unreadable = answered(receiver, (503, {"retry-after": "soon"}, b""))

    assert in_seconds.retry_after == 120
    assert as_date.retry_after == 3600
    assert unreadable.retry_after is None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "0x7f000001", "2130706433"],
)
def test_addresses_that_are_not_public_are_refused_and_the_setting_named(
    receiver: Receiver, host: str
) -> None:
    port = receiver.url.rpartition(":")[2]

    outcome = attempt(f"http://{host}:{port}/", allow="")

    assert outcome.status is None
    assert "is not on the public internet" in str(outcome.error)
    assert "BACKSCROLL_CALLBACK_ALLOW_HOSTS" in str(outcome.error)
    assert receiver.received == []


def test_what_is_no_address_of_http_is_told() -> None:
    assert attempt("ftp://x.example/").error == "the address is not one of http or https"
    assert attempt("http://x.example:99999/").error in (
        "the address is not valid", "the address has no valid port"
    )  # fmt: skip
