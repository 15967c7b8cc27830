"""Remembers that a provider is away, so that not every item has to find out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Breaker:
    """Closed while the provider answers. Opened, it lets nobody through for a while, then one.

    The one is a probe, and the others wait for what it finds: if the provider answers it,
    everybody may ask again.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._reason: str | None = None
        self.opened_at = 0.0
        self._opens_at = 0.0
        self._probe: asyncio.Future[None] | None = None

    async def enter(self, since: float = float("-inf")) -> str | None:
        """None if one may ask, and otherwise the reason why not.

        What was found out before `since` counts no more: then one probes before its time.
        Whoever may ask must call `close`, `open` or `leave` in the end.
        """
        while self._reason is not None:
            if self._probe is not None:
                await asyncio.wait([self._probe])
            elif self._monotonic() < self._opens_at and self.opened_at >= since:
                return self._reason
            else:
                self._probe = asyncio.get_running_loop().create_future()
                return None
        return None

    @property
    def is_probed(self) -> bool:
        """Whether the one who has just entered is the probe."""
        return self._probe is not None

    def close(self) -> None:
        """The provider answered."""
        self._reason = None
        self.leave()

    def open(self, reason: str, seconds: float) -> None:
        """The provider is away; asked again in `seconds`."""
        self._reason = reason
        self.opened_at = self._monotonic()
        self._opens_at = self.opened_at + seconds
        self.leave()

    def leave(self) -> None:
        """The one who asked found nothing out about the provider."""
        if self._probe is not None:
            self._probe.set_result(None)
            self._probe = None
