"""The one place of a process that hears the database, and passes it on to all watchers.

Listens on one connection. What is told while it is away is read once it is back, once for all.
Where LISTEN cannot be used, the same reading every second takes its place.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from uuid import UUID
from weakref import WeakSet

import psycopg

from app.database import Database
from app.database_errors import DatabaseAway
from app.listening import listen
from app.live.news import Event, Snapshot, State
from app.live.reading import Reading
from app.live.watcher import KEY_ENDED, STOPPING, Watcher

logger = logging.getLogger(__name__)

_CHANNELS = ("batch_jobs", "batch_events", "batch_keys")
_POLL_SECONDS = 1.0
_KEEP_ALIVE_SECONDS = 15.0
_KEYS_SECONDS = 5.0
"""So long a stream may outlive its key's expiry, or its revocation if nothing tells of that."""


class Hub:
    """Feeds watchers while `run` runs. `listen_url` None: asks every second instead.

    `on_revoked` is called whenever an API key was revoked, or may have been; `on_state` is told
    whether it listens now.
    """

    def __init__(
        self,
        database: Database,
        listen_url: str | None,
        on_revoked: Callable[[], None],
        on_state: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self.reading = Reading(database)
        self.is_stopping = False
        self._listen_url = listen_url
        self._on_revoked = on_revoked
        self._on_state = on_state
        # Weakly: a stream that a client asked for and never began to read is forgotten.
        self._watchers: dict[UUID | None, WeakSet[Watcher]] = {}
        self._is_away = False
        self._position: int | None = None
        self._knows: Snapshot | None = None
        self._polled: dict[UUID, State] = {}

    # -- watchers

    def watch(
        self, job: UUID | None, instances: list[UUID] | None, key: UUID, position: int | None
    ) -> Watcher:
        """A watcher of one job, or of all that the caller may see; see Watcher."""
        watcher = Watcher(job, None if instances is None else frozenset(instances), key, position)
        if self._is_away:
            watcher.degrade(True)
        self._watchers.setdefault(job, WeakSet()).add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """Forgets the watcher; calling twice is safe."""
        beside = self._watchers.get(watcher.job)
        if beside is not None:
            beside.discard(watcher)
            if not beside:
                del self._watchers[watcher.job]

    def stop(self) -> None:
        """Ends all streams with a word; no more can begin."""
        self.is_stopping = True
        for watcher in self._all():
            watcher.end(STOPPING)

    def _all(self) -> list[Watcher]:
        return [watcher for beside in list(self._watchers.values()) for watcher in beside]

    def _of(self, job: UUID) -> Iterator[Watcher]:
        for watched in (job, None):
            yield from list(self._watchers.get(watched, ()))

    # -- what comes in

    async def run(self) -> None:
        """Hears the database, and goes on when it comes back, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._end_streams_of_keys())
            tasks.create_task(self._keep_alive())
            if self._listen_url is None:
                tasks.create_task(self._poll())
            else:
                tasks.create_task(
                    listen(
                        self._listen_url, _CHANNELS, self._hear, self._catch_up, self._is_listening
                    )
                )

    def _is_listening(self, is_up: bool) -> None:
        self._on_state(is_up)
        if not is_up and not self.is_stopping:
            self._lost()

    async def _hear(self, channel: str, payload: str) -> None:
        try:
            if channel == "batch_jobs":
                state = State.heard(payload)
                if self._knows is None or not self._knows.shows(state.told):
                    self._pass_state(state)
            elif channel == "batch_events":
                event = Event.heard(payload)
                if event is None:
                    await self._catch_up()
                else:
                    self._pass_event(event)
            else:
                self._revoked(UUID(payload))
        except (ValueError, TypeError, LookupError) as error:
            # Whoever may connect to the database may notify anything.
            logger.warning("somebody notified %s of what cannot be read: %s", channel, error)

    async def _poll(self) -> None:
        while True:
            if self._all():
                try:
                    await self._catch_up()
                except DatabaseAway as error:
                    logger.warning("cannot ask what happens to jobs, trying again: %s", error)
                    self._lost()
            else:
                self._position = None
                self._polled.clear()
            await asyncio.sleep(_POLL_SECONDS)

    async def _catch_up(self) -> None:
        """Reads what was not heard, and passes it on. Raises DatabaseAway."""
        self._on_revoked()
        after = self._position
        if after is None:
            known = [watcher.position for watcher in self._all() if watcher.position is not None]
            after = min(known, default=None)
        jobs = {job for job in self._watchers if job is not None} | {
            job for job, state in self._polled.items() if not state.is_final
        }
        try:
            present = await self.reading.jobs(jobs, None in self._watchers, None, after)
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName) as error:
            raise DatabaseAway("it is not migrated") from error
        self._set_away(False)
        # Before the states: with the last of them a job's watchers have all they wait for.
        if after is not None and self._all():
            async for page in self.reading.events(after, present.position, None, None):
                for event in page:
                    self._pass_event(event)
        self._position = max(self._position or 0, present.position)
        self._knows = present.snapshot
        for state in present.states:
            polled = self._polled.get(state.job)
            if polled is None or polled.frame != state.frame:
                self._pass_state(state)
        if self._listen_url is None:
            self._polled = {state.job: state for state in present.states}

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_SECONDS)
            for watcher in self._all():
                watcher.keep_alive()

    def _lost(self) -> None:
        self._set_away(True)

    def _set_away(self, is_away: bool) -> None:
        self._is_away = is_away
        for watcher in self._all():
            watcher.degrade(is_away)

    def _pass_state(self, state: State) -> None:
        for watcher in self._of(state.job):
            watcher.hear_state(state)

    def _pass_event(self, event: Event) -> None:
        if self._position is not None and event.position <= self._position:
            return
        self._position = event.position
        for watcher in self._of(event.job):
            watcher.hear_event(event)

    # -- keys

    def _revoked(self, key: UUID) -> None:
        self._on_revoked()
        for watcher in self._all():
            if watcher.key == key:
                watcher.end(KEY_ENDED)

    async def _end_streams_of_keys(self) -> None:
        """Those of keys that have expired, and of revoked ones that nothing told of."""
        while True:
            await asyncio.sleep(_KEYS_SECONDS)
            keys = {watcher.key for watcher in self._all()}
            with contextlib.suppress(DatabaseAway):
                for key in await self.reading.unusable_keys(keys) if keys else ():
                    self._revoked(key)
