"""A whole run: the plan is carried out, everything is put right, and all must have ended well."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median

import psycopg

from chaos.bills import Bills
from chaos.checks import check_end, check_now, leftovers
from chaos.client import Client
from chaos.hand import Hand
from chaos.plan import Event, Plan
from chaos.world import WORKERS, Failed, World

_AUDIT_PATIENCE_SECONDS = 60.0
_END_SECONDS = 240.0
_WATCH_SECONDS = 0.25


class Run:
    """Carries out a plan. `say` gets a line about everything that happens."""

    def __init__(self, plan: Plan, say: Callable[[str], None], workers: int = WORKERS) -> None:
        self._plan = plan
        self._say = say
        self._world = World(plan, workers)
        self._bills = Bills(self._world.stand_in)
        self._hand = Hand(self._world, self._bills)
        self._began = 0.0
        self._audits = 0
        self._trouble: list[BaseException] = []
        self._over = threading.Event()
        self._watch = Watch(self._world, self._bills)

    def run(self) -> list[str]:
        """The report, a line each. Raises Failed with the first thing that does not hold."""
        keeps_logs = True
        client: Client | None = None
        threads: list[threading.Thread] = []
        try:
            began = time.monotonic()
            self._world.open()
            client = Client(self._world)
            self._began = time.monotonic()
            took = self._began - began
            self._say(f"everything runs, in {self._world.folder}; it took {took:.1f} s to start")
            threads = [
                self._beside(lambda: self._carry_out(self._plan.actions, client.do, "client")),
                self._beside(lambda: self._poll(client)),
                self._beside(lambda: self._watch.run(self._over)),
            ]
            self._carry_out(self._plan.faults, self._fault, "hand")
            threads[0].join()
            self._raise_trouble()
            self._say(f"{time.monotonic() - self._began:7.2f} s  faults have ended, jobs may end")
            self._hand.put_right()
            took = self._wait_for_the_end(client)
            report = self._report(client, took)
            keeps_logs = False
            return report
        except KeyboardInterrupt:
            keeps_logs = False
            raise
        finally:
            self._over.set()
            if client is not None:
                client.over.set()
            for thread in threads:
                thread.join(30)
            if client is not None:
                client.close()
            self._world.close(keep=keeps_logs)
            if keeps_logs:
                self._say(f"the logs are in {self._world.folder}")

    def _beside(self, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                self._trouble.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _raise_trouble(self) -> None:
        if self._trouble:
            raise self._trouble[0]
        for member in self._world.members:
            member.check()

    def _carry_out(self, events: Sequence[Event], do: Callable[[Event], None], who: str) -> None:
        for event in events:
            if self._over.wait(max(0.0, self._began + event.at - time.monotonic())):
                return
            self._say(f"{time.monotonic() - self._began:7.2f} s  {who:6}  {event}")
            do(event)

    def _fault(self, event: Event) -> None:
        self._raise_trouble()
        self._watch.expect(event.kind)
        self._hand.do(event)
        self._audit()

    def _audit(self) -> None:
        began = time.monotonic()
        while True:
            self._raise_trouble()
            try:
                with self._world.session() as session:
                    check_now(session)
            except psycopg.OperationalError as error:
                if time.monotonic() - began > _AUDIT_PATIENCE_SECONDS:
                    raise Failed(f"the database cannot be asked: {error}") from None
                time.sleep(0.1)
            else:
                self._audits += 1
                return

    def _poll(self, client: Client) -> None:
        which = 0
        while not self._over.wait(0.3):
            client.poll(which := which + 1)

    def _wait_for_the_end(self, client: Client) -> float:
        """Resumes what is paused until all has ended. The seconds it took."""
        began = time.monotonic()
        missing: list[str] = ["everything"]
        while missing:
            self._raise_trouble()
            if client.resume_paused() == 0:
                with self._world.session() as session:
                    missing = leftovers(session)
            if time.monotonic() - began > _END_SECONDS:
                with self._world.session() as session:
                    check_end(session, self._bills)
                raise Failed(f"not all jobs have ended after {_END_SECONDS:.0f} s: {missing}")
            time.sleep(0.3)
        return time.monotonic() - began

    def _report(self, client: Client, took: float) -> list[str]:
        with self._world.session() as session:
            money = check_end(session, self._bills)
            jobs = session.execute(
                "select string_agg(status || ' ' || n, ', ' order by status), sum(n), sum(items)"
                " from (select status, count(*) as n, sum(total_items) as items"
                "   from batch.jobs group by 1) as j"
            ).fetchone() or (None, 0, 0)
            results = session.execute(
                "select string_agg(what || ' ' || n, ', ' order by n desc)"
                " from (select coalesce(error_code, status::text) as what, count(*) as n"
                "   from batch.item_results group by 1) as r"
            ).fetchone() or (None,)
        for worker in self._world.workers:
            if (status := worker.stop()) != 0:
                raise Failed(f"{worker.life} was told to stop and exited with status {status}")
        if left := list(self._world.temporary.iterdir()):
            raise Failed(f"temporary files are left when all workers have stopped: {left}")
        return [
            f"survived seed {self._plan.seed}, {self._plan.seconds:.0f} s:"
            f" {jobs[1]} jobs with {jobs[2]} items ({jobs[0]})",
            f"results: {results[0]}",
            f"audits: {self._audits}, none found anything;"
            f" all had ended {took:.1f} s after the last fault",
            money,
            "the client: " + _counted(client.done)
            + "; answers " + ", ".join(f"{k}: {v}" for k, v in sorted(client.answers.items())),
            "the hand, and how long until results came again:",
            *self._watch.lines(self._hand.done),
        ]  # fmt: skip


class Watch:
    """Measures how long after a fault results are recorded again, while there is work."""

    def __init__(self, world: World, bills: Bills) -> None:
        self._world = world
        self._bills = bills
        self._waiting: list[tuple[str, float]] = []
        self._took: dict[str, list[float]] = defaultdict(list)

    def expect(self, kind: str) -> None:
        self._waiting.append((kind, time.monotonic()))

    def run(self, over: threading.Event) -> None:
        before = 0
        while not over.wait(_WATCH_SECONDS):
            asked_at = time.monotonic()
            try:
                with self._world.session() as session:
                    results, has_work = session.execute(
                        "select (select count(*) from batch.item_results),"
                        " exists (select from batch.jobs where status = 'processing')"
                    ).fetchone() or (0, False)
            except psycopg.OperationalError:
                continue
            self._bills.database_is_there()
            if results > before:
                for waiting in [each for each in self._waiting if each[1] < asked_at - 0.5]:
                    self._took[waiting[0]].append(time.monotonic() - waiting[1])
                    self._waiting.remove(waiting)
            elif not has_work:
                # Nothing to do: nobody can tell whether it would have been done.
                self._waiting.clear()
            before = results

    def lines(self, done: dict[str, int]) -> list[str]:
        return [
            f"  {done[kind]:3} x {kind:26}"
            + (
                f" median {median(took):5.1f} s, longest {max(took):5.1f} s"
                if (took := self._took.get(kind))
                else " nothing was left to do"
            )
            for kind in sorted(done)
        ]


def _counted(what: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(what.items()))
