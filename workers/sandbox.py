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
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from workers import sandbox_child
from workers.processors.base import ProcessingFailed

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

START_SECONDS = 60.0
"""For a child to start and import what is preloaded."""
MAX_FILE_BYTES = 1_000_000
"""Of any one file that a child writes, which includes the one that collects stderr. Most parsers
have nothing to write."""
MAX_ANSWER_BYTES = 64 * 2**20
"""A longer answer is not read: it is how a child could exhaust the worker's own memory."""
KEPT_OUTPUT_BYTES = 64_000
"""Of what a child prints: Rust names the failed allocation first, then its whole stack."""
LOGGED_CHARACTERS = 2_000
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH")
"""All that a child sees of the environment: no database address, no provider's key."""


class Sandbox:
    """A few child processes, started when first needed, that each run one function at a time.

    Belongs to one event loop. The kernel kills the children when the thread of that loop ends.
    """

    def __init__(
        self,
        name: str,
        *,
        processes: int = 1,
        memory_mb: int = 800,
        max_file_bytes: int = MAX_FILE_BYTES,
        preload: Sequence[str] = (),
        calls_per_process: int = 500,
    ) -> None:
        """`memory_mb` bounds the address space of each child, `max_file_bytes` what it writes.

        `preload` names modules to import before the first call, outside its timeout. A child is
        replaced after `calls_per_process` calls, because parsers leak.
        """
        self.name = name
        self._memory_mb = memory_mb
        self._max_file_bytes = max_file_bytes
        self._preload = tuple(preload)
        self._calls_per_process = calls_per_process
        self._slots = asyncio.Semaphore(processes)
        self._children: set[_Child] = set()
        self._idle: list[_Child] = []
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
            child = await self._take_child()
            child.calls += 1
            try:
                answer = await child.ask(request, timeout_seconds)
            except TimeoutError:
                raise ProcessingFailed(
                    "processor_timeout", f"gave no result within {timeout_seconds:g} seconds"
                ) from None
            except _ChildDiedError:
                raise await self._failure_of(child) from None
            finally:
                await self._give_back(child)

        if "value" in answer:
            value: Result = answer["value"]
            return value
        raise self._failure_from(answer, child)

    async def close(self) -> None:
        """Kills all children and waits until they are gone. Calling twice is safe."""
        self._is_closed = True
        self._idle.clear()
        await asyncio.gather(*(child.end() for child in tuple(self._children)))

    async def _take_child(self) -> _Child:
        while self._idle:
            child = self._idle.pop()
            if child.is_alive():
                return child
            await self._discard(child)
        if self._is_closed:
            raise RuntimeError(f"sandbox {self.name} is closed")

        child = _Child(self._memory_mb, self._max_file_bytes)
        self._children.add(child)
        try:
            await child.connect(self._preload)
        except (_ChildDiedError, TimeoutError) as error:
            await self._discard(child)
            if self._is_closed:
                raise RuntimeError(f"sandbox {self.name} is closed") from None
            output = child.last_output[-LOGGED_CHARACTERS:]
            logger.error("sandbox %s: a child did not start: %s", self.name, output)
            raise RuntimeError(f"sandbox {self.name} could not start a process") from error
        except BaseException:
            await self._discard(child)
            raise
        return child

    async def _give_back(self, child: _Child) -> None:
        if child.is_ready and child.calls < self._calls_per_process and not self._is_closed:
            self._idle.append(child)
        else:
            await self._discard(child)

    async def _discard(self, child: _Child) -> None:
        try:
            await child.end()
        finally:
            self._children.discard(child)

    async def _failure_of(self, child: _Child) -> Exception:
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
        if any(text in output for text in sandbox_child.OUT_OF_MEMORY_TEXTS):
            return self._out_of_memory()
        return ProcessingFailed("processor_crashed", f"the parser {child.how_it_ended()}")

    def _failure_from(self, answer: dict[str, Any], child: _Child) -> ProcessingFailed:
        """The error that a child sent as its answer."""
        code, message = str(answer.get("code")), str(answer.get("message"))
        if code == "processor_out_of_memory":
            return self._out_of_memory()
        logger.debug(
            "sandbox %s: %s: %s", self.name, message, child.last_output[-LOGGED_CHARACTERS:]
        )
        return ProcessingFailed(code, message)

    def _out_of_memory(self) -> ProcessingFailed:
        return ProcessingFailed(
            "processor_out_of_memory", f"needs more than the {self._memory_mb} MB allowed"
        )


class _ChildDiedError(Exception):
    """The child hung up, or sent what is not an answer."""


class _Child:
    """One process with its socket, and a nameless file that holds what it printed."""

    def __init__(self, memory_mb: int, max_file_bytes: int) -> None:
        self.is_ready = False
        """False while a call is under way and after one that leaves the process unfit."""
        self.calls = 0
        self.last_output = ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._socket, theirs = socket.socketpair()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 (_clean_up closes it)
        limits = [str(os.getpid()), str(memory_mb), str(max_file_bytes)]
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
        await self.ask(json.dumps({"path": path, "preload": preload}).encode(), START_SECONDS)

    async def ask(self, request: bytes, timeout_seconds: float) -> dict[str, Any]:
        """The answer to one message. Raises _ChildDiedError or TimeoutError."""
        if self._reader is None or self._writer is None:
            raise _ChildDiedError
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
        except (OSError, EOFError, ValueError, RecursionError) as error:
            raise _ChildDiedError from error
        if not isinstance(answer, dict):
            raise _ChildDiedError
        self.last_output = self.output()
        self.is_ready = answer.get("code") != "processor_out_of_memory"
        return answer

    def is_alive(self) -> bool:
        return self._process.poll() is None

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

    async def end(self) -> None:
        """Kills the process at once, then waits until it is gone. Calling twice is safe."""
        self.is_ready = False
        self._process.kill()
        await asyncio.shield(asyncio.ensure_future(self._clean_up()))

    async def _clean_up(self) -> None:
        await asyncio.to_thread(self._process.wait)
        if not self._output.closed:
            self.last_output = self.output()
            self._output.close()
        if self._writer is None:
            self._socket.close()
        else:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()


def _encode_call(function: Callable[..., Any], args: tuple[Any, ...]) -> bytes:
    """The message for a call. Raises TypeError for what cannot be sent."""
    module, name = function.__module__, function.__qualname__
    if module == "__main__" or not name.isidentifier():
        raise TypeError(f"not a function of a module's top level: {module}.{name}")
    return json.dumps({"module": module, "function": name, "args": args}).encode()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # glibc reserves 64 MB of address space for each thread's arena; the limit counts all of it
    return kept | {"MALLOC_ARENA_MAX": "2", "PYTHONUTF8": "1"}
