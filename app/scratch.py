"""Temporary files of long-running processes: gone with them, also when they are killed.

They may be people's media. So a process puts all of its own, and those of its children, into one
folder that only its user can open, and keeps a lock on it. The kernel lets the lock go however the
process ends; whoever finds such a folder unlocked removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "backscroll-scratch-"
_LOCK = "lock"


class Scratch:
    """A folder for temporary files, locked until `remove` or the end of this process.

    A process that is forked from this one holds the lock too.
    """

    def __init__(self) -> None:
        # Made and not yet locked, somebody may take it for one that was left.
        while (lock := _take(folder := Path(tempfile.mkdtemp(prefix=_PREFIX)))) is None:
            pass
        self.folder = folder
        self._lock = lock

    def remove(self) -> None:
        """Removes the folder with all that is in it."""
        _remove(self.folder, self._lock)

    def remove_abandoned(self) -> list[Path]:
        """Removes the folders beside this one whose processes are gone; says which they were.

        Those of other users are let be, so that a temporary folder may be shared.
        """
        removed = []
        for folder in self.folder.parent.glob(f"{_PREFIX}*"):
            if (lock := _take(folder)) is not None:
                _remove(folder, lock)
                removed.append(folder)
        return removed


@contextmanager
def scratch_for_everything() -> Iterator[Scratch]:
    """For as long as it lasts, `tempfile` and the programs that are started put all they make
    into a folder of this process, whoever wrote them."""
    scratch = Scratch()
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(scratch.folder)
    try:
        yield scratch
    finally:
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]
        scratch.remove()


def _take(folder: Path) -> int | None:
    """The lock of a folder, taken; None if somebody has it, or it is not ours, or gone."""
    with contextlib.ExitStack() as opened:
        try:
            place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            opened.callback(os.close, place)
            if os.fstat(place).st_uid != os.geteuid():
                return None
            lock = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600, dir_fd=place)
            on_failure = opened.enter_context(contextlib.ExitStack())
            on_failure.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it before may have removed the folder meanwhile.
            there = os.stat(_LOCK, dir_fd=place, follow_symlinks=False)
        except OSError:
            return None
        if not os.path.samestat(os.fstat(lock), there):
            return None
        on_failure.pop_all()
        return lock


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
