"""Programs under measurement: started as people start them, watched, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from bench.server import BenchDatabase

ROOT = Path(__file__).resolve().parent.parent
PROCESSOR = ROOT / "bench" / "processor"
PATIENCE_SECONDS = 110.0

Value = TypeVar("Value")


class TookTooLong(Exception):
    """Something that a suite waits for did not happen; the text says what, and who said what."""


def awaited(look: Callable[[], Value], what: str, every: float = 0.01) -> Value:
    """The first true value that `look` returns. Raises TookTooLong.

    It looks ever more rarely, to half a percent: what it looks at has work to do.
    """
    began = time.monotonic()
    while not (value := look()):
        waited = time.monotonic() - began
        if waited > PATIENCE_SECONDS:
            raise TookTooLong(what)
        time.sleep(max(every, waited / 200))
    return value


class Program:
    """A running program and what it says."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def last_words(self) -> str:
        """Where it ended badly: a traceback's last lines say it."""
        return self.said()[-400:].strip()

    def wait_until_it_says(self, text: str) -> None:
        def says() -> bool:
            if self.process.poll() is not None and text not in self.said():
                raise TookTooLong(f"it ended with {self.process.returncode}: {self.last_words()}")
            return text in self.said()

        awaited(says, f"a program does not say {text!r}")

    def processes(self) -> list[int]:
        """It, its children, theirs, and so on."""
        return [self.process.pid, *_children(self.process.pid)]

    def megabytes(self) -> float:
        """What its own process holds in memory (RSS)."""
        return _megabytes(self.process.pid)

    def megabytes_in_all(self) -> float:
        """Likewise with its children; what they share is counted once (PSS)."""
        return sum(_megabytes(pid, "smaps_rollup", "Pss:") for pid in self.processes())


@contextmanager
def running(command: Sequence[str | Path], settings: Mapping[str, str]) -> Iterator[Program]:
    """The program in a process group of its own, ended with the context."""
    with tempfile.NamedTemporaryFile(prefix="backscroll-bench-") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=_environment(settings),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        try:
            yield Program(process, Path(output.name))
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def workers(
    database: BenchDatabase, count: int, media: Path, settings: Mapping[str, str]
) -> Iterator[list[Program]]:
    """So many real `backscroll worker` processes, ready."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                running(
                    [sys.executable, "-m", "app.cli", "worker"],
                    {
                        "DATABASE_URL": database.url,
                        "BACKSCROLL_MEDIA_ROOT": str(media),
                        "BACKSCROLL_LOG_FORMAT": "plain",
                        **settings,
                    },
                )
            )
            for _ in range(count)
        ]
        for worker in started:
            worker.wait_until_it_says("is ready")
        yield started


@contextmanager
def api(database: BenchDatabase, application: str | None = None) -> Iterator[int]:
    """The API as `backscroll serve` runs it, on the port that this gives.

    `application` is another one, such as `bench.row_route:application()`.
    """
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"]
    settings = {
        "DATABASE_URL": database.url,
        "BACKSCROLL_BIND": f"127.0.0.1:{port}",
        "BACKSCROLL_LOG_LEVEL": "WARNING",
    }
    with running([*command, *([application] if application else [])], settings) as program:

        def answers() -> bool:
            if program.process.poll() is not None:
                raise TookTooLong(f"the API ended: {program.last_words()}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return False

        awaited(answers, "the API does not listen")
        yield port


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    outside = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "BACKSCROLL_", "PG", "PYTHONPATH"))
    }
    # The folder with the processor has the metadata that an installed package would have.
    return {**outside, "PYTHONPATH": f"{ROOT}{os.pathsep}{PROCESSOR}", **settings}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(pid: int) -> list[int]:
    found = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    return found


def _megabytes(pid: int, file: str = "status", name: str = "VmRSS:") -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return 0.0
