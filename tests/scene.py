"""Real worker processes over a database of the test's own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.database import Chat, Sql, add_chat
from tests.processes import PATIENCE_SECONDS

QUICK_DEATHS = ("BACKSCROLL_HEARTBEAT=0.2", "BACKSCROLL_WORKER_TIMEOUT=1")
NO_DEATHS = "BACKSCROLL_WORKER_TIMEOUT=60"
"""For workers that live beside each other. The machine may let one of them wait for its turn longer
than a second: taken for dead, it would have its items done twice."""


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """Waits for a condition and returns what it gave; fails loudly when it never comes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE_SECONDS:.0f} s in vain: {what}")


class Workers:
    """Starts scripted worker processes and ends them all with the test."""

    def __init__(self, url: str, root: Path) -> None:
        self._url = url
        self.root = root
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, *settings: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "tests.workers.scripted", self._url, str(self.root),
                *QUICK_DEATHS, *settings,
            ],
            text=True,
        )  # fmt: skip
        self._processes.append(process)
        return process

    def start_beside_each_other(self, count: int, *settings: str) -> list[subprocess.Popen[str]]:
        """Several of which none is taken for dead as long as the test lasts."""
        return [self.start(NO_DEATHS, *settings) for _ in range(count)]

    def started(self) -> list[str]:
        """The files that items were begun with, in order."""
        record = self.root / "started"
        return record.read_text().splitlines() if record.exists() else []

    def said(self) -> str:
        """What the workers have logged."""
        log = self.root / "log"
        return log.read_text() if log.exists() else ""

    def release(self, name: str) -> None:
        """Lets the items go on that hold for this file."""
        (self.root / name).touch()

    def end(self) -> None:
        # Shown beside a test that fails: their last words tell why.
        print(self.said()[-4000:])
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()


class Scene:
    """A chat whose media are scripts, the workers over it, and a session beside them."""

    def __init__(self, sql: Sql, workers: Workers) -> None:
        self.sql = sql
        self.workers = workers
        self.chat: Chat = add_chat(sql)
        sql.run(
            "insert into batch.model_prices (provider, model, unit, usd, per_units, valid_from)"
            " values ('scripted', 'scripted', 'audio_second', 1, 1, '2020-01-01')"
        )

    def add(self, script: str, count: int = 1) -> None:
        """Messages with a document each that holds `script`."""
        for _ in range(count):
            number = self.sql.value("select count(*) from public.messages")
            name = f"{number:05}.txt"
            # The same bytes would be the same medium, whose text is made once.
            (self.workers.root / name).write_text(f"{script}\nnumber {number}")
            self.chat.add("text/plain", media_local_path=name)

    def create(self, **request: Any) -> UUID:
        return self.sql.create(
            **{"jobType": "targeted_chat_sync", "chatId": str(self.chat.id), **request}
        )

    def wait_for(self, job_id: UUID, **columns: Any) -> dict[str, Any]:
        """Waits until the job's row has these values, and returns it."""

        def has_them() -> dict[str, Any] | None:
            job = self.sql.job(job_id)
            return job if all(job[name] == value for name, value in columns.items()) else None

        found: dict[str, Any] = wait_until(has_them, f"{columns} of {self.sql.job(job_id)}")
        return found

    def wait_until_idle(self, job_id: UUID) -> None:
        """Waits until no worker has a slice of the job in hand."""
        wait_until(
            lambda: all(state != "running" for _, _, state in self.sql.slices(job_id)),
            "slices to be given back",
        )

    def wait_for_heartbeats(self, count: int = 2) -> None:
        """Waits until the only worker has begun to ask so often what it is to stop.

        It has then heard the answer to all but the last, and more than a tenth of a second has
        passed for it: what it was told before about its items is too old to begin any.
        """
        for _ in range(count):
            before = self.sql.value("select max(last_seen_at) from batch.workers")
            wait_until(
                lambda before=before: self.sql.value(
                    "select max(last_seen_at) > %s from batch.workers", before
                ),
                "a heartbeat",
            )

    def assert_sound(self, job_id: UUID) -> None:
        """Counters equal rows, and every processed item has its text exactly once."""
        assert self.sql.rows("select * from batch.audit()") == []
        assert self.sql.rows(
            "select i.seq from batch.item_results r join batch.items i using (job_id, seq)"
            " where r.job_id = %s and r.status = 'processed' and 1 <> ("
            "   select count(*) from public.media_content c"
            "   where c.media_id = i.message_id and c.batch_job_id = r.job_id)",
            job_id,
        ) == []  # fmt: skip
