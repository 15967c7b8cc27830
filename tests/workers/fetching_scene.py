"""What the tests of fetching stand on: a server that answers as told, names and a network of ours.

Nothing leaves this machine: host names are looked up in a dictionary, and connections to public
addresses take a detour to the server on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpcore
import pytest

from app.allowed_hosts import AllowedHosts
from workers.fetching import MediaFetcher
from workers.guarded_http import GuardedClient, Resolver
from workers.processors.base import ProcessingFailed
from workers.results import Item

MEGABYTE = 2**20
PUBLIC = "93.184.216.34"
CERTIFICATES = Path(__file__).parent / "certificates"

Script = bytes | Callable[[socket.socket], None]
"""What a server says: these bytes, or what the function sends; then it hangs up."""


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A response with its length; `content_encoding="gzip"` and the like add headers."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def redirect(location: str) -> bytes:
    return answer(status="302 Found", location=location)


class MediaServer:
    """Answers requests by their path with `scripts`, one a connection; 404 for other paths."""

    def __init__(self, tls: Path | None = None) -> None:
        self.scripts: dict[str, Script] = {}
        self.requests: list[str] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._tls = None
        if tls is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(tls)
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def accepted(self) -> int:
        """The connections until now; those that are still in the kernel's queue included."""
        with self._changed:
            before = self._marked = threading.Event()
        with socket.create_connection(("127.0.0.1", self.port)) as mark:
            mark.sendall(b"MARK")
            assert before.wait(10)
        return self.connections

    def close(self) -> None:
        self.stopping.set()
        with socket.create_connection(("127.0.0.1", self.port)):
            self._thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.stopping.is_set():
                connection.close()
                return
            if self._is_mark(connection):
                connection.close()
                self._marked.set()
                continue
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    @staticmethod
    def _is_mark(connection: socket.socket) -> bool:
        connection.settimeout(10)
        with contextlib.suppress(OSError):
            return connection.recv(4, socket.MSG_PEEK | socket.MSG_WAITALL) == b"MARK"
        return False

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls is not None:
                connection = stack.enter_context(
                    self._tls.wrap_socket(connection, server_side=True)
                )
            request = b""
            while b"\r\n\r\n" not in request:
                if not (some := connection.recv(65536)):
                    return
                request += some
            self.requests.append(request.decode())
            script = self.scripts.get(request.split()[1].decode(), answer(status="404 Not Found"))
            if isinstance(script, bytes):
                connection.sendall(script)
            else:
                script(connection)


@contextlib.contextmanager
def serving(tls: Path | None = None) -> Iterator[MediaServer]:
    server = MediaServer(tls)
    try:
        yield server
    finally:
        server.close()


class Names:
    """A resolver: numbers as the C library reads them, names from `known`, and no name server.

    Of a list of lists, each look-up takes the next; the last one stays.
    """

    def __init__(self, **known: Sequence[str] | Sequence[Sequence[str]]) -> None:
        self._known = {name.replace("_", "."): list(found) for name, found in known.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found: list[Any] | None = self._known.get(host.removesuffix("."))
        if found is None:
            numeric = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
            return [str(address[0]) for *_, address in numeric]
        if found and not isinstance(found[0], str):
            return list(found.pop(0) if len(found) > 1 else found[0])
        return found


class Detour(httpcore.AsyncNetworkBackend):
    """Notes where connections should go, and leads them to the server; `dead` ones to nobody."""

    def __init__(self, server: MediaServer, dead: Iterable[str] = ()) -> None:
        self.attempts: list[str] = []
        self._port = server.port
        self._dead = frozenset(dead)
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.attempts.append(host)
        if host in self._dead:
            raise httpcore.ConnectError
        return await self._network.connect_tcp("127.0.0.1", self._port, timeout)


def item(local_path: str | None = None, media_url: str | None = None) -> Item:
    return Item(
        seq=1,
        content_type="document",
        mime_type=None,
        local_path=local_path,
        media_url=media_url,
        external_id="x",
        caption=None,
        language=None,
    )


def fetch(
    wanted: Item | str,
    *,
    root: Path = Path("/nowhere"),
    allow: str = "",
    timeout: float = 10.0,
    read: float = 10.0,
    connect: float = 10.0,
    resolve: Resolver | None = None,
    network: httpcore.AsyncNetworkBackend | None = None,
    buckets: frozenset[str] = frozenset(),
) -> bytes:
    """The bytes of the medium, with a limit of one megabyte."""
    if isinstance(wanted, str):
        wanted = item(media_url=wanted)

    async def run() -> bytes:
        client = GuardedClient(
            AllowedHosts.parse(allow),
            "BACKSCROLL_MEDIA_ALLOW_HOSTS",
            connect_seconds=connect,
            read_seconds=read,
            resolve=resolve or Names(),
            network=network,
        )
        fetcher = MediaFetcher(root, 1, timeout, buckets=buckets, client=client)
        try:
            async with fetcher.fetch(wanted) as path:
                return path.read_bytes()
        finally:
            await fetcher.close()

    return asyncio.run(run())


def failure(wanted: Item | str, **how: Any) -> ProcessingFailed:
    with pytest.raises(ProcessingFailed) as caught:
        fetch(wanted, **how)
    return caught.value
