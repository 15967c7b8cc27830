"""Asking one provider over http: again when that helps, never more often than it may cost.

A request is sent again

- as often as `Patience.attempts` says, when the provider answered 5xx or could not be reached;
- until `Patience.busy_seconds` are over, when it answered 429;
- once, when the request had been sent whole and no sensible answer came: it may have been billed,
  and such an attempt is part of the usage.

A provider found away (wrong key, used-up quota, outage) is remembered, and not asked for a while,
unless the item's job was resumed since. What is billed is noted on the item's errand at once, so
that it is known also of an item that is given up half-way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import aiohttp

from workers.processors.base import ProcessingFailed, ProvidersAway, Usage
from workers.providers.answers import Answer
from workers.providers.bodies import Body
from workers.providers.breaker import Breaker
from workers.providers.client import Client
from workers.providers.errand import current_errand
from workers.providers.gate import Gate
from workers.providers.timing import Clock, Patience
from workers.providers.trouble import Kind, Trouble, said_by, trouble_from

MAX_ANSWER_BYTES = 16 * 2**20
MOST_LOST = 2
"""Attempts that may have been billed, at one request."""
MOST_GARBLED = 3
"""Requests in a row without a sensible answer; then it is not their media's fault."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where a provider is and who asks."""

    name: str
    base_url: str
    key: str | None = field(repr=False)
    prefix: str
    """Of its settings' names: `GROQ` for GROQ_API_KEY and GROQ_BASE_URL."""
    key_header: str = "authorization"

    @property
    def headers(self) -> dict[str, str]:
        if not self.key:
            return {}
        is_bearer = self.key_header == "authorization"
        return {self.key_header: f"Bearer {self.key}" if is_bearer else self.key}

    @property
    def is_on_this_machine(self) -> bool:
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


@dataclass(frozen=True, slots=True)
class Question:
    """One request, however often it is sent."""

    path: str
    model: str
    body: Body
    read: Callable[[Mapping[str, Any]], Answer]
    """Understands the answer. May raise ProcessingFailed, or Trouble for what makes no sense."""
    likely: Usage
    """What an attempt costs whose answer is lost."""


@dataclass(slots=True)
class _Attempts:
    """How it has gone with one question so far."""

    began: float
    lost: list[Usage | None] = field(default_factory=list)
    """What each used whose answer is lost; None where nobody knows."""
    failures: int = 0
    busy: int = 0

    @property
    def asked(self) -> int:
        return len(self.lost) + self.failures + self.busy

    def usage(self, as_much_as: Usage) -> list[Usage]:
        """Of the lost ones: asked the same, they used as much as one that was answered."""
        return [known or as_much_as for known in self.lost]


class _EndlessError(Exception):
    """An answer is longer than any that makes sense."""


