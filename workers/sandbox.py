"""Runs the parsers of untrusted files in child processes that may hang, crash or eat memory.

The children are plain subprocesses, one socket each, and not a pool of `multiprocessing`: that
brings a fork server and a resource tracker which outlive the pool, threads that poll, and pickle,
with which a child that a hostile file has taken over could run code in the worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from workers import sandbox_child
from workers.memory_room import MemoryRoom
from workers.processors.base import ProcessingFailed

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

START_SECONDS = 60.0
"""For a child to start and import what is preloaded."""
MAX_FILE_BYTES = 1_000_000
"""Of any one file that a child writes, which includes the one that collects stderr. Most parsers
have nothing to write."""
MAX_ANSWER_BYTES = 16 * 2**20
"""A longer answer is not read: it is how a child could exhaust the worker's own memory. Two
million characters, the most that is kept of a document, have 8 MB."""
KEPT_OUTPUT_BYTES = 64_000
"""Of what a child prints: Rust names the failed allocation first, then its whole stack."""
LOGGED_CHARACTERS = 2_000
MEMORY_SIGNALS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGILL, signal.SIGTRAP, signal.SIGBUS)
"""What libraries die of that do not look whether they got the memory they asked for."""
NEARLY_ALL = 0.6
"""Of a share: who held so much and died of one of these signals died for want of memory. The rest
is what was asked for last, and could not be had."""
KEPT_SHARE = 0.6
"""Of the usual share: a process that holds more when a call has ended does not rest, but ends."""
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
"""All that a child sees of the environment: no database address, no provider's key."""


