"""The memory that the child processes of a worker share.

A call takes its share before it runs and gives it back in the end. Processes that rest count with
what they really hold, and are ended when a call needs their room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class Resting(Protocol):
    """A process that waits for its next call."""

    async def end(self) -> None:
        """Ends it; its memory is free when this returns."""
        ...


@dataclass(frozen=True, slots=True)
class _Turn:
    """A call that waits for its share, first come, first served."""

    megabytes: int
    owner: object
    granted: asyncio.Future[_Grant]


@dataclass(frozen=True, slots=True)
class _Grant:
    """The resting process that goes on with the call, and those that have to go for it."""

    child: Resting | None
    evicted: list[Resting]


class MemoryRoom:
    """So many megabytes, which shares and resting processes never exceed together.

    Whoever asks for everything waits until nothing else runs, and nobody passes it meanwhile.
    """

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes
        self._taken = 0
        self._resting: dict[Resting, tuple[object, int]] = {}
        self._turns: deque[_Turn] = deque()

    async def take(self, megabytes: int, owner: object) -> Resting | None:
        """Waits until `megabytes` are there; they count as taken until `give`.

        Returns the process that `owner` has had resting, whose memory is part of the share.
        """
        turn = _Turn(min(megabytes, self.megabytes), owner, asyncio.Future())
        self._turns.append(turn)
        self._serve()
        try:
            grant = await turn.granted
        except asyncio.CancelledError:
            if turn.granted.cancelled():
                self._turns = deque(each for each in self._turns if each is not turn)
                self._serve()
            else:
                grant = turn.granted.result()
                left = [grant.child] if grant.child else []
                await self._end([*left, *grant.evicted], turn.megabytes)
            raise
        try:
            await asyncio.gather(*(child.end() for child in grant.evicted))
        except BaseException:
            await self._end([grant.child] if grant.child else [], turn.megabytes)
            raise
        return grant.child

    async def _end(self, children: list[Resting], megabytes: int) -> None:
        try:
            await asyncio.gather(*(child.end() for child in children))
        finally:
            self.give(megabytes)

    def give(self, megabytes: int) -> None:
        """Gives back a share whose process has ended."""
        self._taken -= min(megabytes, self.megabytes)
        self._serve()

    def rest(self, child: Resting, megabytes: int, owner: object, *, share: int) -> None:
        """Gives back a share whose process rests from now on, and holds `megabytes`."""
        self._resting[child] = owner, megabytes
        self.give(share)

    def leave(self, owner: object) -> list[Resting]:
        """Takes all resting processes of an owner out of the room, for the owner to end."""
        left = [child for child, (whose, _) in self._resting.items() if whose is owner]
        for child in left:
            del self._resting[child]
        self._serve()
        return left

    def _serve(self) -> None:
        while self._turns:
            turn = self._turns[0]
            if not turn.granted.done():
                if self._taken + turn.megabytes > self.megabytes:
                    return
                child = self._rested_of(turn.owner)
                self._taken += turn.megabytes
                turn.granted.set_result(_Grant(child, list(self._evicted())))
            self._turns.popleft()

    def _rested_of(self, owner: object) -> Resting | None:
        """The one that worked last: its memory is warm."""
        for child, (whose, _) in reversed(self._resting.items()):
            if whose is owner:
                del self._resting[child]
                return child
        return None

    def _evicted(self) -> Iterator[Resting]:
        """Those that have rested longest, until all fits."""
        while self._taken + sum(held for _, held in self._resting.values()) > self.megabytes:
            child = next(iter(self._resting))
            del self._resting[child]
            yield child
