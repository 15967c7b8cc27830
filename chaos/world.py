"""The processes of a run: a PostgreSQL, a stand-in for the providers, workers and API processes.

Everything lives in one folder and listens on 127.0.0.1 and Unix sockets only. What is started is
in a process group of its own, is killed by Linux when this process dies, and by `close` at the end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg

from app.connecting import connection_string
from app.embedded import EmbeddedPostgres
from app.migrate import migrate
from chaos.media import add_chats
from chaos.plan import Plan
from demo.stand_in import Behaviour, StandIn

WORKERS, APIS, PLACES = 3, 2, 12
_LEASH = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(1, 9)\n"  # PR_SET_PDEATHSIG: SIGKILL
    "os.getppid() == int(sys.argv[1]) or sys.exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)
_SURROUNDINGS = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("DATABASE_", "BACKSCROLL_", "PG", "GROQ_", "OPENAI_", "GEMINI_"))
}
"""Without settings: they would lead to somebody's database or providers."""

_STARTING_SECONDS = 90.0
_STOPPING_SECONDS = 60.0
_SETTINGS = {
    "BACKSCROLL_CONCURRENCY": str(PLACES),
    "BACKSCROLL_HEARTBEAT": "1",
    "BACKSCROLL_WORKER_TIMEOUT": "6",
    "BACKSCROLL_STOP_GRACE": "5",
    "BACKSCROLL_CANCEL_GRACE": "2",
    "BACKSCROLL_PROVIDER_TIMEOUT": "10",
    # Without `local`: reading pictures on this machine takes longer than the whole run.
    "BACKSCROLL_IMAGE_CHAIN": "google,openai",
    "BACKSCROLL_AUDIO_CHAIN": "groq,openai",
}


class Failed(Exception):
    """Something does not hold that must; the text says what."""


