"""Whatever a server answers, a download ends soon, small, and with a reason people can read."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from app.allowed_hosts import AllowedHosts
from tests.workers.fetching_scene import (
    CERTIFICATES,
    MEGABYTE,
    PUBLIC,
    Detour,
    MediaServer,
    Names,
    Script,
    answer,
    failure,
    fetch,
    redirect,
    serving,
)
from workers.guarded_http import GuardedClient

ALLOW = "127.0.0.1"


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with serving() as server:
        yield server


def without_end(start: bytes, piece: bytes, seconds: float = 0.0) -> Script:
    """Says `start`, then `piece` again and again until the other side hangs up."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(seconds)

    return send


def silent_after(start: bytes) -> Script:
    """Says `start`, then nothing until the other side hangs up."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        connection.recv(1)

    return send


def chunked(body: bytes, piece: int) -> bytes:
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)]
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
        b"%x\r\n%b\r\n" % (len(each), each) for each in [*pieces, b""]
    )


def until_closed(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n\r\n" + body


FORMS: list[Callable[[bytes], bytes]] = [
    answer,
    lambda body: chunked(body, 10_000),
    until_closed,
]


@pytest.mark.parametrize("form", FORMS, ids=["length", "chunked", "until closed"])
def test_a_medium_of_just_the_limit_is_fetched(
    server: MediaServer, form: Callable[[bytes], bytes]
) -> None:
    server.scripts["/a"] = form(b"x" * MEGABYTE)

    assert fetch(f"{server.url}/a", allow=ALLOW) == b"x" * MEGABYTE


@pytest.mark.parametrize("form", FORMS, ids=["length", "chunked", "until closed"])
def test_a_medium_of_one_byte_more_is_too_large(
    server: MediaServer, form: Callable[[bytes], bytes]
) -> None:
    server.scripts["/a"] = form(b"x" * (MEGABYTE + 1))

    assert failure(f"{server.url}/a", allow=ALLOW).code == "media_too_large"


def test_what_is_announced_as_too_large_is_not_waited_for(server: MediaServer) -> None:
    server.scripts["/a"] = silent_after(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n")

    assert failure(f"{server.url}/a", allow=ALLOW).code == "media_too_large"


def test_what_is_announced_as_too_large_fails_at_once_though_it_goes_on_coming(
    server: MediaServer,
) -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n"
    server.scripts["/a"] = without_end(start, b"x", 0.01)
    began = time.monotonic()

    failed = failure(f"{server.url}/a", allow=ALLOW)

    assert failed.code == "media_too_large"
    assert "the medium has 4768 MB" in failed.message
    assert time.monotonic() - began < 2


def test_an_answer_without_end_is_too_large(server: MediaServer) -> None:
    server.scripts["/a"] = without_end(until_closed(b""), b"x" * 65536)
    server.scripts["/b"] = without_end(chunked(b"", 1)[:-5], b"10000\r\n" + b"x" * 65536 + b"\r\n")

    assert failure(f"{server.url}/a", allow=ALLOW).code == "media_too_large"
    assert failure(f"{server.url}/b", allow=ALLOW).code == "media_too_large"


def test_a_body_in_the_smallest_pieces_leaves_room_for_others(server: MediaServer) -> None:
    server.scripts["/a"] = chunked(b"x" * 20_000, 1)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def run() -> int:
        client = GuardedClient(AllowedHosts.parse(ALLOW), "X")
        working = asyncio.create_task(others())
        async with client.stream("GET", f"{server.url}/a") as got:
            pieces = [chunk async for chunk in got.chunks()]
        working.cancel()
        await client.close()
        return len(pieces)

    assert asyncio.run(run()) == 20_000
    assert turns >= 20_000


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "gzip, gzip", "GZIP", "x"])
def test_a_compressed_answer_is_refused(server: MediaServer, coding: str) -> None:
    server.scripts["/a"] = answer(gzip.compress(b"x" * 100_000), content_encoding=coding)

    failed = failure(f"{server.url}/a", allow=ALLOW)

    assert failed.code == "download_failed"
    assert "compressed" in failed.message
    assert "accept-encoding: identity\r\n" in server.requests[0].lower()


def test_a_compressed_transfer_is_refused(server: MediaServer) -> None:
    server.scripts["/a"] = answer(gzip.compress(b"x"), transfer_encoding="gzip, chunked")

    assert failure(f"{server.url}/a", allow=ALLOW).code == "download_failed"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_an_answer_that_says_it_is_not_compressed_is_taken(
    server: MediaServer, coding: str
) -> None:
    server.scripts["/a"] = answer(b"plain", content_encoding=coding)

    assert fetch(f"{server.url}/a", allow=ALLOW) == b"plain"


def test_the_bytes_are_stored_as_they_come(server: MediaServer) -> None:
    packed = gzip.compress(b"a file that is itself compressed")
    server.scripts["/a.gz"] = answer(packed, content_type="application/gzip")

    assert fetch(f"{server.url}/a.gz", allow=ALLOW) == packed


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("204 No Content", "204 No Content"),
        ("206 Partial Content", "206 Partial Content"),
        ("201 Created", "201 Created"),
        ("304 Not Modified", "304 Not Modified"),
        ("300 Multiple Choices", "300 Multiple Choices"),
        ("401 Unauthorized", "401 Unauthorized"),
        ("404 <script>alert(1)</script>", "404 Not Found"),
        ("410 Gone", "410 Gone"),
        ("429 Slow Down", "429 Too Many Requests"),
        ("500 Oops", "500 Internal Server Error"),
        ("799 What", "799"),
    ],
)
def test_an_answer_that_is_no_success_is_named(server: MediaServer, status: str, says: str) -> None:
    server.scripts["/a"] = answer(b"" if status[:3] in ("204", "304") else b"body", status)

    failed = failure(f"{server.url}/a", allow=ALLOW)

    assert failed.code == "download_failed"
    assert failed.message == f"could not be fetched: the server answered {says}"


def test_a_redirect_without_an_address_is_no_success(server: MediaServer) -> None:
    server.scripts["/a"] = answer(status="302 Found")

    assert "302 Found" in failure(f"{server.url}/a", allow=ALLOW).message


@pytest.mark.parametrize("form", FORMS, ids=["length", "chunked", "until closed"])
def test_an_empty_answer_is_a_failed_download(
    server: MediaServer, form: Callable[[bytes], bytes]
) -> None:
    server.scripts["/a"] = form(b"")

    failed = failure(f"{server.url}/a", allow=ALLOW)

    assert failed.code == "download_failed"
    assert "no content" in failed.message


NOT_HTTP: list[tuple[str, Script]] = [
    ("nothing at all", b""),
    ("half a line", b"HTTP/1.1 20"),
    ("half the headers", b"HTTP/1.1 200 OK\r\nContent-Le"),
    ("no http", b"SSH-2.0-OpenSSH_9.6\r\n"),
    ("old http", b"<html>hello</html>"),
    ("a status that is no number", b"HTTP/1.1 abc OK\r\n\r\n"),
    ("a negative length", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"),
    ("a length of 5000 digits", b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"),
    ("two lengths", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy"),
    ("less than announced", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this"),
    ("a chunk cut off", chunked(b"x" * 1000, 500)[:-400]),
    ("a chunk of no length", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx"),
    ("an endless header", without_end(b"HTTP/1.1 200 OK\r\nA: ", b"x" * 65536)),
    ("endless headers", without_end(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 10_000)),
    ("an endless chunk length", without_end(chunked(b"", 1)[:-5], b"0" * 65536)),
    ("an endless trailer", without_end(chunked(b"x", 1)[:-2], b"A: b\r\n" * 10_000)),
    ("an endless status line", without_end(b"HTTP/1.1 200 ", b"x" * 65536)),
]


@pytest.mark.parametrize(
    "script", [each for _, each in NOT_HTTP], ids=[name for name, _ in NOT_HTTP]
)
def test_what_is_not_http_is_a_failed_download(server: MediaServer, script: Script) -> None:
    server.scripts["/a"] = script

    failed = failure(f"{server.url}/a", allow=ALLOW)

    assert failed.code == "download_failed"
    assert len(failed.message) < 100


def test_a_connection_reset_is_a_failed_download(server: MediaServer) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    server.scripts["/a"] = reset

    assert failure(f"{server.url}/a", allow=ALLOW).code == "download_failed"


def test_nobody_answering_is_a_failed_download() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and does not listen
        failed = failure(f"http://127.0.0.1:{deaf.getsockname()[1]}/", allow=ALLOW)

    assert failed.code == "download_failed"
    assert "the host could not be reached: connection refused" in failed.message


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_a_server_that_falls_silent_is_given_up(server: MediaServer, start: bytes) -> None:
    server.scripts["/a"] = silent_after(start)

    failed = failure(f"{server.url}/a", allow=ALLOW, read=0.2)

    assert failed.message == "could not be fetched: nothing came for 0.2 s"


TRICKLES = {
    "body": without_end(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.01),
    "headers": without_end(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", 0.01),
    "patience": without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "redirects": without_end(b"HTTP/1.1 302 Found\r\nLocation: /next\r\nA: ", b"x", 0.01),
}


@pytest.mark.parametrize("script", TRICKLES.values(), ids=TRICKLES.keys())
def test_a_download_has_an_end_however_slowly_it_comes(server: MediaServer, script: Script) -> None:
    server.scripts["/a"] = script

    failed = failure(f"{server.url}/a", allow=ALLOW, timeout=0.3)

    assert failed.code == "download_failed"
    assert failed.message == "not fetched within 0.3 s"


def test_patience_asked_for_without_end_does_not_stop_the_clock(server: MediaServer) -> None:
    server.scripts["/a"] = without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    assert failure(f"{server.url}/a", allow=ALLOW, timeout=0.3).code == "download_failed"


def test_a_name_server_that_does_not_answer_is_given_up() -> None:
    async def never(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    failed = failure("http://media.example/", resolve=never, connect=0.1)

    assert "could not be looked up in time" in failed.message


def test_redirects_are_followed_to_a_number(server: MediaServer) -> None:
    server.scripts |= {f"/{number}": redirect(f"/{number + 1}") for number in range(6)}
    server.scripts["/6"] = answer(b"reached")

    assert fetch(f"{server.url}/1", allow=ALLOW) == b"reached"
    assert failure(f"{server.url}/0", allow=ALLOW).message == (
        "could not be fetched: the server redirects more than 5 times"
    )


def test_the_body_of_a_redirect_is_not_read(server: MediaServer) -> None:
    server.scripts["/a"] = without_end(
        b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Encoding: gzip\r\n\r\n", b"x" * 65536
    )
    server.scripts["/b"] = answer(b"reached")

    assert fetch(f"{server.url}/a", allow=ALLOW) == b"reached"


def test_user_and_password_go_to_their_host_alone_and_into_no_text(
    server: MediaServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.scripts |= {"/a": redirect("/b"), "/b": redirect("http://other.example/c?token=hidden")}
    url = f"http://user:sec%20ret@media.example:{server.port}/a"
    known = Names(media_example=[PUBLIC], other_example=[PUBLIC])

    failed = failure(url, resolve=known, network=Detour(server))

    sent = ["authorization: basic dxnlcjpzzwmgcmv0" in each.lower() for each in server.requests]
    assert sent == [True, True, False]
    assert "sec" not in failed.message
    assert "sec%20ret" not in caplog.text
    assert "hidden" not in failed.message + caplog.text


def test_cookies_are_not_carried_from_one_medium_to_the_next(server: MediaServer) -> None:
    server.scripts["/a"] = answer(b"", "302 Found", location="/b", set_cookie="session=1; path=/")
    server.scripts["/b"] = answer(b"reached")

    fetch(f"{server.url}/a", allow=ALLOW)

    assert "cookie" not in server.requests[1].lower()


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))


def fail_over_tls(certificate: str, host: str) -> str:
    with serving(CERTIFICATES / certificate) as server:
        server.scripts["/a"] = answer(b"this must not be fetched")
        known = Names(media_example=[PUBLIC], other_example=[PUBLIC])
        failed = failure(f"https://{host}/a", resolve=known, network=Detour(server))
        assert failed.code == "download_failed"
        assert server.requests == []
    return failed.message


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize("host", ["media.example", "media.example."])
def test_a_medium_is_fetched_over_tls(host: str) -> None:
    with serving(CERTIFICATES / "media.example.pem") as server:
        server.scripts["/a"] = answer(b"from afar")
        network = Detour(server)

        fetched = fetch(f"https://{host}/a", resolve=Names(media_example=[PUBLIC]), network=network)

    assert fetched == b"from afar"
    assert network.attempts == [PUBLIC]


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize("host", ["other.example", PUBLIC])
def test_a_certificate_for_another_host_is_refused(host: str) -> None:
    message = fail_over_tls("media.example.pem", host)

    assert "its certificate cannot be trusted" in message
    assert host in message


@pytest.mark.usefixtures("authority")
def test_a_certificate_that_has_expired_is_refused() -> None:
    assert "certificate has expired" in fail_over_tls("expired.pem", "media.example")


def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    assert "cannot be trusted" in fail_over_tls("media.example.pem", "media.example")


@pytest.mark.parametrize(("connect", "timeout"), [(0.2, 10.0), (10.0, 0.2)])
def test_a_server_that_does_not_speak_tls_is_given_up(
    server: MediaServer, connect: float, timeout: float
) -> None:
    url = f"https://127.0.0.1:{server.port}/a"

    failed = failure(url, allow=ALLOW, connect=connect, timeout=timeout)

    assert failed.code == "download_failed"
    assert "in time" in failed.message or "within 0.2 s" in failed.message
    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "javascript:1",
        "data:,x",
        "//127.0.0.1/x",
        "127.0.0.1/x",
        "http",
        "http:",
        "http://",
        "http:///x",
        "https://?x",
        "http://[x/y",
        "http://a b/",
        "unix:///run/docker.sock",
        "http+unix://%2Frun%2Fdocker.sock/x",
        "\x00http://127.0.0.1/",
        "http://\ud800/",
        "http://127.0.0.1/\ud800",
        "http://127.0.0.1/" + "x" * 70_000,
        "x" * 100_000,
        " ",
    ],
)
def test_only_http_addresses_are_fetched(url: str) -> None:
    failed = failure(url, allow="0.0.0.0/0")

    assert failed.code == "download_failed"
    assert len(failed.message) < 200


def test_a_client_for_other_uses_posts_and_does_not_follow(server: MediaServer) -> None:
    server.scripts["/hook"] = redirect("/elsewhere")

    async def run() -> int:
        client = GuardedClient(AllowedHosts.parse(ALLOW), "X")
        try:
            async with client.stream(
                "POST", f"{server.url}/hook", headers={"x-event": "done"}, content=b"{}"
            ) as got:
                return got.status
        finally:
            await client.close()

    assert asyncio.run(run()) == 302
    assert server.requests[0].startswith("POST /hook HTTP/1.1")
    assert "content-length: 2\r\n" in server.requests[0].lower()
    assert len(server.requests) == 1
