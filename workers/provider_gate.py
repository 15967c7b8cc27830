"""The limits of providers, shared by all workers through the database.

A worker asks for shares for all its waiting requests at once, and tells with every call how many
it has in flight: a call for many requests, and none at all while a provider has no limit.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.database import Database
from app.database_errors import DatabaseAway
from workers.providers.errand import Errand, NotWanted, current_errand

logger = logging.getLogger(__name__)

_TRUST_UNLIMITED_SECONDS = 2.0
_LONGEST_WAIT = 5.0
_MOST_AT_ONCE = 64


class ProviderGate:
    """Lets requests to providers pass as `batch.provider_limits` allows."""

    def __init__(self, database: Database, worker_id: int) -> None:
        self._database = database
        self._worker_id = worker_id
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def share(self, provider: str) -> AsyncIterator[None]:
        """Waits until the provider may be asked once; the request lasts as long as the context.

        Raises NotWanted for an item that is not wanted any more: it takes no share.
        """
        line = self._lines.get(provider)
        if line is None:
            line = self._lines[provider] = _Line(self._database, self._worker_id, provider)
        counted = await line.enter()
        try:
            yield
        finally:
            if counted:
                line.leave()

    async def wait_hint(self, provider: str, seconds: float) -> None:
        """The provider has asked to be left alone: all workers hold back."""
        line = self._lines.get(provider)
        if line is not None:
            line.distrust()
        try:
            await self._database.value("select batch.hold_provider(%s, %s)", [provider, seconds])
        except DatabaseAway as error:
            logger.warning("cannot tell the others to spare %s: %s", provider, error)


@dataclass(frozen=True, slots=True)
class _Waiting:
    share: asyncio.Future[bool]
    errand: Errand


class _Line:
    """The requests to one provider that wait for their share."""

    def __init__(self, database: Database, worker_id: int, provider: str) -> None:
        self._database = database
        self._worker_id = worker_id
        self._provider = provider
        self._waiting: list[_Waiting] = []
        self._in_flight = 0
        self._has_ended = False
        self._unlimited_until = 0.0
        self._serving: asyncio.Task[None] | None = None

    async def enter(self) -> bool:
        """Waits for a share. True if it is counted and has to be given back."""
        if time.monotonic() < self._unlimited_until:
            return False
        share: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(share, current_errand()))
        self._serve()
        try:
            return await share
        except asyncio.CancelledError:
            if share.done() and not share.cancelled() and share.exception() is None:
                self.leave()  # granted in the moment in which it was given up
            raise

    def leave(self) -> None:
        self._in_flight -= 1
        self._has_ended = True
        self._serve()

    def distrust(self) -> None:
        """Asks the database again before the next request."""
        self._unlimited_until = 0.0

    def _serve(self) -> None:
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._take_shares())

    async def _take_shares(self) -> None:
        # Requests that come in the same moment ask together.
        await asyncio.sleep(0.005)
        while self._drop_those_gone() or self._has_ended:
            self._has_ended = False
            in_flight = self._in_flight
            wanted = min(len(self._waiting), _MOST_AT_ONCE)
            try:
                ((granted, retry_after, is_limited),) = await self._database.rows(
                    "select * from batch.take_provider_shares(%s, %s, %s, %s)",
                    [self._worker_id, self._provider, wanted, in_flight],
                )
            except DatabaseAway as error:
                logger.warning("shares of %s wait for the database: %s", self._provider, error)
                self._has_ended = True
                await asyncio.sleep(1.0)
                continue
            except Exception as error:
                self._refuse(error)
                raise
            self._hand_out(granted, is_limited)
            if granted < wanted:
                await asyncio.sleep(min(retry_after, _LONGEST_WAIT))

    def _drop_those_gone(self) -> int:
        for each in self._waiting:
            if each.errand.is_in_vain and not each.share.done():
                each.share.set_exception(NotWanted())
        self._waiting = [each for each in self._waiting if not each.share.done()]
        return len(self._waiting)

    def _refuse(self, error: Exception) -> None:
        """Nobody waits for an answer that does not come."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.share.done():
                each.share.set_exception(error)

    def _hand_out(self, granted: int, is_limited: bool) -> None:
        if not is_limited:
            self._unlimited_until = time.monotonic() + _TRUST_UNLIMITED_SECONDS
        self._drop_those_gone()
        for _ in range(granted):
            if self._waiting:
                self._in_flight += 1
                self._waiting.pop(0).share.set_result(True)
            else:
                # Nobody waits for it any more.
                self._has_ended = True
