"""Media come from the media folder, never from outside it, or from their address."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from app.allowed_hosts import AllowedHosts
from tests.processes import open_files
from tests.workers import fetching_scene
from tests.workers.fetching_scene import answer, item, serving
from workers.fetching import MediaFetcher, media_folder
from workers.fetching.media_folder import HeldFile, MediaFolder
from workers.fetching.size_limit import SizeLimit
from workers.processors.base import ProcessingFailed
from workers.results import Item


def fetch(root: Path, wanted: Item) -> bytes:
    return fetching_scene.fetch(wanted, root=root, allow="127.0.0.1")


def failure(root: Path, wanted: Item) -> ProcessingFailed:
    return fetching_scene.failure(wanted, root=root, allow="127.0.0.1")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A media folder with one file, and a secret beside it."""
    (tmp_path / "secret.txt").write_text("secret")
    media = tmp_path / "media"
    (media / "inner").mkdir(parents=True)
    (media / "inner" / "a.txt").write_text("inside")
    return media


@pytest.mark.parametrize("path", ["inner/a.txt", "./inner/../inner/a.txt", "inner//a.txt"])
def test_a_path_in_the_media_folder_is_read(root: Path, path: str) -> None:
    assert fetch(root, item(path)) == b"inside"


def test_an_absolute_path_in_the_media_folder_is_read(root: Path) -> None:
    assert fetch(root, item(str(root / "inner" / "a.txt"))) == b"inside"


@pytest.mark.parametrize("path", ["../secret.txt", "inner/../../secret.txt", "/etc/passwd", ".."])
def test_a_path_that_leads_out_of_the_media_folder_is_refused(root: Path, path: str) -> None:
    assert failure(root, item(path)).code == "media_outside_root"


def test_a_folder_whose_name_begins_like_the_media_folder_is_outside(root: Path) -> None:
    sibling = root.parent / "media-private"
    sibling.mkdir()
    (sibling / "b.txt").write_text("private")

    assert failure(root, item("../media-private/b.txt")).code == "media_outside_root"


def test_a_symbolic_link_out_of_the_media_folder_is_refused(root: Path) -> None:
    (root / "file").symlink_to(root.parent / "secret.txt")
    (root / "folder").symlink_to(root.parent)

    assert failure(root, item("file")).code == "media_outside_root"
    assert failure(root, item("folder/secret.txt")).code == "media_outside_root"


def test_a_symbolic_link_within_the_media_folder_is_followed(root: Path) -> None:
    (root / "link").symlink_to(root / "inner" / "a.txt")

    assert fetch(root, item("link")) == b"inside"


def test_a_media_folder_that_is_itself_a_link_is_no_way_out(root: Path) -> None:
    link = root.parent / "linked"
    link.symlink_to(root)

    assert fetch(link, item("inner/a.txt")) == b"inside"


@pytest.mark.parametrize(
    "path", ["no-such.txt", "inner/a.txt/below", "inner", "x" * 5000, "a\x00b"]
)
def test_what_is_no_file_is_not_found(root: Path, path: str) -> None:
    assert failure(root, item(path)).code == "media_not_found"


def test_a_loop_of_links_is_not_found(root: Path) -> None:
    (root / "one").symlink_to(root / "two")
    (root / "two").symlink_to(root / "one")

    assert failure(root, item("one")).code == "media_not_found"


def test_a_pipe_is_refused_instead_of_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")

    assert failure(root, item("pipe")).code == "media_not_found"


def test_a_file_over_the_limit_is_refused(root: Path) -> None:
    (root / "big").write_bytes(b"x" * (2**20 + 1))

    assert failure(root, item("big")).code == "media_too_large"


def test_a_message_with_neither_path_nor_address_says_so(root: Path) -> None:
    assert failure(root, item()).code == "media_missing"


def test_a_file_of_just_the_limit_is_read(root: Path) -> None:
    (root / "big").write_bytes(b"x" * 2**20)

    assert len(fetch(root, item("big"))) == 2**20


def swap_after_the_check(monkeypatch: pytest.MonkeyPatch, swap: Any) -> None:
    """Has `swap` run once between the look at a path and its opening."""
    check = media_folder._check_kind
    pending = [swap]

    def check_and_swap(*args: Any) -> None:
        check(*args)
        if pending:
            pending.pop()()

    monkeypatch.setattr(media_folder, "_check_kind", check_and_swap)


def test_a_file_swapped_for_a_link_after_the_check_is_not_followed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        (root / "inner" / "a.txt").unlink()
        (root / "inner" / "a.txt").symlink_to(root.parent / "secret.txt")

    swap_after_the_check(monkeypatch, swap)

    assert failure(root, item("inner/a.txt")).code == "media_not_found"


def test_a_folder_swapped_for_a_link_after_the_check_is_not_followed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.parent / "other").mkdir()
    (root.parent / "other" / "a.txt").write_text("secret")

    def swap() -> None:
        (root / "inner").rename(root / "moved")
        (root / "inner").symlink_to(root.parent / "other")

    swap_after_the_check(monkeypatch, swap)

    assert failure(root, item("inner/a.txt")).code == "media_not_found"


