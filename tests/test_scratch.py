"""Temporary files go with the processes that made them, however these end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.scratch import Scratch, scratch_for_everything

HOLDER = """
import sys, tempfile
from pathlib import Path
from app.scratch import scratch_for_everything
with scratch_for_everything() as scratch:
    Path(tempfile.mkdtemp(), "voice").write_text("private")
    print(scratch.folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextmanager
def holder() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a file in its scratch folder, and that folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_what_a_killed_process_left_is_removed(temporary: Path) -> None:
    with holder() as (process, folder):
        process.kill()
        process.wait()
        assert list(folder.glob("*/voice"))

    scratch = Scratch()

    assert scratch.remove_abandoned() == [folder]
    assert list(temporary.iterdir()) == [scratch.folder]


def test_what_a_living_process_has_stays() -> None:
    with holder() as (process, folder):
        assert Scratch().remove_abandoned() == []
        process.send_signal(signal.SIGSTOP)
        assert Scratch().remove_abandoned() == []

        assert list(folder.glob("*/voice"))


def test_a_process_that_ends_leaves_nothing(temporary: Path) -> None:
    with holder() as (process, _):
        process.communicate("")

        assert process.returncode == 0
        assert list(temporary.iterdir()) == []


def test_nobody_else_can_look_inside() -> None:
    assert Scratch().folder.stat().st_mode & 0o077 == 0


def test_one_that_its_maker_could_not_lock_yet_is_not_used(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, make = Scratch(), tempfile.mkdtemp
    swept = []

    def made_and_swept_at_once(prefix: str) -> str:
        folder = make(prefix=prefix)
        if not swept:
            swept.extend(other.remove_abandoned())
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", made_and_swept_at_once)

    scratch = Scratch()

    assert len(swept) == 1
    assert scratch.folder not in swept
    assert scratch.folder.is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of other users")
def test_those_of_other_users_are_let_be(temporary: Path) -> None:
    theirs = temporary / "backscroll-scratch-theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)

    assert Scratch().remove_abandoned() == []

    assert theirs.is_dir()


def test_a_link_is_not_followed(temporary: Path) -> None:
    precious = temporary / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (temporary / "backscroll-scratch-link").symlink_to(precious)

    assert Scratch().remove_abandoned() == []

    assert (precious / "file").exists()


def test_programs_that_are_started_make_their_temporary_files_there() -> None:
    with scratch_for_everything() as scratch:
        said = subprocess.check_output(
            [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"], text=True
        )

        assert said.strip() == tempfile.gettempdir() == str(scratch.folder)

    assert tempfile.gettempdir() == os.environ["TMPDIR"] != said.strip()
