"""The worker process: takes slices from the queue and turns their media into text."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import NoReturn
from uuid import UUID

import procrastinate
import psycopg

from app.counted import counted
from app.database import Database
from app.database_errors import DatabaseAway
from app.files import is_folder
from app.listening import listen
from app.scratch import Scratch, scratch_for_everything
from app.settings import Settings
from workers.admission import Admission
from workers.assembly import Processing, build_processing, told
from workers.callbacks import ALLOW_SETTING, CHANNEL, CallbackSender
from workers.fetching import MediaFetcher
from workers.guarded_http import GuardedClient
from workers.items import ItemWork
from workers.metered_gate import MeteredGate
from workers.meters import Meters
from workers.places import Places
from workers.provider_gate import ProviderGate
from workers.recorder import Recorder
from workers.running import RunningSlices
from workers.slices import SliceRunner
from workers.small_files import SmallFiles
from workers.tasks import QUEUE, TRUSTED_SECONDS, add_tasks, queue_app
from workers.upkeep import NotMigrated, Upkeep

logger = logging.getLogger(__name__)

SLICES_AT_ONCE = 16
"""More than a job has lanes, so that one job does not keep out the next."""
_OPEN_FILES = 65_536
_COLLECTED_AFTER = 20_000
"""Objects more than the last time: with the results in hand a few thousand come and go."""
_LAST_WORDS_SECONDS = 5.0
"""For results to be recorded once the items in hand have ended or were given up."""


def build_worker(settings: Settings, url: str, listen_url: str) -> Worker:
    """A worker with the processors that the settings ask for. Raises SettingsError."""
    return Worker(settings, url, listen_url, build_processing(settings))


class Worker:
    """One worker process over the database at `url`; `run` returns after SIGTERM or SIGINT.

    `processing` turns media of every content type into text.
    """

    def __init__(
        self, settings: Settings, url: str, listen_url: str, processing: Processing
    ) -> None:
        self._settings = settings
        self._url = url
        self._listen_url = listen_url
        self._database = Database(url, "backscroll worker", size=8, trusted_seconds=TRUSTED_SECONDS)
        # Of its own: slices that wait for somebody's lock must not hold up what is recorded.
        self._recording = Database(
            url, "backscroll recorder", size=2, trusted_seconds=TRUSTED_SECONDS
        )
        self._calling = Database(url, "backscroll callbacks", size=2)
        # Likewise: what waits must not keep a worker from saying that it lives.
        self._living = Database(url, "backscroll heartbeat", size=2)
        self._fetcher = MediaFetcher(
            settings.media_folder,
            settings.max_media_mb,
            settings.download_timeout,
            allowed_hosts=settings.allowed_hosts,
            buckets=settings.allowed_buckets,
        )
        self._callback_client = GuardedClient(settings.callback_hosts, ALLOW_SETTING)
        self._processing = processing
        self._stopping = asyncio.Event()
        self._recorder: Recorder | None = None
        self._is_outdated = False
        self._has_failed = False
        self._meters = Meters()
        _measure(self._meters, "worker", self._database)
        _measure(self._meters, "recorder", self._recording)

    async def run(self) -> None:
        """Works until told to stop, then gives back what it holds.

        Raises NotMigrated.
        """
        _allow_open_files()
        _collect_seldom()
        _warn_without_media(self._settings)
        with scratch_for_everything() as scratch:
            await self._run(scratch)

    async def _run(self, scratch: Scratch) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        await self._database.open()
        await self._recording.open()
        await self._calling.open()
        await self._living.open()
        try:
            upkeep = Upkeep(self._living, self._settings, self._meters)
            worker_id = await self._register(upkeep)
            if worker_id is not None:
                await self._work(worker_id, upkeep, scratch)
            if self._is_outdated:
                raise NotMigrated("it was migrated to another release while this worker ran")
        finally:
            await self._processing.registry.close()
            await self._fetcher.close()
            await self._callback_client.close()
            for database in (self._calling, self._living, self._recording, self._database):
                await database.close()

    def _stop(self) -> None:
        """Begins to stop. What is not over when the time is up is not waited for: cut off from the
        database, even connections that are closed wait for an answer, and so may the event loop
        for what is left when `run` has ended."""
        if not self._stopping.is_set():
            patience = self._settings.stop_grace + 2 * _LAST_WORDS_SECONDS
            asyncio.get_running_loop().call_later(patience, self._give_up)
        self._stopping.set()

    def _give_up(self) -> NoReturn:
        """Ends the process: it was told to stop, and the database does not take what it holds."""
        logger.error(
            "this worker ends with %s that the database did not take: others will do it again",
            counted(self._recorder.waiting if self._recorder is not None else 0, "result"),
        )
        logging.shutdown()
        os._exit(1 if self._has_failed or self._is_outdated else 0)

    async def _register(self, upkeep: Upkeep) -> int | None:
        """This worker's id, or None if it was told to stop before the database was there."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        while not self._stopping.is_set():
            if not await upkeep.is_of_this_release():
                raise NotMigrated(
                    "it holds no Backscroll, or not that of this release: run `backscroll migrate`"
                    " of the newest release, and workers of the same"
                )
            try:
                return int(
                    await self._database.value(
                        "select batch.register_worker(%s, %s, %s)",
                        [
                            name,
                            json.dumps(dict(self._processing.capacity)),
                            json.dumps(self._processing.offers()),
                        ],
                    )
                )
            except DatabaseAway as error:
                logger.warning("waiting for the database: %s", error)
                await self._pause(1.0)
        return None

    async def _work(self, worker_id: int, upkeep: Upkeep, scratch: Scratch) -> None:
        self._processing.gate.follow(
            MeteredGate(ProviderGate(self._database, worker_id), self._meters)
        )
        running = RunningSlices(self._settings.cancel_grace, self._settings.stop_grace)
        recorder = Recorder(
            self._recording,
            worker_id,
            running.stop_job,
            on_wanted=running.want,
            meters=self._meters,
        )
        self._recorder = recorder
        places = Places(self._settings.concurrency, self._processing.capacity)
        admission = Admission(self._database, worker_id)
        work = ItemWork(
            self._database,
            self._fetcher,
            self._processing.registry,
            admission,
            places,
            worker_id=worker_id,
            language=self._settings.language,
            on_turn=recorder.turn,
        )
        slices = SliceRunner(
            self._database,
            recorder,
            running,
            worker_id,
            work,
            small_files=SmallFiles(
                self._fetcher,
                self._processing.registry,
                admission,
                language=self._settings.language,
            ),
            places=places,
        )
        callbacks = CallbackSender(
            self._calling, worker_id, self._callback_client, told(self._settings.webhook_secret)
        )
        queue = queue_app(
            self._url,
            self._listen_url,
            self._listener("queue"),
            backlog=lambda: slices.backlog,
        )
        add_tasks(queue, self._database, slices)

        async with (
            _running(recorder.run()) as recording,
            _running(callbacks.run()) as calling,
            _running(
                upkeep.keep_alive(worker_id, running.stop_job),
                upkeep.sweep(worker_id),
                self._watch_release(upkeep),
                self._hear(running, callbacks),
            ) as beside,
            _running(upkeep.prune(), upkeep.tidy(scratch)),
            _running(self._take_from_queue(queue)) as taking,
        ):
            logger.info(
                "worker %d is ready for %s",
                worker_id,
                counted(self._settings.concurrency, "item"),
            )
            stopping = asyncio.create_task(self._stopping.wait())
            # The others end only when they fail, or when all are to stop.
            ended, _ = await asyncio.wait(
                [stopping, *recording, *calling, *beside, *taking],
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in ended - {stopping}:
                if (error := task.exception()) is not None:
                    # Said now: the process may end before it is raised, since slices wait for it.
                    self._has_failed = True
                    logger.error("this worker cannot go on", exc_info=error)
            stopping.cancel()
            logger.info("worker %d stops when it has finished what is in hand", worker_id)
            running.stop_all()
            callbacks.stop()
            # Procrastinate ends the tasks it has begun before it lets itself be cancelled.
            taking[0].cancel()
            patience = self._settings.stop_grace + _LAST_WORDS_SECONDS
            _, late = await asyncio.wait(taking, timeout=patience)
            recorder.close()
            if not late:
                _, late = await asyncio.wait(recording, timeout=_LAST_WORDS_SECONDS)
            if late:
                self._give_up()
            # One that takes longer is cancelled, and sent again by another worker.
            await asyncio.wait(calling, timeout=_LAST_WORDS_SECONDS)
        with contextlib.suppress(DatabaseAway):
            await upkeep.sign_off(worker_id)

    async def _take_from_queue(self, queue: procrastinate.App) -> None:
        """Runs Procrastinate's worker, again whenever it fails, until cancelled."""
        pause = 0.1
        while True:
            began = time.monotonic()
            try:
                await queue.open_async()
                await queue.run_worker_async(
                    queues=[QUEUE],
                    concurrency=SLICES_AT_ONCE,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=2.0,
                    update_heartbeat_interval=self._settings.heartbeat,
                    stalled_worker_timeout=self._settings.worker_timeout * 6,
                    listen_notify=self._settings.listen == "on",
                )
            except (procrastinate.exceptions.ConnectorException, psycopg.Error) as error:
                logger.warning("the queue is away, trying again: %s", error.__cause__ or error)
            finally:
                # Also when opening it was given up: tasks of a pool that is still connecting take
                # no notice of being cancelled, and the process would wait for them when it ends.
                await queue.close_async()
            pause = 0.1 if time.monotonic() - began > 10 else min(pause * 2, 5.0)
            await asyncio.sleep(pause)

    def _listener(self, hears: str) -> Callable[[bool], None]:
        return lambda is_up: self._meters.set(
            "backscroll_worker_listener_up", int(is_up), hears=hears
        )

    async def _watch_release(self, upkeep: Upkeep) -> None:
        """Stops the worker once the database was migrated to another release."""
        await upkeep.until_another_release()
        logger.error("the database was migrated to another release: this worker stops")
        self._is_outdated = True
        self._stop()

    async def _hear(self, running: RunningSlices, callbacks: CallbackSender) -> None:
        """Stops jobs and wakes callbacks at once; what it misses is found by asking, later."""

        async def heard(channel: str, payload: str) -> None:
            if channel == CHANNEL:
                callbacks.wake()
                return
            stop = json.loads(payload)
            running.stop_job(UUID(stop["jobId"]), stop["hasEnded"])

        if self._settings.listen == "off":
            await asyncio.Event().wait()
        await listen(
            self._listen_url, ["batch_stops", CHANNEL], heard, on_state=self._listener("stops")
        )

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _warn_without_media(settings: Settings) -> None:
    """A folder that is named wrongly would make all items fail, and is no reason not to start:
    messages may name addresses, and disks be mounted later."""
    if settings.media_root is not None and not is_folder(settings.media_folder):
        logger.warning(
            "there is no folder %s (BACKSCROLL_MEDIA_ROOT), or this user cannot reach it:"
            " what messages name in it will fail with media_not_found",
            settings.media_folder,
        )


def _allow_open_files() -> None:
    """As many as the system allows: every item in hand may have a file and a connection."""
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if allowed == resource.RLIM_INFINITY else min(allowed, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, allowed))


def _collect_seldom() -> None:
    """What is loaded by now stays for good, and of what items leave behind little is in cycles:
    looking for those at the usual rate takes a sixth of a busy worker's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, 20, 20)


def _measure(meters: Meters, pool: str, database: Database) -> None:
    def state(name: str) -> Callable[[], float]:
        return lambda: float(getattr(database.pool_use(), name))

    for name in ("busy", "idle", "waiting"):
        meters.probe("backscroll_worker_pool_connections", state(name), pool=pool, state=name)


@contextlib.asynccontextmanager
async def _running(
    *coroutines: Coroutine[None, None, None],
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Runs coroutines beside the body and cancels them after it; their errors propagate."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
