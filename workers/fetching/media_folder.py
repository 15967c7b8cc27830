"""The media folder, and the way to its files that leads nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.fetching.size_limit import SizeLimit
from workers.processors.base import ProcessingFailed

_SHOWN_CHARACTERS = 200
_HAS_PROC = Path("/proc/self/fd").is_dir()
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC


@lru_cache(maxsize=4096)
def _path_of(process: int, descriptor: int) -> Path:
    """The same few are asked for again and again, and to put one together takes a while."""
    return Path(f"/proc/{process}/fd/{descriptor}")


@dataclass(slots=True)
class HeldFile:
    """An open file of the media folder; whoever gets one closes it."""

    descriptor: int
    name: Path
    size: int
    changed_ns: int
    """When its bytes were last written, by the time that it was opened."""

    @property
    def path(self) -> Path:
        """A path that opens just this file, in child processes too, until it is closed.

        On Linux it is `/proc/<worker>/fd/<n>`: what has been put in the place of the name by the
        time that a parser opens it is not looked at. Elsewhere it is the name.
        """
        return _path_of(os.getpid(), self.descriptor) if _HAS_PROC else self.name

    def read(self) -> bytes:
        """All of it, for a small one; less if it has been cut meanwhile, never more."""
        return os.pread(self.descriptor, self.size, 0)

    def close(self) -> None:
        os.close(self.descriptor)


class MediaFolder:
    """Files below `root`; a link within it may lead anywhere within it."""

    def __init__(self, root: Path, limit: SizeLimit) -> None:
        self._root = root
        self._limit = limit

    def open_small(self, local_paths: Sequence[str], most_bytes: int) -> list[HeldFile | None]:
        """Those of the files that are small, open for reading; None: `open` tells more.

        Follows no links, not even those that `open` does, and opens each folder once.
        """
        with _Folders(self._root.resolve()) as folders:
            return [folders.open_small(path, most_bytes) for path in local_paths]

    def read_small(self, local_paths: Sequence[str], most_bytes: int) -> Iterator[bytes | None]:
        """The bytes of those of the files that are small, one after the other; as `open_small`."""
        with _Folders(self._root.resolve()) as folders:
            for path in local_paths:
                yield folders.read_small(path, most_bytes)

    def open(self, local_path: str) -> HeldFile:
        """The file, open for reading.

        The path is resolved first and then walked, a folder at a time, without following any
        link: whoever puts a link into it meanwhile meets a refusal.

        Raises ProcessingFailed: media_not_found, media_outside_root or media_too_large.
        """
        shown = local_path[:_SHOWN_CHARACTERS]
        try:
            root = self._root.resolve()
            path = (root / local_path).resolve()
            if not path.is_relative_to(root):
                raise ProcessingFailed(
                    "media_outside_root", f"{shown} leads out of the media folder"
                )
            # Looked at before it is opened: opening a pipe or a device does something to it.
            _check_kind(path.stat(), shown)
            descriptor = _open_beneath(root, path.relative_to(root).parts)
        except (FileNotFoundError, NotADirectoryError):
            raise ProcessingFailed(
                "media_not_found", f"there is no file {shown} in the media folder"
            ) from None
        except PermissionError:
            raise ProcessingFailed("media_not_found", f"the worker may not read {shown}") from None
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the path cannot be used"
            raise ProcessingFailed("media_not_found", f"{shown}: {reason}") from None
        try:
            facts = os.fstat(descriptor)
            _check_kind(facts, shown)
            self._limit.check(facts.st_size)
        except ProcessingFailed:
            os.close(descriptor)
            raise
        return HeldFile(descriptor, path, facts.st_size, facts.st_mtime_ns)


def _check_kind(facts: os.stat_result, shown: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ProcessingFailed("media_not_found", f"{shown} is not a file")


def _open_beneath(root: Path, parts: tuple[str, ...]) -> int:
    """Opens `parts` below `root`, none of which may be a link. Raises OSError."""
    *folders, name = parts
    place = _open_folder(root, folders)
    try:
        return os.open(name, _FILE, dir_fd=place)
    finally:
        os.close(place)


def _open_folder(root: Path, parts: Iterable[str]) -> int:
    """Opens the folder `parts` below `root`, none of which may be a link. Raises OSError."""
    place = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in parts:
            inner = os.open(folder, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
    except BaseException:
        os.close(place)
        raise
    return place


class _Folders:
    """Folders below `root`, each opened once, for as long as the context lasts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._opened: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for folder in self._opened.values():
            os.close(folder)

    def open_small(self, local_path: str, most_bytes: int) -> HeldFile | None:
        """The file if it is a small one, open for reading."""
        descriptor = self._open(local_path, most_bytes)
        if descriptor is None:
            return None
        facts = os.fstat(descriptor)
        if not _is_small(facts, most_bytes):
            os.close(descriptor)
            return None
        name = self._root if _HAS_PROC else self._root / local_path
        return HeldFile(descriptor, name, facts.st_size, facts.st_mtime_ns)

    def read_small(self, local_path: str, most_bytes: int) -> bytes | None:
        """What is in the file if it is a small one."""
        descriptor = self._open(local_path, most_bytes)
        if descriptor is None:
            return None
        try:
            # One more than it may have: whatever it is by now, no more than that is read of it.
            data = os.read(descriptor, most_bytes + 1)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return data if len(data) <= most_bytes else None

    def _folder(self, place: str) -> int:
        if place not in self._opened:
            above, _, name = place.rpartition("/")
            self._opened[place] = (
                os.open(name, _FOLDER, dir_fd=self._folder(above))
                if place
                else os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            )
        return self._opened[place]

    def _open(self, local_path: str, most_bytes: int) -> int | None:
        place, _, name = local_path.rpartition("/")
        if local_path.startswith("/") or name in ("", ".", "..") or ".." in place:
            return None
        try:
            folder = self._folder(place)
            # Looked at before it is opened: opening a pipe or a device does something to it.
            if not _is_small(os.stat(name, dir_fd=folder, follow_symlinks=False), most_bytes):
                return None
            return os.open(name, _FILE, dir_fd=folder)
        except (OSError, ValueError):
            return None


def _is_small(facts: os.stat_result, most_bytes: int) -> bool:
    return stat.S_ISREG(facts.st_mode) and facts.st_size <= most_bytes
