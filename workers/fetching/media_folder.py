"""The media folder, and the way to its files that leads nowhere else."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from workers.fetching.size_limit import SizeLimit
from workers.processors.base import ProcessingFailed

_SHOWN_CHARACTERS = 200
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class HeldFile:
    """An open file of the media folder; whoever gets one closes it."""

    descriptor: int
    name: Path

    @property
    def path(self) -> Path:
        """A path that opens just this file, in child processes too, until it is closed.

        On Linux it is `/proc/<worker>/fd/<n>`: what has been put in the place of the name by the
        time that a parser opens it is not looked at. Elsewhere it is the name.
        """
        held = Path(f"/proc/{os.getpid()}/fd/{self.descriptor}")
        return held if held.exists() else self.name

    def close(self) -> None:
        os.close(self.descriptor)


class MediaFolder:
    """Files below `root`; a link within it may lead anywhere within it."""

    def __init__(self, root: Path, limit: SizeLimit) -> None:
        self._root = root
        self._limit = limit

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
            file = HeldFile(_open_beneath(root, path.relative_to(root).parts), path)
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
            facts = os.fstat(file.descriptor)
            _check_kind(facts, shown)
            self._limit.check(facts.st_size)
        except ProcessingFailed:
            file.close()
            raise
        return file


def _check_kind(facts: os.stat_result, shown: str) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ProcessingFailed("media_not_found", f"{shown} is not a file")


def _open_beneath(root: Path, parts: tuple[str, ...]) -> int:
    """Opens `parts` below `root`, none of which may be a link. Raises OSError."""
    *folders, name = parts
    place = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            inner = os.open(folder, _FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        return os.open(name, _FILE, dir_fd=place)
    finally:
        os.close(place)
