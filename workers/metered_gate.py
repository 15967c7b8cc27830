"""Measures what passes the gate before the providers: who waits, how long answers take."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from workers.meters import Meters
from workers.processors.base import ProcessingFailed
from workers.providers.gate import Gate
from workers.providers.trouble import Trouble


class MeteredGate:
    """`gate`, measured."""

    def __init__(self, gate: Gate, meters: Meters) -> None:
        self._gate = gate
        self._meters = meters

    @asynccontextmanager
    async def share(self, provider: str) -> AsyncIterator[None]:
        """See `Gate`. Each attempt counts, by its outcome: `answered`, or a kind of `Trouble`."""
        came = time.monotonic()
        with ExitStack() as waiting:
            waiting.enter_context(
                self._meters.one_more("backscroll_provider_waiting", provider=provider)
            )
            async with self._gate.share(provider):
                waiting.close()
                began = time.monotonic()
                self._meters.observe(
                    "backscroll_provider_wait_seconds", began - came, provider=provider
                )
                outcome = "cancelled"
                try:
                    with self._meters.one_more("backscroll_provider_in_flight", provider=provider):
                        yield
                    outcome = "answered"
                except ProcessingFailed:
                    outcome = "answered"  # though not with what could be used
                    raise
                except Trouble as trouble:
                    outcome = trouble.kind.value
                    raise
                finally:
                    self._meters.observe(
                        "backscroll_provider_request_seconds",
                        time.monotonic() - began,
                        provider=provider,
                    )
                    self._meters.count(
                        "backscroll_provider_requests_total", provider=provider, outcome=outcome
                    )

    async def wait_hint(self, provider: str, seconds: float) -> None:
        """See `Gate`."""
        await self._gate.wait_hint(provider, seconds)
