"""What parsers do to a process: functions for a sandbox's child to run."""

import ctypes
import os
import re
import signal
import sys
import time
from pathlib import Path

from workers.processors.base import ProcessingFailed


def echo(value):
    return value


def process_id():
    return os.getpid()


def environment():
    return dict(os.environ)


def limits():
    import resource

    return [
        resource.getrlimit(resource.RLIMIT_DATA)[0],
        resource.getrlimit(resource.RLIMIT_CORE)[0],
    ]


def tell_and_hang(path):
    """Writes the process id to the fifo, then never comes back and never lets go of the GIL."""
    Path(path).write_text(str(os.getpid()))
    re.match(r"(a+)+$", "a" * 60 + "b")


def tell_and_wait(told, awaited):
    """Writes to one fifo, then returns what it reads from the other."""
    Path(told).write_text("here")
    return Path(awaited).read_text()


def ignore_terminate_and_hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def exit_at_once(code):
    os._exit(code)


def read_address_zero():
    ctypes.string_at(0)


def hoard():
    hoarded = []
    while True:
        hoarded.append(bytearray(10_000_000))


def abort_for_memory():
    print("memory allocation of 137438953472 bytes failed", file=sys.stderr, flush=True)
    os.abort()


def raise_bad_alloc():
    raise RuntimeError("std::bad_alloc")


def fail_honestly():
    raise ProcessingFailed("file_encrypted", "needs a password")


def raise_with_path():
    raise ValueError(f"cannot read {__file__}")


def raise_plainly():
    raise ValueError("row 7 has no end\nand more")


def send_rubbish():
    """As a child that a hostile file has taken over might."""
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, (8).to_bytes(8) + b"\x80\x04rubbi")
        except OSError:
            continue


def write_a_file(path):
    Path(path).write_bytes(bytes(50_000_000))


def nest():
    nest()
