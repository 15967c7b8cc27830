"""Media come from the media folder, never from outside it, or over http within limits."""

from __future__ import annotations

import asyncio
import gzip
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from workers.fetching import MediaFetcher
from workers.processors.base import ProcessingFailed
from workers.results import Item


def item(local_path: str | None = None, media_url: str | None = None) -> Item:
    return Item(
        seq=1,
        message_id=uuid4(),
        content_type="document",
        mime_type=None,
        local_path=local_path,
        media_url=media_url,
        external_id="x",
        caption=None,
        language=None,
    )


def fetch(root: Path, wanted: Item, *, timeout: float = 5.0) -> bytes:
    """The bytes of the medium, with a limit of one megabyte."""

    async def run() -> bytes:
        fetcher = MediaFetcher(root, max_megabytes=1, timeout_seconds=timeout)
        try:
            async with fetcher.fetch(wanted) as path:
                return path.read_bytes()
        finally:
            await fetcher.close()

    return asyncio.run(run())


def failure(root: Path, wanted: Item, *, timeout: float = 5.0) -> ProcessingFailed:
    with pytest.raises(ProcessingFailed) as caught:
        fetch(root, wanted, timeout=timeout)
    return caught.value


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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.strip("/").replace("-", "_")
        getattr(self, f"answer_{name}", self.answer_missing)()

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_missing(self) -> None:
        self.send(404, b"no")

    def answer_good(self) -> None:
        self.send(200, b"from afar")

    def answer_moved(self) -> None:
        self.send(302, b"", Location="/good")

    def answer_circle(self) -> None:
        self.send(302, b"", Location="/circle")

    def answer_file(self) -> None:
        self.send(302, b"", Location="file:///etc/passwd")

    def answer_big(self) -> None:
        self.send(200, b"x" * (2**20 + 1))

    def answer_squeezed(self) -> None:
        self.send(200, gzip.compress(b"x" * 5_000_000), Content_Encoding="gzip")

    def answer_cut_off(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def answer_never(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.server.released.wait(30)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Keeps the tests' output to the tests."""


@pytest.fixture
def address() -> Iterator[str]:
    """A media server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("place", ["good", "moved"])
def test_a_medium_is_fetched_from_its_address(root: Path, address: str, place: str) -> None:
    assert fetch(root, item(media_url=f"{address}/{place}")) == b"from afar"


def test_the_address_serves_when_the_local_file_is_gone(root: Path, address: str) -> None:
    assert fetch(root, item("gone.txt", f"{address}/good")) == b"from afar"


def test_the_address_does_not_excuse_a_path_that_leads_out(root: Path, address: str) -> None:
    assert failure(root, item("../secret.txt", f"{address}/good")).code == "media_outside_root"


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("missing", "404"),
        ("circle", "redirects"),
        ("file", "protocol"),
        ("squeezed", "compressed"),
        ("cut-off", "fetched"),
    ],
)
def test_a_download_that_fails_says_why(root: Path, address: str, place: str, says: str) -> None:
    failed = failure(root, item(media_url=f"{address}/{place}"))

    assert failed.code == "download_failed"
    assert says in failed.message


def test_a_download_over_the_limit_is_cut_short(root: Path, address: str) -> None:
    assert failure(root, item(media_url=f"{address}/big")).code == "media_too_large"


def test_a_download_has_an_end_however_slowly_it_comes(root: Path, address: str) -> None:
    failed = failure(root, item(media_url=f"{address}/never"), timeout=0.3)

    assert failed.code == "download_failed"
    assert "not fetched within" in failed.message


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:1", "http://", "http://[x/y"]
)
def test_only_http_addresses_are_fetched(root: Path, url: str) -> None:
    assert failure(root, item(media_url=url)).code == "download_failed"


def test_nobody_answering_is_a_failed_download(root: Path) -> None:
    assert failure(root, item(media_url="http://127.0.0.1:1/")).code == "download_failed"
