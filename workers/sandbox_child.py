"""The process in which `workers.sandbox` runs parsers: reads a call, runs it, answers, repeats.

Started by its path as `python -I sandbox_child.py PARENT_PID MOST_MEMORY_MB MAX_FILE_BYTES`, with a
socket as stdin and a file as stdout and stderr. Each message is 8 bytes of length, then JSON:
never pickle, so that a parser taken over by a hostile file cannot run code in the worker that
reads its answers.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

C_LIBRARY = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1
MEGABYTE = 2**20
KEPT_BYTES = 8 * MEGABYTE
"""Growth from call to call that is not worth the time to look for what is free."""
SHARED_BYTES = 700 * MEGABYTE
"""Address space besides what may be written to: program files, and what is reserved. It only
keeps a process from taking memory of the kinds that the other limit does not count."""
OUT_OF_MEMORY_TEXTS = (
    "memory allocation of",
    "bad_alloc",
    "bad allocation",
    "Cannot allocate memory",
    "Failed to allocate",
    "Insufficient memory",
    ") failed from /",
)
"""How Rust, C++, the C library, onnxruntime, OpenCV and PocketSphinx put it."""


def main() -> None:
    """Serves calls until the parent closes the socket."""
    parent_pid, most_memory_mb, max_file_bytes = map(int, sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent_pid)
    limit_resources(most_memory_mb, max_file_bytes)
    connection = take_stdin()

    hello = receive(connection)
    if hello is None:
        return
    sys.path[:] = hello["path"]
    for module in hello["preload"]:
        importlib.import_module(module)
    reserved = reserved_bytes()
    held = held_bytes()
    send(connection, b"{}")

    while (call := receive(connection)) is not None:
        limit_data(call["memory_mb"] * MEGABYTE + reserved)
        forget_peak()
        answered = answer(call)
        if held_bytes() > held + KEPT_BYTES:
            release_memory()
            held = held_bytes()
        send(connection, answered)


def die_with(parent_pid: int) -> None:
    """Has the kernel kill this process when the parent is gone, even while a parser is busy."""
    if sys.platform == "linux":
        C_LIBRARY.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it died before it could be watched
        os._exit(1)


def limit_resources(most_memory_mb: int, max_file_bytes: int) -> None:
    """Bounds the address space and any file that is written; a crash leaves no core file."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, max_file_bytes),
        (resource.RLIMIT_AS, most_memory_mb * MEGABYTE + SHARED_BYTES),
    ):
        bound = within_allowed(limit, value)
        resource.setrlimit(limit, (bound, bound))


def limit_data(size: int) -> None:
    """Bounds the memory that can be written to, which is what counts: see `setrlimit(2)`.

    The address space says little: libraries and threads reserve hundreds of megabytes of it.
    """
    _, allowed = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (within_allowed(resource.RLIMIT_DATA, size), allowed))


def within_allowed(limit: int, value: int) -> int:
    _, allowed = resource.getrlimit(limit)
    return value if allowed == resource.RLIM_INFINITY else min(value, allowed)


def reserved_bytes() -> int:
    """What libraries have reserved at their start and not used: it counts, and holds nothing."""
    _, resident, mapped, _, _, data, _ = memory_pages()
    return max(data - (resident - mapped), 0) * resource.getpagesize()


def held_bytes() -> int:
    """What this process holds in memory now."""
    return memory_pages()[1] * resource.getpagesize()


def memory_pages() -> list[int]:
    """See `/proc/pid/statm` in proc(5); zeros where there is none."""
    try:
        return [int(count) for count in Path("/proc/self/statm").read_text().split()]
    except OSError:
        return [0] * 7


def forget_peak() -> None:
    """Begins `peak_mb` anew: see `/proc/pid/clear_refs` in proc(5)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> int:
    """The most that this process has held in memory, in whole megabytes; 0 if not known."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return 0


def release_memory() -> None:
    """Gives back what the parser has freed, which glibc would keep for the next call."""
    gc.collect()
    if hasattr(C_LIBRARY, "malloc_trim"):
        C_LIBRARY.malloc_trim(0)


def take_stdin() -> socket.socket:
    """The socket that stands on stdin, moved out of the reach of code that reads stdin."""
    connection = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return connection


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """The next message, or None when the parent has hung up."""
    size = read_exactly(connection, 8)
    body = read_exactly(connection, int.from_bytes(size)) if size else None
    return json.loads(body) if body else None


def read_exactly(connection: socket.socket, size: int) -> bytes | None:
    """`size` bytes, or None when the parent has hung up."""
    read = bytearray()
    while len(read) < size:
        some = connection.recv(size - len(read))
        if not some:
            return None
        read += some
    return bytes(read)


def send(connection: socket.socket, body: bytes) -> None:
    """Sends one message; `body` is JSON."""
    connection.sendall(len(body).to_bytes(8) + body)


def answer(call: dict[str, Any]) -> bytes:
    """JSON: `{"value": ...}`, or `{"code": ..., "message": ...}` for a failure, with the most that
    was held on the way, and whether it is a ProcessingFailed or an error of the parser."""
    from workers.processors.base import ProcessingFailed

    is_known = False
    try:
        function = getattr(importlib.import_module(call["module"]), call["function"])
        value = json.dumps({"value": function(*call["args"])}, ensure_ascii=False)
        return value.encode("utf-8", "surrogatepass")
    except ProcessingFailed as failure:
        code, message, is_known = failure.code, failure.message, True
    except MemoryError:
        code, message = "processor_out_of_memory", ""
    except RecursionError:
        code, message = "file_unreadable", "the file is nested too deeply"
    except Exception as error:
        traceback.print_exc()
        message = brief(error)
        out_of_memory = is_half_imported(error) or any(
            text in str(error) for text in OUT_OF_MEMORY_TEXTS
        )
        code = "processor_out_of_memory" if out_of_memory else "file_unreadable"
    return json.dumps(
        {"code": code, "message": message, "is_known": is_known, "peak_mb": peak_mb()}
    ).encode()


def is_half_imported(error: Exception) -> bool:
    """Whether a module could not be loaded that is there: its pages did not fit into memory.

    The interpreter remembers it, so this process is of no use any more.
    """
    if isinstance(error, ImportError):
        return not isinstance(error, ModuleNotFoundError)
    return isinstance(error, LookupError) and "unknown encoding" in str(error)


def brief(error: Exception) -> str:
    """One line about `error` for users: no traceback, and no path of this machine."""
    first_line = str(error).partition("\n")[0].strip()
    if not first_line or len(first_line) > 120 or "/" in first_line or "\\" in first_line:
        return f"the file could not be read ({type(error).__name__})"
    return f"the file could not be read ({type(error).__name__}: {first_line})"


if __name__ == "__main__":
    main()
