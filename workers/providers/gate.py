"""The gate before every provider: where limits shared by all workers have their say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol


class Gate(Protocol):
    """Lets requests to providers through, as many as the limits allow."""

    def share(self, provider: str) -> AbstractAsyncContextManager[None]:
        """Waits for the right to send one request; it is in flight for as long as this lasts."""
        ...

    async def wait_hint(self, provider: str, seconds: float) -> None:
        """The provider asked to be left alone for so long: all workers should hold back."""
        ...


class LateGate:
    """Stands open until it is told which gate to follow: limits need a worker that has a number."""

    def __init__(self) -> None:
        self._gate: Gate = NoLimits()

    def follow(self, gate: Gate) -> None:
        """From now on, what `gate` says holds."""
        self._gate = gate

    def share(self, provider: str) -> AbstractAsyncContextManager[None]:
        """See `Gate`."""
        return self._gate.share(provider)

    async def wait_hint(self, provider: str, seconds: float) -> None:
        """See `Gate`."""
        await self._gate.wait_hint(provider, seconds)


class NoLimits:
    """A gate that always stands open."""

    @asynccontextmanager
    async def share(self, provider: str) -> AsyncIterator[None]:
        """At once."""
        yield

    async def wait_hint(self, provider: str, seconds: float) -> None:
        """Each request waits for itself; nobody else is told."""
