"""app.media_sample: sizes of files in the media folder, and of nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app import media_sample
from app.media_sample import mean_sizes


def test_the_mean_size_of_each_content_type(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.ogg").write_bytes(b"x" * 100)
    (tmp_path / "sub/b.ogg").write_bytes(b"x" * 300)
    (tmp_path / "c.pdf").write_bytes(b"x" * 50)

    sizes = mean_sizes(
        tmp_path,
        [("audio", "a.ogg"), ("audio", "sub/b.ogg"), ("audio", "gone.ogg"), ("document", "c.pdf")],
    )

    assert sizes == {"audio": 200, "document": 50}


@pytest.mark.parametrize("path", ["../secret", "link", "fifo", "", "sub", "a\x00b", "x" * 5000])
def test_nothing_but_files_in_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "media"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"x" * 100)
    (folder / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "fifo")

    assert mean_sizes(folder, [("audio", path)]) == {}
    assert mean_sizes(folder, [("audio", str(tmp_path / "secret"))]) == {}


def test_a_slow_folder_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_sample, "LONGEST_SECONDS", -1.0)
    (tmp_path / "a.ogg").write_bytes(b"x")

    assert mean_sizes(tmp_path, [("audio", "a.ogg")]) == {}