class Member:
    """A process that is killed and started again; each life has a log and an API key's name."""

    def __init__(self, name: str, command: list[str], folder: Path, port: int | None) -> None:
        self.name = name
        self.port = port
        self.lives = 0
        self.is_frozen = False
        self.is_wanted = False
        self._command = command
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def life(self) -> str:
        """Names this life of it; also what its requests to providers are told by."""
        return f"{self.name}.{self.lives}"

    @property
    def log(self) -> Path:
        return self._folder / f"{self.life}.log"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether it has said so in this life; an API process says it in other words."""
        return "is ready" in self.log.read_text(errors="replace")

    def start(self, environment: dict[str, str]) -> None:
        self.lives += 1
        self.is_frozen, self.is_wanted = False, True
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-S", "-c", _LEASH, str(os.getpid()),
                    sys.executable, "-m", "app.cli", *self._command,
                ],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                process_group=0,
            )  # fmt: skip

    def signal(self, number: int) -> None:
        """To all of its process group. One that has ended is let be."""
        if self.is_running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def kill(self) -> None:
        self.is_wanted = False
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> int:
        """Asks it to stop, as an operator does. Its exit status. Raises Failed if it does not."""
        self.is_wanted = False
        if self._process is None:
            return 0
        if self.is_running:
            # To the process, not its group: what it has started is its own to end.
            self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(_STOPPING_SECONDS)
            # Python has not loaded it yet: it holds nothing that it could give back.
            is_early = status == -signal.SIGTERM and not self.is_ready
            return 0 if is_early else status
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.life} did not stop within {_STOPPING_SECONDS:.0f} s") from None

    def check(self) -> None:
        """Raises Failed if it has ended without being told."""
        if self.is_wanted and self._process is not None and self._process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-3000:]
            raise Failed(
                f"{self.life} ended by itself with status {self._process.returncode}:\n{tail}"
            )


class World:
    """Everything of one run, in a context."""

    def __init__(self, plan: Plan, workers: int = WORKERS) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="backscroll-chaos-"))
        options = {"fsync": "off", "shared_buffers": "64MB", "max_connections": "120"}
        version = int(os.environ.get("BACKSCROLL_TEST_PG", "18"))
        self.database = EmbeddedPostgres(self.folder / "home", version, options)
        self.stand_in = StandIn()
        self.stand_in.default = Behaviour(latency=0.3)
        for provider, behaviours in plan.behaviours.items():
            self.stand_in.plan(provider, *behaviours)
        self._media = self.folder / "media"
        self.temporary = self.folder / "temporary"
        self._seed = plan.seed
        self._stack = contextlib.ExitStack()
        self.workers = [
            Member(f"worker-{number}", ["worker"], self.folder, None) for number in range(workers)
        ]
        self.apis = [self._api(number) for number in range(APIS)]
        self.chats: list[UUID] = []
        self.api_key = ""

    def _api(self, number: int) -> Member:
        port = _free_port(self._stack)
        command = ["serve", "--bind", f"127.0.0.1:{port}"]
        return Member(f"api-{number}", command, self.folder, port)

    @property
    def members(self) -> list[Member]:
        return [*self.workers, *self.apis]

    @property
    def url(self) -> str:
        return self.database.url

    def open(self) -> None:
        """Starts everything; returns when the API answers and a worker is ready."""
        self.temporary.mkdir()
        self._stack.enter_context(self.stand_in)
        self._stack.callback(self.database.stop)
        self.database.start()
        migrate(self.url)
        with psycopg.connect(self.url, autocommit=True) as connection:
            self.chats = add_chats(connection, self._media, self._seed)
            row = connection.execute(
                "select key from batch.create_api_key('chaos', '{admin}', null)"
            ).fetchone()
            assert row is not None
            self.api_key = row[0]
        self._stack.callback(self._kill_all)
        for member in self.members:
            self.start(member)
        self.wait_for(self.is_ready, "the API and a worker to be ready")

    def close(self, *, keep: bool) -> None:
        """Ends everything that was started; with `keep` the logs stay."""
        self._stack.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _kill_all(self) -> None:
        for member in self.members:
            member.kill()

    def start(self, member: Member) -> None:
        """Starts a member's next life."""
        key = f"{member.name}.{member.lives + 1}"
        keys = {f"{name}_API_KEY": key for name in ("GROQ", "OPENAI", "GEMINI")}
        member.start(
            _SURROUNDINGS
            | _SETTINGS
            | {"DATABASE_URL": self.url, "BACKSCROLL_MEDIA_ROOT": str(self._media)}
            | {"TMPDIR": str(self.temporary)}
            | self.stand_in.environment
            | keys
        )

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        """Starts a `backscroll` command; whoever starts it ends it."""
        with (self.folder / "commands.log").open("ab") as log:
            return subprocess.Popen(
                [
                    sys.executable, "-S", "-c", _LEASH, str(os.getpid()),
                    sys.executable, "-m", "app.cli", *command,
                ],
                env={**_SURROUNDINGS, "DATABASE_URL": self.url},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip

    def is_ready(self) -> bool:
        """Whether all API processes answer and every worker has registered."""
        for member in self.members:
            member.check()
        return all(self.answers(api) for api in self.apis) and all(
            worker.is_ready for worker in self.workers
        )

    def answers(self, api: Member) -> bool:
        try:
            address = f"http://127.0.0.1:{api.port}/readyz"
            return httpx.get(address, trust_env=False, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def wait_for(
        self, condition: Callable[[], bool], what: str, patience: float = _STARTING_SECONDS
    ) -> float:
        """How many seconds it took. Raises Failed when it takes longer than `patience`."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > patience:
                raise Failed(f"waited {patience:.0f} s in vain for {what}")
            time.sleep(0.05)
        return time.monotonic() - began

    @contextlib.contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """A session of the observer, every statement committed. Raises psycopg.OperationalError."""
        with psycopg.connect(connection_string(self.url, "chaos"), autocommit=True) as connection:
            yield connection

    # -- the database's processes

    def postmaster(self) -> int | None:
        """The server's process id, if it has written one down."""
        (data,) = (self.folder / "home").glob("postgres-[0-9][0-9]")
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((data / "postmaster.pid").read_text().partition("\n")[0])
        return None

    def end_database(self, number: int) -> None:
        """Sends the server a signal that ends it, and waits until it and its children are gone."""
        pid = self.postmaster()
        if pid is None:
            return
        (data,) = (self.folder / "home").glob("postgres-[0-9][0-9]")
        os.kill(pid, number)
        self.wait_for(lambda: not _working_in(data), "the database to end")

    def database_processes(self) -> list[int]:
        (data,) = (self.folder / "home").glob("postgres-[0-9][0-9]")
        return _working_in(data)


def _working_in(folder: Path) -> list[int]:
    """The processes whose working folder it is; the dead that nobody buries have none."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append(int(process.name))
    return found


def _free_port(held: contextlib.ExitStack) -> int:
    """A port to listen on, which stays bound as long as `held` does, though nobody listens.

    While an API process is down, nobody else is given its port, be it for a connection.
    """
    holder = held.enter_context(socket.socket())
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return int(holder.getsockname()[1])
