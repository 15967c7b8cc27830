"""The media folder, and the way to its files that leads nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workers.fetching.size_limit import SizeLimit
from workers.processors.base import ProcessingFailed

_SHOWN_CHARACTERS = 200
_HAS_PROC = Path("/proc/self/fd").is_dir()
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An open file of the media folder; whoever gets one closes it."""

    descriptor: int
    name: Path
    size: int

    @property
    def path(self) -> Path:
        """A path that opens just this file, in child processes too, until it is closed.

        On Linux it is `/proc/<worker>/fd/<n>`: what has been put in the place of the name by the
        time that a parser opens it is not looked at. Elsewhere it is the name.
        """
        return Path(f"/proc/{os.getpid()}/fd/{self.descriptor}") if _HAS_PROC else self.name

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
        root = self._root.resolve()
        with ExitStack() as opened:
            folders: dict[str, int] = {}

            def folder_of(place: str) -> int:
                if place not in folders:
                    folder = _open_folder(root, PurePosixPath(place).parts)
                    opened.callback(os.close, folder)
                    folders[place] = folder
                return folders[place]

            return [_open_small(folder_of, root, path, most_bytes) for path in local_paths]

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
        return HeldFile(descriptor, path, facts.st_size)


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


def _open_small(
    folder_of: Callable[[str], int], root: Path, local_path: str, most_bytes: int
) -> HeldFile | None:
    place, _, name = local_path.rpartition("/")
    if local_path.startswith("/") or name in ("", ".", "..") or ".." in place:
        return None
    try:
        folder = folder_of(place)
        # Looked at before it is opened: opening a pipe or a device does something to it.
        if not _is_small(os.stat(name, dir_fd=folder, follow_symlinks=False), most_bytes):
            return None
        file = os.open(name, _FILE, dir_fd=folder)
        facts = os.fstat(file)
    except (OSError, ValueError):
        return None
    if not _is_small(facts, most_bytes):
        os.close(file)
        return None
    return HeldFile(file, root if _HAS_PROC else root / local_path, facts.st_size)


def _is_small(facts: os.stat_result, most_bytes: int) -> bool:
    return stat.S_ISREG(facts.st_mode) and facts.st_size <= most_bytes
