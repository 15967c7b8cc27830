"""The hand that kills, freezes and restarts, as the plan says."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable

import psycopg

from chaos.bills import Bills
from chaos.plan import Event
from chaos.world import Failed, Member, World

_MIGRATION_SECONDS = 120.0


class Hand:
    """Does the plan's faults, one after the other; `put_right` undoes what lasts."""

    def __init__(self, world: World, bills: Bills) -> None:
        self.done: Counter[str] = Counter()
        self._world = world
        self._bills = bills
        self._lasting: list[threading.Thread] = []
        self._over = threading.Event()

    def do(self, event: Event) -> None:
        """Returns when it is done; what lasts is undone beside. Raises Failed."""
        workers, apis = self._world.workers, self._world.apis
        worker, api = workers[event.which % len(workers)], apis[event.which % len(apis)]
        deeds: dict[str, Callable[[], None]] = {
            "kill worker": lambda: self._kill([worker]),
            "kill all workers": lambda: self._kill_all_workers(event.seconds),
            "freeze worker": lambda: self._freeze([worker], event.seconds),
            "freeze all workers": lambda: self._freeze(workers, event.seconds),
            "stop worker": lambda: self._restart(worker),
            "rolling restart": self._roll,
            "kill api": lambda: self._kill([api]),
            "freeze api": lambda: self._freeze([api], event.seconds),
            "restart database fast": lambda: self._end_database(signal.SIGINT, event.seconds),
            "restart database immediate": lambda: self._end_database(signal.SIGQUIT, event.seconds),
            "kill database": lambda: self._end_database(signal.SIGKILL, event.seconds),
            "freeze database": lambda: self._freeze_database(event.seconds),
            "terminate backends": lambda: self._terminate("%"),
            "drop listeners": lambda: self._terminate("backscroll listen"),
            "lock a job": lambda: self._lock(
                "select id from batch.jobs order by created_at desc offset mod(%s, 5) limit 1"
                " for update", event,
            ),
            "lock messages": lambda: self._lock(
                "select id from public.messages order by id offset mod(%s, 99) limit 9 for update",
                event,
            ),
            "migrate": self._migrate,
            "kill a migration": lambda: self._kill_a_migration(event.seconds),
        }  # fmt: skip
        deeds[event.kind]()
        self.done[event.kind] += 1

    def put_right(self) -> None:
        """Ends what lasts and starts what is missing. Raises Failed."""
        self._over.set()
        for thread in self._lasting:
            thread.join()
        self._world.database.start()
        for member in self._world.members:
            if not member.is_running:
                member.check()
                self._world.start(member)

    def _kill(self, members: list[Member]) -> None:
        for member in members:
            self._bills.excuse(member)
            member.kill()
        for member in members:
            self._world.start(member)

    def _kill_all_workers(self, seconds: float) -> None:
        for worker in self._world.workers:
            self._bills.excuse(worker)
            worker.kill()
        self._over.wait(seconds)
        for worker in self._world.workers:
            self._world.start(worker)

    def _freeze(self, members: list[Member], seconds: float) -> None:
        frozen = [each for each in members if each.is_running and not each.is_frozen]
        for member in frozen:
            self._bills.excuse(member)
            member.is_frozen = True
            member.signal(signal.SIGSTOP)

        def wake() -> None:
            for member in frozen:
                member.signal(signal.SIGCONT)
                member.is_frozen = False

        self._later(seconds, wake)

    def _restart(self, worker: Member) -> None:
        if worker.is_frozen:
            return
        self._bills.excuse(worker)
        status = worker.stop()
        if status != 0:
            raise Failed(f"{worker.life} was told to stop and exited with status {status}")
        self._world.start(worker)

    def _roll(self) -> None:
        for worker in self._world.workers:
            self._restart(worker)

    def _end_database(self, number: int, seconds: float) -> None:
        self._bills.excuse(*self._world.workers)
        self._world.end_database(number)
        self._over.wait(seconds)
        self._world.database.start()

    def _freeze_database(self, seconds: float) -> None:
        frozen = self._world.database_processes()
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for pid in frozen:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            if number == signal.SIGSTOP:
                self._over.wait(min(seconds, 3.0))

    def _terminate(self, name: str) -> None:
        with self._world.session() as session:
            session.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name like %s and application_name like 'backscroll%%'"
                "   and application_name <> 'backscroll migrate'",
                [name],
            )

    def _lock(self, query: str, event: Event) -> None:
        """A transaction that somebody has forgotten, for a while."""
        connection = psycopg.connect(self._world.url)
        with contextlib.suppress(psycopg.Error):
            connection.execute("set lock_timeout = '2s'")
            connection.execute(query.encode(), [event.which])
        self._later(event.seconds, connection.close)

    def _migrate(self) -> None:
        migration = self._world.run("migrate")
        try:
            status = migration.wait(_MIGRATION_SECONDS)
        finally:
            migration.kill()
            migration.wait()
        if status != 0:
            log = (self._world.folder / "commands.log").read_text(errors="replace")
            raise Failed(f"`backscroll migrate` failed while workers ran:\n{log[-3000:]}")

    def _kill_a_migration(self, seconds: float) -> None:
        migration = self._world.run("migrate")
        self._over.wait(min(seconds, 2.0))
        migration.kill()
        migration.wait()

    def _later(self, seconds: float, undo: Callable[[], None]) -> None:
        def wait() -> None:
            self._over.wait(seconds)
            undo()

        thread = threading.Thread(target=wait, daemon=True)
        self._lasting.append(thread)
        thread.start()