class Sandbox:
    """A few child processes, started when first needed, that each run one function at a time.

    They share the memory of a room, also with those of other sandboxes. A call that fails in its
    usual share, for want of memory or as if for it, is run again with more of the room.

    Belongs to one event loop. The kernel kills the children when the thread of that loop ends.
    """

    def __init__(
        self,
        name: str,
        *,
        processes: int = 1,
        memory_mb: int = 800,
        most_memory_mb: int | None = None,
        library_mb: int = 25,
        room: MemoryRoom | None = None,
        max_file_bytes: int = MAX_FILE_BYTES,
        preload: Sequence[str] = (),
        calls_per_process: int = 500,
    ) -> None:
        """`memory_mb` is the usual share of a call and bounds what its process holds, `library_mb`
        of that in pages of program files; `most_memory_mb` is the share of the second attempt.

        Without a `room` there is one for as many usual shares as there are processes.
        `max_file_bytes` bounds any file that is written.

        `preload` names modules to import before the first call, outside its timeout. A child is
        replaced after `calls_per_process` calls, because parsers leak.
        """
        self.name = name
        self._room = room or MemoryRoom(memory_mb * processes)
        self._memory_mb = min(memory_mb, self._room.megabytes)
        self._most_memory_mb = min(most_memory_mb or memory_mb, self._room.megabytes)
        self._library_mb = library_mb
        self._max_file_bytes = max_file_bytes
        self._preload = tuple(preload)
        self._calls_per_process = calls_per_process
        self._slots = asyncio.Semaphore(processes)
        self._children: set[_Child] = set()
        self._is_closed = False

    async def run(
        self, function: Callable[..., Result], *args: Any, timeout_seconds: float
    ) -> Result:
        """What `function(*args)` returns, having run in a child; waits while all are busy.

        The function is one of a module's top level; arguments and result are what JSON can hold
        (a tuple comes back as a list). Time counts from when a child takes up the call.

        Raises ProcessingFailed: as the function raised it, or `processor_timeout`,
        `processor_crashed`, `processor_out_of_memory`, or `file_unreadable` for any other
        exception of the function. Cancelling the call kills the child.
        """
        request = _encode_call(function, args)
        async with self._slots:
            try:
                value: Result = await self._attempt(request, timeout_seconds, self._memory_mb)
            except _NotEnoughError as error:
                if self._most_memory_mb <= self._memory_mb:
                    raise error.failure from None
                try:
                    value = await self._attempt(request, timeout_seconds, self._most_memory_mb)
                except _NotEnoughError as last:
                    raise last.failure from None
            return value

    async def close(self) -> None:
        """Kills all children and waits until they are gone. Calling twice is safe."""
        self._is_closed = True
        self._room.leave(self)
        await asyncio.gather(*(child.end() for child in tuple(self._children)))

    async def _attempt(self, request: dict[str, Any], seconds: float, share: int) -> Any:
        """One run of a call. Raises _NotEnoughError if more memory might help."""
        rested = await self._room.take(share, self)
        child = rested if isinstance(rested, _Child) else None
        try:
            if child is None or not child.is_alive():
                child = await self._start(child)
            child.calls += 1
            limit = max(share - self._library_mb, 1)
            try:
                answer = await child.ask(request | {"memory_mb": limit}, seconds)
            except TimeoutError:
                raise ProcessingFailed(
                    "processor_timeout", f"gave no result within {seconds:g} s"
                ) from None
            except _ChildDiedError:
                raise await self._failure_of(child, share) from None
        finally:
            await self._give_back(child, share)

        if "value" in answer:
            return answer["value"]
        raise self._failure_from(answer, child, share)

    async def _start(self, dead: _Child | None) -> _Child:
        if dead is not None:
            await dead.end()
        if self._is_closed:
            raise RuntimeError(f"sandbox {self.name} is closed")
        child = _Child(self._room.megabytes, self._max_file_bytes, self._children.discard)
        self._children.add(child)
        try:
            await child.connect(self._preload)
        except (_ChildDiedError, TimeoutError) as error:
            await child.end()
            if self._is_closed:
                raise RuntimeError(f"sandbox {self.name} is closed") from None
            output = child.last_output[-LOGGED_CHARACTERS:]
            logger.error("sandbox %s: a child did not start: %s", self.name, output)
            raise RuntimeError(f"sandbox {self.name} could not start a process") from error
        except BaseException:
            await child.end()
            raise
        return child

    async def _give_back(self, child: _Child | None, share: int) -> None:
        """The child rests if it is fit for another call, and has not kept too much."""
        if child is not None and child.is_ready and not self._is_closed:
            held = child.held_mb()
            if child.calls < self._calls_per_process and held <= self._memory_mb * KEPT_SHARE:
                self._room.rest(child, held, self, share=share)
                return
        try:
            if child is not None:
                await child.end()
        finally:
            self._room.give(share)

    async def _failure_of(self, child: _Child, share: int) -> Exception:
        """The error to raise for a child that died during a call."""
        await child.end()
        if self._is_closed:
            return RuntimeError(f"sandbox {self.name} is closed")
        output = child.output()
        logger.warning(
            "sandbox %s: a child %s: %s",
            self.name,
            child.how_it_ended(),
            output[:LOGGED_CHARACTERS],
        )
        is_for_memory = child.was_killed_for_memory(share) or any(
            text in output for text in sandbox_child.OUT_OF_MEMORY_TEXTS
        )
        if is_for_memory:
            return self._not_enough(share)
        crash = ProcessingFailed("processor_crashed", f"the parser {child.how_it_ended()}")
        return _NotEnoughError(crash) if child.ended_by_memory_signal() else crash

    def _failure_from(self, answer: dict[str, Any], child: _Child, share: int) -> Exception:
        """The error that a child sent as its answer."""
        code, message = str(answer.get("code")), str(answer.get("message"))
        if code == "processor_out_of_memory":
            return self._not_enough(share)
        logger.debug(
            "sandbox %s: %s: %s", self.name, message, child.last_output[-LOGGED_CHARACTERS:]
        )
        failure = ProcessingFailed(code, message)
        if code == "file_unreadable" and answer.get("peak_mb", 0) > share * NEARLY_ALL:
            # Some libraries call a file damaged when they get no memory.
            return _NotEnoughError(failure if answer.get("is_known") else out_of_memory(share))
        return failure

    @staticmethod
    def _not_enough(share: int) -> _NotEnoughError:
        return _NotEnoughError(out_of_memory(share))


def out_of_memory(share: int) -> ProcessingFailed:
    return ProcessingFailed("processor_out_of_memory", f"needs more than the {share} MB allowed")


class _NotEnoughError(Exception):
    """A call failed that may succeed with more memory, or else fails with `failure`."""

    def __init__(self, failure: ProcessingFailed) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _ChildDiedError(Exception):
    """The child hung up, or sent what is not an answer."""


