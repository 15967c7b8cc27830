"""For what providers are asked: one item of a job, however many requests it takes.

It is handed on beside the calls and not through them, so that processors need not know of it:
tasks begun for an item share its errand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Self

from workers.processors.base import Usage


class NotWanted(Exception):
    """The item is not to be worked on any more: what was not begun is not begun."""


Confirm = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Errand:
    """One item's, from its beginning to its end: the context of everything that is asked in it."""

    since: float = float("-inf")
    """On the monotonic clock: whoever was found away before then is asked again. It is when the
    item's job began or was resumed, since by then somebody may have mended what was wrong."""
    is_wanted: Callable[[], bool] = lambda: True
    """Whether the item is, as far as is known here."""
    confirm: Confirm | None = None
    """Asks whether it is; raises NotWanted."""
    billed: list[Usage] = field(default_factory=list)
    """What was billed so far, or may have been: what remains known of an item that is given up."""

    _token: Token[Errand | None] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            _current.reset(self._token)

    def note(self, usage: Sequence[Usage]) -> None:
        self.billed.extend(usage)

    async def begin(self) -> None:
        """Before every request: it may have waited for its turn since the item was admitted.

        Not once something was billed: it would be paid for in vain, and then again. Raises
        NotWanted.
        """
        if self.confirm is not None and not self.billed:
            await self.confirm()

    @property
    def is_in_vain(self) -> bool:
        """Whether what waits for its turn need not wait any longer."""
        return not self.billed and not self.is_wanted()


_current: ContextVar[Errand | None] = ContextVar("errand", default=None)


def current_errand() -> Errand:
    """The item's that is being worked on; outside of one, an errand that nobody asks about."""
    return _current.get() or Errand()
