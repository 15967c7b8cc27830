"""Calls jobs' callbackUrls: takes what is due from the database, sends it signed, tells what came.

What is due, when it is tried again and when it is given up are rules of SQL: `sql/callbacks/`. The
format is that of Standard Webhooks. Nothing here waits behind slices, nor they behind this.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.database import Database
from app.database_errors import DatabaseAway
from app.webhook_secrets import WebhookSecrets
from workers.guarded_http import Answer, GuardedClient, RequestFailed
from workers.providers.timing import retry_after

logger = logging.getLogger(__name__)

CHANNEL = "batch_callbacks"
ALLOW_SETTING = "BACKSCROLL_CALLBACK_ALLOW_HOSTS"

_MOST_AT_ONCE = 64
_ANSWER_SECONDS = 15.0
"""For a connection and the beginning of an answer."""
_BODY_SECONDS = 2.0
_BODY_BYTES = 4096
_BODY_CHARACTERS = 500
ATTEMPT_SECONDS = _ANSWER_SECONDS + _BODY_SECONDS
_LEASE_SECONDS = 30.0
"""Longer than an attempt takes; then another worker may send the same again."""
_POLL_SECONDS = 2.0
"""How late retries may be, and news whose notification was lost."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One attempt to make: what to send where. `body` is sent to the byte as it is signed."""

    id: UUID
    attempt: int
    url: str
    body: bytes
    timestamp: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: `status`, or `error` alone where no answer came."""

    status: int | None = None
    error: str | None = None
    response: str | None = None
    retry_after: float | None = None


class CallbackSender:
    """Sends what is due for as long as `run` runs; `wake` says that something may be.

    `secrets`: what to sign with; None: with what the database has made.
    """

    def __init__(
        self, database: Database, worker_id: int, client: GuardedClient, secrets: str | None
    ) -> None:
        self._database = database
        self._worker_id = worker_id
        self._client = client
        self._secrets = WebhookSecrets.parse(secrets) if secrets else None
        self._in_hand = 0
        self._woken = asyncio.Event()
        self._is_stopping = False

    def wake(self) -> None:
        """Looks at once whether something is due."""
        self._woken.set()

    def stop(self) -> None:
        """Lets `run` end once the attempts in hand have ended."""
        self._is_stopping = True
        self.wake()

    async def run(self) -> None:
        """Sends until stopped. What is in hand when it is cancelled is sent again by others."""
        async with asyncio.TaskGroup() as sending:
            while not self._is_stopping:
                self._woken.clear()
                try:
                    await self._begin_those_due(sending)
                except DatabaseAway as error:
                    logger.warning("callbacks wait for the database: %s", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), _POLL_SECONDS)

    async def _begin_those_due(self, sending: asyncio.TaskGroup) -> None:
        room = _MOST_AT_ONCE - self._in_hand
        if room == 0:
            return
        if self._secrets is None:
            made = await self._database.value("select batch.webhook_secret()")
            self._secrets = WebhookSecrets.parse(made)
        for callback_id, attempt, url, payload, sent_at in await self._database.rows(
            "select callback_id, attempt, url, payload, floor(extract(epoch from sent_at))::bigint"
            " from batch.take_callbacks(%s, %s, %s)",
            [self._worker_id, room, f"{_LEASE_SECONDS} seconds"],
        ):
            callback = Callback(callback_id, attempt, url, payload.encode(), sent_at)
            self._in_hand += 1
            sending.create_task(self._send(callback, self._secrets))

    async def _send(self, callback: Callback, secrets: WebhookSecrets) -> None:
        began = time.monotonic()
        try:
            outcome = await attempted(self._client, callback, secrets)
        except Exception:
            logger.exception("callback %s could not be sent", callback.id)
            outcome = Outcome(error="a defect of Backscroll; its worker's log says which")
        if outcome.error:
            logger.info("callback %s, attempt %d: %s", callback.id, callback.attempt, outcome.error)
        await self._record(callback, outcome, began)
        self._in_hand -= 1
        self.wake()  # its host has room for another

    async def _record(self, callback: Callback, outcome: Outcome, began: float) -> None:
        """Tells the database, for as long as nobody else may have taken the callback."""
        took_ms = round((time.monotonic() - began) * 1000)
        while True:
            try:
                await self._database.value(
                    "select batch.record_callback_attempt(%s, %s, %s, %s, %s, %s, %s)",
                    [
                        callback.id, callback.attempt, took_ms, outcome.status, outcome.error,
                        outcome.response, outcome.retry_after,
                    ],
                )  # fmt: skip
                return
            except DatabaseAway as error:
                if time.monotonic() - began > _LEASE_SECONDS:
                    logger.warning("callback %s will be sent again: %s", callback.id, error)
                    return
                await asyncio.sleep(1.0)


async def attempted(
    client: GuardedClient,
    callback: Callback,
    secrets: WebhookSecrets,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Outcome:
    """Sends a callback once. Redirects are not followed: the address was to be the right one."""
    headers = {
        "content-type": "application/json",
        # A kept connection that its server closes as we use it would cost an attempt.
        "connection": "close",
        "webhook-id": str(callback.id),
        "webhook-timestamp": str(callback.timestamp),
        "webhook-signature": secrets.signatures(
            str(callback.id), callback.timestamp, callback.body
        ),
    }
    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(_ANSWER_SECONDS):
                answer = await stack.enter_async_context(
                    client.stream("POST", callback.url, headers=headers, content=callback.body)
                )
            return Outcome(
                answer.status,
                None if 200 <= answer.status < 300 else _refusal(answer),
                await _beginning(answer),
                retry_after(answer.headers.get("retry-after"), now()),
            )
    except TimeoutError:
        return Outcome(error=f"no answer within {_ANSWER_SECONDS:g} s")
    except RequestFailed as failure:
        return Outcome(error=str(failure))


def _refusal(answer: Answer) -> str:
    followed = "; redirects are not followed" if 300 <= answer.status < 400 else ""
    return f"the server answered {answer.named_status}{followed}"


async def _beginning(answer: Answer) -> str:
    """What an answer says first, for the log; a body that breaks off or drags on is no matter."""
    body = b""
    with contextlib.suppress(RequestFailed, TimeoutError):
        async with asyncio.timeout(_BODY_SECONDS), aclosing(answer.chunks()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) >= _BODY_BYTES:
                    break
    text = body[:_BODY_BYTES].decode(errors="replace").replace("\0", "")
    return text[:_BODY_CHARACTERS]
