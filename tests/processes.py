"""Programs as people start them: processes with an output, signals, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

import httpx

if TYPE_CHECKING:
    from tests.database import Sql

BACKSCROLL = [sys.executable, "-m", "app.cli"]
PATIENCE_SECONDS = 120.0
"""For what must happen in the end. It bounds nothing: a busy machine takes longer."""

Value = TypeVar("Value")


def awaited(look: Callable[[], Value], patience: float = PATIENCE_SECONDS) -> Value:
    """The first true value that `look` returns. Fails when it takes longer than `patience`."""
    deadline = time.monotonic() + patience
    while not (value := look()):
        assert time.monotonic() < deadline, f"it did not happen within {patience} s"
        time.sleep(0.02)
    return value


_held: list[socket.socket] = []


def free_port() -> int:
    """A port of 127.0.0.1 for a program to listen on, as often as it is started.

    It stays bound, though nobody listens, for as long as this process lives. So nobody else is
    given it, be it for a connection; whoever names it may have it, as all servers here do.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _held.append(holder)
    return int(holder.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether a process runs (one that only waits to be buried does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def children_of(pid: int) -> list[int]:
    """The process's children, theirs, and so on."""
    found = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *children_of(int(child))]
    return found


def processes_of(sql: Sql) -> list[int]:
    """Those of the session's PostgreSQL; the one that starts the others comes first."""
    lock = Path(sql.value("show data_directory")) / "postmaster.pid"
    postmaster = int(lock.read_text().partition("\n")[0])
    return [postmaster, *children_of(postmaster)]


@contextmanager
def frozen(processes: list[int]) -> Iterator[None]:
    """Stops processes for as long as it lasts; the system goes on holding their connections."""
    try:
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def open_files() -> set[tuple[str, str]]:
    """The files and sockets that this process has open, each by its number and what it is.

    Those that other tests have left may be closed at any moment: only what is new says something.
    """
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of this very listing
            found.add((descriptor.name, str(descriptor.readlink())))
    return found


def environment(**settings: str) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "100", **settings}


def backscroll(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*BACKSCROLL, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


class Program:
    """A running program, its output, and the processes that belong to it."""

    def __init__(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        self.process = process
        self._output = output

    def said(self) -> str:
        """All it has written so far, to standard output and standard error."""
        return Path(self._output.name).read_text(errors="replace")

    def wait_until_it_says(self, text: str) -> None:
        awaited(lambda: text in self.said() or self.process.poll() is not None)
        assert text in self.said(), self.said()

    def processes(self) -> list[int]:
        return [self.process.pid, *children_of(self.process.pid)]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and waits; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def press_ctrl_c(self) -> int:
        """Interrupts the whole process group, as a terminal does; the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(command: list[str], **settings: str) -> Iterator[Program]:
    """The program in a process group of its own; it and its children are killed at the end."""
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen(
            command,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        program = Program(process, output)
        try:
            yield program
        finally:
            for pid in reversed(program.processes()) if process.poll() is None else []:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def answers(client: httpx.Client, path: str = "/readyz", status: int = 200) -> bool:
    """Whether the API answers `path` with this status now."""
    try:
        return client.get(path).status_code == status
    except httpx.TransportError:
        return False
