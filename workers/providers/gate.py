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


class NoLimits:
    """A gate that always stands open."""

    @asynccontextmanager
    async def share(self, provider: str) -> AsyncIterator[None]:
        """At once."""
        yield

    async def wait_hint(self, provider: str, seconds: float) -> None:
        """Each request waits for itself; nobody else is told."""
