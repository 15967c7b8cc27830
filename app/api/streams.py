"""Server-Sent Events: `/api/v1/batch-jobs/{job_id}/stream` and `/api/v1/batch-jobs/stream`.

First where the jobs stand, then every change. Written through Falcon's `resp.stream` rather than
`resp.sse`: an event is turned into bytes once for all watchers, and a send waits for the client.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

from falcon.asgi import Request, Response

from app.api.access import caller_of
from app.api.problems import RETRY_AFTER_SECONDS, BadRequest
from app.api.requests import job_id, refuse_unknown
from app.database_errors import DatabaseAway, Refused
from app.live.hub import Hub
from app.live.reading import Present
from app.live.watcher import JOB_GONE, Watcher

_EVENT_STREAM = "text/event-stream"
_RETRY_MS = 2000
_PATIENCE_SECONDS = 1.0
"""Between tries to read what a slow watcher has missed, while the database is away."""

_POSITION = re.compile(r"[0-9]{1,18}")


class Streams:
    """What happens to one job, and to all that the caller may see."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def on_get(self, req: Request, resp: Response) -> None:
        """Of all jobs of the caller's instances. 400 for a Last-Event-ID that is none."""
        await self._begin(req, resp, None)

    async def on_get_job(self, req: Request, resp: Response, job: str) -> None:
        """Of one job, until it has ended. 404 if there is no such job."""
        await self._begin(req, resp, job_id(job))

    async def on_head(self, req: Request, resp: Response) -> None:
        refuse_unknown(req)
        _last_event_id(req)
        resp.content_type = _EVENT_STREAM

    async def on_head_job(self, req: Request, resp: Response, job: str) -> None:
        refuse_unknown(req)
        _last_event_id(req)
        await self._hub.reading.job(job_id(job), caller_of(req).instances)
        resp.content_type = _EVENT_STREAM

    async def _begin(self, req: Request, resp: Response, job: UUID | None) -> None:
        caller = caller_of(req)
        refuse_unknown(req)
        position = _last_event_id(req)
        if self._hub.is_stopping:
            raise BadRequest(
                503, "this server is stopping", {"Retry-After": str(RETRY_AFTER_SECONDS)}
            )
        # It hears before it reads, so that nothing falls between.
        watcher = self._hub.watch(job, caller.instances, caller.key_id, position)
        stream = _Stream(self._hub, watcher, caller.instances)
        try:
            await stream.begin()
        except BaseException:
            await stream.close()
            raise
        resp.content_type = _EVENT_STREAM
        resp.set_header("X-Accel-Buffering", "no")  # nginx would keep events back
        resp.stream = stream  # type: ignore[assignment]  # an AsyncIterable is enough


class _Stream:
    """The bytes of one stream, as Falcon asks for them; it closes what has a `close`."""

    def __init__(self, hub: Hub, watcher: Watcher, instances: list[UUID] | None) -> None:
        self._hub = hub
        self._watcher = watcher
        self._instances = instances
        self._present: Present | None = None
        self._chunks = self._run()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks

    async def begin(self) -> None:
        """Reads where the jobs stand; after this the answer is 200."""
        self._present = await self._read()
        self._watcher.begin_at(self._present.position)

    async def close(self) -> None:
        self._hub.leave(self._watcher)
        await self._chunks.aclose()

    async def _run(self) -> AsyncGenerator[bytes, None]:
        watcher = self._watcher
        # With an id at once, a client that is cut off before the first event misses none either.
        yield f"retry: {_RETRY_MS}\nid: {watcher.position}\n\n".encode()
        while not watcher.has_ended:
            if self._present is not None:
                try:
                    async for chunk in self._catch_up(self._present):
                        yield chunk
                except DatabaseAway:
                    watcher.fall_behind()
                self._present = None
            elif chunk := b"".join(watcher.take()):
                yield chunk
            elif watcher.is_behind:
                await self._read_again()
            else:
                await watcher.wait()

    async def _read(self) -> Present:
        watcher, reading = self._watcher, self._hub.reading
        if watcher.job is not None:
            return await reading.job(watcher.job, self._instances)
        return await reading.jobs([], True, self._instances, watcher.position)

    async def _read_again(self) -> None:
        self._watcher.begin_to_catch_up()
        try:
            self._present = await self._read()
        except DatabaseAway:
            self._watcher.fall_behind()
            await asyncio.sleep(_PATIENCE_SECONDS)
        except Refused:
            self._watcher.end(JOB_GONE)

    async def _catch_up(self, present: Present) -> AsyncGenerator[bytes, None]:
        """Where the jobs stand, then the events up to there."""
        watcher = self._watcher
        yield b"".join(watcher.know(present))
        async for page in self._hub.reading.events(
            watcher.position or 0, present.position, watcher.job, self._instances
        ):
            watcher.position = page[-1].position
            yield b"".join(event.frame for event in page)
        watcher.knows_events_until(present.position)


def _last_event_id(req: Request) -> int | None:
    """Where a stream goes on; None: it begins now. Raises BadRequest (400)."""
    given = (req.get_header("Last-Event-ID") or "").strip()
    if not given:
        return None
    if not _POSITION.fullmatch(given):
        raise BadRequest(
            400, "Last-Event-ID must be the id of an event that a stream has sent, a whole number"
        )
    return int(given)
