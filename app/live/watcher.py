"""One watcher: what it has yet to be sent, never more than a bounded amount of it.

Of a job only the newest state is kept. Events are kept all, up to a number; a watcher that does not
take them for so long falls behind: it keeps nothing, and reads what it missed from the database
once it takes something again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from uuid import UUID

from app.live.news import Event, Snapshot, State, frame
from app.live.reading import Present

_MOST_EVENTS = 256
_MOST_STATES = 1000

KEEP_ALIVE = b": keep-alive\n\n"
DEGRADED = frame("degraded", '{"detail": "the database is away; nothing is heard meanwhile"}')
RECOVERED = frame("recovered", '{"detail": "the database is back; what was missed follows"}')


def ending(reason: str, detail: str) -> bytes:
    """The last event of a stream."""
    return frame("end", json.dumps({"reason": reason, "detail": detail}))


JOB_ENDED = ending("job_ended", "nothing about this job will change any more")
JOB_GONE = ending("job_gone", "this job was deleted")
KEY_ENDED = ending("key_ended", "the API key was revoked or has expired")
STOPPING = ending("server_stopping", "this server stops; connect again, to another")


class Watcher:
    """Watches one job, or with `job` None all jobs of `instances` (None: of all).

    It keeps what comes from the moment it is made. `position`: the last event that was sent, or
    that came before all there is to send; None: not known yet.
    """

    def __init__(
        self, job: UUID | None, instances: frozenset[UUID] | None, key: UUID, position: int | None
    ) -> None:
        self.job = job
        self.instances = instances
        self.key = key
        self.position = position
        self.is_behind = False
        self.has_ended = False
        self._knows: Snapshot | None = None
        self._events: list[Event] = []
        self._states: dict[UUID, State] = {}
        self._is_degraded = False
        self._was_told_degraded = False
        self._is_idle = False
        self._end: bytes | None = None
        self._something = asyncio.Event()

    def begin_at(self, position: int) -> None:
        """Begins after this position, unless it was made to begin earlier."""
        self.position = position if self.position is None else min(self.position, position)

    # -- what comes in

    def hear_state(self, state: State) -> None:
        if self.is_behind or not self._sees(state):
            return
        if self._knows is not None and self._knows.shows(state.told):
            return
        self._states[state.job] = state
        if len(self._states) > _MOST_STATES:
            self.fall_behind()
        self._something.set()

    def hear_event(self, event: Event) -> None:
        if self.is_behind or not self._sees(event):
            return
        self._events.append(event)
        if len(self._events) > _MOST_EVENTS:
            self.fall_behind()
        self._something.set()

    def degrade(self, is_degraded: bool) -> None:
        """The database is away, or is back."""
        self._is_degraded = is_degraded
        self._something.set()

    def keep_alive(self) -> None:
        """Sends something, if there is nothing else, lest somebody on the way hangs up."""
        self._is_idle = True
        self._something.set()

    def end(self, ending: bytes) -> None:
        """Nothing comes after this."""
        if self._end is None or self.is_behind:
            self._end = ending
        self._something.set()

    # -- what goes out

    async def wait(self) -> None:
        """Waits until there is something to take."""
        await self._something.wait()

    def take(self) -> Iterator[bytes]:
        """All that has come in: events, then the newest states, then the end."""
        self._something.clear()
        if self._is_idle:
            self._is_idle = False
            yield KEEP_ALIVE
        if self._is_degraded != self._was_told_degraded:
            self._was_told_degraded = self._is_degraded
            yield DEGRADED if self._is_degraded else RECOVERED
        if not self.is_behind:
            events, self._events = self._events, []
            states, self._states = self._states, {}
            for event in events:
                if self.position is None or event.position > self.position:
                    self.position = event.position
                    yield event.frame
            for state in states.values():
                yield self._sent(state)
        # Before a job's end comes all that was missed of it; the other ends wait for nothing.
        if self._end is not None and not (self.is_behind and self._end is JOB_ENDED):
            self.has_ended = True
            yield self._end

    # -- falling behind and catching up

    def fall_behind(self) -> None:
        """Keeps nothing any more; all of it is to be read instead."""
        self.is_behind = True
        self._events.clear()
        self._states.clear()
        self._something.set()

    def begin_to_catch_up(self) -> None:
        """Keeps from now on what comes, while what came before is read."""
        self.is_behind = False

    def know(self, present: Present) -> list[bytes]:
        """Takes over what was read: the states to send. Of what came meanwhile only news stay."""
        self._knows = present.snapshot
        self._states = {
            job: state
            for job, state in self._states.items()
            if not present.snapshot.shows(state.told)
        }
        return [self._sent(state) for state in present.states]

    def knows_events_until(self, position: int) -> None:
        """All events up to here were sent; of those that came meanwhile only later ones will be."""
        self.position = position

    def _sent(self, state: State) -> bytes:
        if self.job is not None and state.is_final:
            self.end(JOB_ENDED)
        return state.frame

    def _sees(self, news: State | Event) -> bool:
        """A key that is limited to instances sees the jobs of these alone: batch.visible_job."""
        if self.job is not None:
            return news.job == self.job
        return self.instances is None or news.instance in self.instances