class Exchange:
    """The connection to one provider; belongs to one event loop."""

    def __init__(
        self, account: Account, gate: Gate, patience: Patience, clock: Clock | None = None
    ) -> None:
        self.account = account
        self._gate = gate
        self._patience = patience
        self._clock = clock or Clock()
        self._client = Client(
            account.base_url,
            account.headers,
            # A proxy could not reach what is on this machine.
            through_proxies=not account.is_on_this_machine,
        )
        self._breakers: dict[str, Breaker] = defaultdict(lambda: Breaker(self._clock.monotonic))
        self._answered_at = float("-inf")
        self._garbled = 0

    @property
    def name(self) -> str:
        return self.account.name

    async def close(self) -> None:
        await self._client.close()

    async def ask(self, question: Question) -> Answer:
        """The provider's answer, with what all attempts used.

        Raises ProcessingFailed for what the medium is to blame for (`provider_refused`, or
        `provider_error` where the provider answers others and not this one), and ProvidersAway.
        """
        breaker, since = self._breakers[question.model], current_errand().since
        reason = await breaker.enter(since)
        if reason is not None:
            raise ProvidersAway(reason)
        is_probe = breaker.is_probed
        try:
            # A job that began since knows of no outage: one bad answer must not pause it.
            return await self._ask(question, breaker, is_probe and breaker.opened_at >= since)
        finally:
            if is_probe:
                breaker.leave()

    async def _ask(self, question: Question, breaker: Breaker, is_brief: bool) -> Answer:
        attempts, bill = _Attempts(self._clock.monotonic()), current_errand()
        while True:
            try:
                async with self._gate.share(self.name):
                    await bill.begin()
                    answer = await self._attempt(question)
            except Trouble as trouble:
                if trouble.kind in (Kind.LOST, Kind.GARBLED):
                    bill.note([trouble.usage or question.likely])
                pause = self._pause(trouble, attempts, is_brief)
                if trouble.kind in (Kind.BUSY, Kind.DOWN) and self._is_short(trouble.wait):
                    await self._gate.wait_hint(self.name, trouble.wait)
                if pause is None:
                    raise self._verdict(question, trouble, attempts, breaker) from trouble
                await self._clock.sleep(pause)
            except ProcessingFailed as failure:
                self._note_answer(breaker)
                bill.note(failure.usage)
                billed = failure.usage[0] if failure.usage else question.likely
                failure.usage = (*attempts.usage(billed), *failure.usage)
                raise
            else:
                self._note_answer(breaker)
                bill.note(answer.usage)
                return replace(answer, usage=(*attempts.usage(answer.usage[0]), *answer.usage))

    def _is_short(self, wait: float | None) -> TypeGuard[float]:
        """Whether others may be held up for it too; after a longer one, they ask the next one."""
        return wait is not None and wait <= self._patience.longest_retry_after

    def _note_answer(self, breaker: Breaker) -> None:
        breaker.close()
        self._answered_at = self._clock.monotonic()
        self._garbled = 0

    def _pause(self, trouble: Trouble, attempts: _Attempts, is_brief: bool) -> float | None:
        """Counts the failed attempt. The seconds to wait before the next, None for no next."""
        patience = self._patience
        wait = trouble.wait or 0.0
        match trouble.kind:
            case Kind.LOST | Kind.GARBLED:
                attempts.lost.append(trouble.usage)
                is_last = len(attempts.lost) >= MOST_LOST
            case Kind.DOWN:
                attempts.failures += 1
                is_last = attempts.failures >= patience.attempts
            case Kind.BUSY:
                attempts.busy += 1
                waited = self._clock.monotonic() - attempts.began
                is_last = waited + wait > patience.busy_seconds
            case _:
                return None
        if is_last or wait > patience.longest_retry_after:
            return None
        if is_brief and trouble.kind is not Kind.GARBLED:
            return None
        pause = patience.pause(attempts.asked, self._clock.chance())
        # Never before the time asked for, and spread out after it.
        return wait + pause if wait else pause

    def _verdict(
        self, question: Question, trouble: Trouble, attempts: _Attempts, breaker: Breaker
    ) -> ProcessingFailed | ProvidersAway:
        """What to raise for a question that got no answer."""
        usage = attempts.usage(question.likely)
        said, name = trouble.said, self.name
        if trouble.kind is Kind.REFUSED:
            self._note_answer(breaker)
            return ProcessingFailed("provider_refused", f"{name} refused it: {said}", usage)
        if trouble.kind is Kind.UNKNOWN:
            return ProcessingFailed("provider_error", f"{name} answered {said}", usage)
        if trouble.kind is Kind.GARBLED:
            self._garbled += 1
            if self._garbled < MOST_GARBLED:
                return ProcessingFailed("provider_error", f"{name}: {said}", usage)
        is_outage = trouble.kind in (Kind.DOWN, Kind.LOST)
        if is_outage and self._answered_at > attempts.began:
            # It answered others meanwhile, so something in this medium upsets it.
            return ProcessingFailed(
                "provider_error", f"{name} failed {_often(attempts.asked)} at it: {said}", usage
            )
        reason = self._reason(question, trouble, attempts)
        breaker.open(reason, max(self._patience.away_seconds, trouble.wait or 0.0))
        return ProvidersAway(reason, usage)

    def _reason(self, question: Question, trouble: Trouble, attempts: _Attempts) -> str:
        """Why the provider is away, and what to do: for people."""
        name, said, prefix = self.name, trouble.said, self.account.prefix
        match trouble.kind:
            case Kind.KEY:
                return (
                    f"{name} does not accept the key ({said}); put a valid one into"
                    f" {prefix}_API_KEY, restart the workers, then resume"
                )
            case Kind.QUOTA:
                return (
                    f"{name}: the quota is used up ({said}); add credit or raise the limit there,"
                    " then resume"
                )
            case Kind.SETUP:
                return (
                    f"{name} cannot be used as it is set up ({said}); check {prefix}_BASE_URL and"
                    f" the model {question.model}, restart the workers, then resume"
                )
            case Kind.BUSY:
                return f"{name} is too busy or limits the rate ({said}); resume later"
            case Kind.GARBLED:
                return (
                    f"{name} gives no sensible answers ({said}); check {prefix}_BASE_URL and the"
                    f" model {question.model}, restart the workers, then resume"
                )
            case _:
                return (
                    f"{name} does not answer ({said}; asked {_often(attempts.asked)}); resume"
                    " when it is back"
                )

    async def _attempt(self, question: Question) -> Answer:
        """Sends the request once. Raises Trouble, and what `question.read` raises."""
        is_sent = False
        response: aiohttp.ClientResponse | None = None

        async def noted(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
            nonlocal is_sent
            async for chunk in chunks:
                yield chunk
            is_sent = True  # asked for more, the last one is on its way

        try:
            with question.body.opened() as sending:
                async with (
                    asyncio.timeout(self._patience.timeout),
                    self._client.post(
                        question.path, replace(sending, chunks=noted(sending.chunks))
                    ) as response,
                ):
                    body = await _receive(response)
        except (aiohttp.ClientError, _EndlessError, TimeoutError) as error:
            if response is not None and response.status != HTTPStatus.OK:
                body = b""
            else:
                kind = Kind.LOST if is_sent else Kind.DOWN
                raise Trouble(kind, self._said(error)) from error
        except asyncio.CancelledError:
            if is_sent and (response is None or response.status == HTTPStatus.OK):
                current_errand().note([question.likely])
            raise
        key = self.account.key
        if response.status != HTTPStatus.OK:
            raise trouble_from(response.status, response.headers, body, self._clock.now(), key)
        return self._read(question, response, body)

    def _read(self, question: Question, response: aiohttp.ClientResponse, body: bytes) -> Answer:
        if "text/html" in response.headers.get("content-type", ""):
            raise Trouble(Kind.SETUP, "it answers with a web page")
        try:
            document = json.loads(body)
            if not isinstance(document, dict):
                raise TypeError
            return question.read(document)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise Trouble(Kind.GARBLED, "its answer makes no sense") from error

    def _said(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._patience.timeout:g} s"
        return said_by(str(error) or type(error).__name__, self.account.key)


async def _receive(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise _EndlessError("the answer has no end")
    return bytes(body)


def _often(count: int) -> str:
    """How often, in words for people."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
