"""Remembers that a provider is away, so that not every item has to find out."""

from __future__ import annotations

from collections.abc import Callable


class Breaker:
    """Closed while the provider answers. Opened, it lets nobody through for a while, then one.

    The one is a probe: if the provider answers it, everybody may ask again.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._reason: str | None = None
        self._opens_at = 0.0
        self._is_probed = False

    def enter(self) -> str | None:
        """None if one may ask, and otherwise the reason why not.

        Whoever may ask must call `close`, `open` or `leave` in the end.
        """
        if self._reason is None:
            return None
        if self._is_probed or self._monotonic() < self._opens_at:
            return self._reason
        self._is_probed = True
        return None

    @property
    def is_probed(self) -> bool:
        """Whether the one who has just entered is the probe."""
        return self._is_probed

    def close(self) -> None:
        """The provider answered."""
        self._reason = None
        self._is_probed = False

    def open(self, reason: str, seconds: float) -> None:
        """The provider is away; asked again in `seconds`."""
        self._reason = reason
        self._opens_at = self._monotonic() + seconds
        self._is_probed = False

    def leave(self) -> None:
        """The one who asked found nothing out about the provider."""
        self._is_probed = False