def test_a_file_swapped_for_a_pipe_after_the_check_is_not_waited_for(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> None:
        (root / "inner" / "a.txt").unlink()
        os.mkfifo(root / "inner" / "a.txt")

    swap_after_the_check(monkeypatch, swap)

    assert failure(root, item("inner/a.txt")).code == "media_not_found"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has paths of open files")
def test_a_child_process_opens_the_file_that_was_checked_whatever_has_its_name(root: Path) -> None:
    held = MediaFolder(root, SizeLimit(1)).open("inner/a.txt")
    (root / "inner" / "a.txt").unlink()
    (root / "inner" / "a.txt").symlink_to(root.parent / "secret.txt")

    read = subprocess.run(
        [sys.executable, "-c", f"print(open({str(held.path)!r}).read())"],
        capture_output=True,
        text=True,
        check=True,
    )

    held.close()
    assert read.stdout == "inside\n"


def test_files_are_closed_after_use_and_after_failures(root: Path) -> None:
    (root / "big").write_bytes(b"x" * (2**20 + 1))
    fetch(root, item("inner/a.txt"))
    open_before = open_files()

    fetch(root, item("inner/a.txt"))
    for path in ("big", "inner", "none", "../secret.txt", "inner/a.txt/x"):
        failure(root, item(path))

    assert open_files() - open_before == set()


def test_a_file_opened_for_an_item_that_was_cancelled_is_closed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, go_on = threading.Event(), threading.Event()
    opened: list[HeldFile] = []
    really_open = MediaFolder.open

    def open_slowly(self: MediaFolder, local_path: str) -> HeldFile:
        opening.set()
        go_on.wait(10)
        opened.append(really_open(self, local_path))
        return opened[0]

    monkeypatch.setattr(MediaFolder, "open", open_slowly)

    async def run() -> None:
        fetcher = MediaFetcher(root, 1, 10)

        async def use() -> None:
            async with fetcher.fetch(item("inner/a.txt")):
                pass

        using = asyncio.create_task(use())
        await asyncio.to_thread(opening.wait, 10)
        using.cancel()
        await asyncio.wait([using])
        go_on.set()
        await asyncio.get_running_loop().shutdown_default_executor()
        await fetcher.close()

    asyncio.run(run())

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0].descriptor)


def test_the_address_serves_when_the_local_file_is_gone(root: Path) -> None:
    with serving() as server:
        server.scripts["/good"] = answer(b"from afar")

        assert fetch(root, item("gone.txt", f"{server.url}/good")) == b"from afar"


def test_the_address_does_not_excuse_a_path_that_leads_out(root: Path) -> None:
    with serving() as server:
        failed = failure(root, item("../secret.txt", f"{server.url}/good"))

        assert failed.code == "media_outside_root"
        assert server.accepted() == 0


def test_a_download_is_gone_from_the_disk_after_use(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    async def run(address: str) -> None:
        fetcher = MediaFetcher(root, 1, 10, allowed_hosts=AllowedHosts.parse("127.0.0.1"))
        try:
            async with fetcher.fetch(item(media_url=address)) as path:
                assert path.parent == scratch
                assert path.stat().st_mode & 0o077 == 0
            with pytest.raises(ProcessingFailed):
                async with fetcher.fetch(item(media_url=f"{address}/none")):
                    pass
        finally:
            await fetcher.close()

    with serving() as server:
        server.scripts["/good"] = answer(b"from afar")
        asyncio.run(run(f"{server.url}/good"))

    assert list(scratch.iterdir()) == []


def test_a_full_disk_is_a_failed_download(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server, Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda **_: full)
        server.scripts["/good"] = answer(b"from afar")

        failed = failure(root, item(media_url=f"{server.url}/good"))

    assert failed.code == "download_failed"
    assert "No space left" in failed.message


def opened_small(root: Path, *paths: str) -> list[str | None]:
    """What is in the files that are opened together."""
    files = MediaFolder(root, SizeLimit(1)).open_small(paths, 100)
    try:
        return [file and file.path.read_text() for file in files]
    finally:
        for file in files:
            if file is not None:
                file.close()


def test_small_files_are_opened_together_and_the_others_left(root: Path) -> None:
    (root / "inner" / "long.txt").write_text("x" * 101)
    inner = (root / "inner" / "a.txt").read_text()

    assert opened_small(
        root, "inner/a.txt", "none", "inner/long.txt", "inner", "", "inner/a.txt/x", "inner/a.txt"
    ) == [inner, None, None, None, None, None, inner]


def test_nothing_leads_out_of_the_media_folder_when_files_are_opened_together(root: Path) -> None:
    secret = root.parent / "secret.txt"
    secret.write_text("a secret")
    (root / "link").symlink_to(secret)
    (root / "folder").symlink_to(root.parent)

    assert (
        opened_small(
            root,
            "../secret.txt",
            "link",
            "folder/secret.txt",
            str(secret),
            "inner/../../secret.txt",
        )
        == [None] * 5
    )


def test_a_pipe_among_small_files_is_not_opened(root: Path) -> None:
    os.mkfifo(root / "a-pipe")

    assert opened_small(root, "a-pipe", "nul\0") == [None, None]


def test_files_opened_together_are_closed_again(root: Path) -> None:
    open_before = open_files()

    opened_small(root, "inner/a.txt", "none", "inner", "../secret.txt", "inner/a.txt/x")

    assert open_files() - open_before == set()