class _Child:
    """One process with its socket, and a nameless file that holds what it printed."""

    def __init__(
        self, most_memory_mb: int, max_file_bytes: int, on_end: Callable[[_Child], object]
    ) -> None:
        self._on_end = on_end
        self._peak_mb = 0
        self._has_hung_up = False
        self._ending: asyncio.Future[None] | None = None
        self.is_ready = False
        """False while a call is under way and after one that leaves the process unfit."""
        self.calls = 0
        self.last_output = ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._socket, theirs = socket.socketpair()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (_clean_up closes it)
        limits = [str(os.getpid()), str(most_memory_mb), str(max_file_bytes)]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", sandbox_child.__file__, *limits],
                stdin=theirs.fileno(),
                stdout=self._output,
                stderr=self._output,
                env=_environment(),
                start_new_session=True,  # so that Ctrl-C in a terminal reaches the worker alone
            )
        except BaseException:
            self._socket.close()
            self._output.close()
            raise
        finally:
            theirs.close()

    async def connect(self, preload: Sequence[str]) -> None:
        """Waits until the child has started. Raises _ChildDiedError or TimeoutError."""
        self._reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=2**20)
        path = [entry or str(Path.cwd()) for entry in sys.path]
        await self.ask({"path": path, "preload": preload}, START_SECONDS)

    async def ask(self, message: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
        """The answer to one message. Raises _ChildDiedError or TimeoutError."""
        if self._reader is None or self._writer is None:
            raise _ChildDiedError
        request = json.dumps(message).encode()
        self.is_ready = False
        self._output.seek(0)  # the child's position too: it inherited the open file
        self._output.truncate()
        try:
            async with asyncio.timeout(timeout_seconds):
                self._writer.write(len(request).to_bytes(8) + request)
                await self._writer.drain()
                size = int.from_bytes(await self._reader.readexactly(8))
                if size > MAX_ANSWER_BYTES:
                    raise _ChildDiedError
                answer = json.loads(await self._reader.readexactly(size))
        except TimeoutError:
            raise
        except (OSError, EOFError) as error:
            self._has_hung_up = True
            raise _ChildDiedError from error
        except (ValueError, RecursionError) as error:
            raise _ChildDiedError from error
        if not isinstance(answer, dict):
            raise _ChildDiedError
        self.last_output = self.output()
        # who met a limit may have libraries that are half loaded
        self.is_ready = "code" not in answer or answer.get("is_known") is True
        return answer

    def is_alive(self) -> bool:
        self._reap(os.WNOHANG)
        return self._process.returncode is None

    def output(self) -> str:
        """The end of what the process has printed since the last call began."""
        if self._output.closed:
            return self.last_output
        position = self._output.seek(0, os.SEEK_CUR)
        self._output.seek(max(0, position - KEPT_OUTPUT_BYTES))
        text = self._output.read(KEPT_OUTPUT_BYTES).decode(errors="replace").strip()
        self._output.seek(position)
        return text

    def how_it_ended(self) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def held_mb(self) -> int:
        """What the process holds in memory now, in whole megabytes."""
        try:
            resident = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            return 0  # not on Linux
        return resident * resource.getpagesize() // 2**20 + 1

    def ended_by_memory_signal(self) -> bool:
        """Whether it died as libraries do, among other reasons, when they get no memory."""
        return -(self._process.returncode or 0) in MEMORY_SIGNALS

    def was_killed_for_memory(self, share: int) -> bool:
        """Whether it died so after it had held most of its share, or the kernel killed it."""
        if self._process.returncode == -signal.SIGKILL and self._has_hung_up:
            return True  # before it was killed from here
        return self.ended_by_memory_signal() and self._peak_mb > share * NEARLY_ALL

    async def end(self) -> None:
        """Kills the process at once, then waits until it is gone. Calling twice is safe."""
        self.is_ready = False
        if self._ending is None:
            if self._process.returncode is None:
                os.kill(self._process.pid, signal.SIGKILL)
            self._ending = asyncio.ensure_future(self._clean_up())
        await asyncio.shield(self._ending)

    def _reap(self, options: int = 0) -> None:
        """Waits for the process, and keeps what it has held at most, which Popen would not."""
        if self._process.returncode is None:
            process_id, status, usage = os.wait4(self._process.pid, options)
            if process_id:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._peak_mb = usage.ru_maxrss // 1024

    async def _clean_up(self) -> None:
        await asyncio.to_thread(self._reap)
        self._on_end(self)
        self.last_output = self.output()
        self._output.close()
        if self._writer is None:
            self._socket.close()
        else:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()


def _encode_call(function: Callable[..., Any], args: tuple[Any, ...]) -> dict[str, Any]:
    """The message for a call. Raises TypeError for what cannot be sent."""
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or not name.isidentifier():
        raise TypeError(f"not a function of a module's top level: {module}.{name}")
    return {"module": module, "function": name, "args": args}


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # an arena a thread keeps what it has freed from the others; BLAS takes 32 MB for each core
    return kept | {
        "MALLOC_ARENA_MAX": "2",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONUTF8": "1",
    }
