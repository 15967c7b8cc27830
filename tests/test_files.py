"""Whether a folder of the user's can be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.doctor.machine_checks import check_media_root
from app.files import is_folder
from app.settings import load_settings


def test_a_folder_is_one_and_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert is_folder(tmp_path)
    assert not is_folder(tmp_path / "file")
    assert not is_folder(tmp_path / "nothing")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below one that this user may not pass through; root passes through all."""
    folder = Path("/closed/media")
    stat = Path.stat

    def refused(path: Path, **options: bool) -> object:
        if path == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", refused)
    return folder


def test_one_behind_a_closed_folder_is_none_to_us(closed: Path) -> None:
    assert not is_folder(closed)


def test_doctor_says_that_it_cannot_be_reached(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSCROLL_MEDIA_ROOT", str(closed))

    found = check_media_root(load_settings())

    assert (found.state, found.said) == ("fail", f"{closed} cannot be reached")
