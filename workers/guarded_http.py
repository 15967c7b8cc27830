"""An http client for addresses that strangers wrote: it goes to the public internet only.

A host is looked up once for each connection; every address that it has must be public, or allowed
by a setting; and the connection goes to an address so checked, by number. So it matters neither how
an address is written nor what a name server says later, and redirects are connections like any
other. It reads no proxy variables, keeps no cookies and unpacks nothing.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import os
import socket
import ssl
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import httpcore
import httpx

from app.allowed_hosts import Address, AllowedHosts, is_host_name
from workers.public_addresses import is_public

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives a host's addresses as text; OSError or UnicodeError if there are none."""

_LOOK_UPS_AT_ONCE = 32
_KEEP_ALIVE_SECONDS = 2.0
"""Shorter than servers keep idle connections, so that seldom one closes as we take it up."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"user-agent": "backscroll", "accept": "*/*", "accept-encoding": "identity"}


class RequestFailed(Exception):
    """No answer, or not all of it. The text is for people: one line, without credentials."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose body is still to be read."""

    status: int
    headers: httpx.Headers
    _response: httpcore.Response
    _read_seconds: float

    @property
    def named_status(self) -> str:
        """Such as `404 Not Found`."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body as it comes, without end if the server wants it so. Raises RequestFailed."""
        with _failures_named(self._read_seconds):
            async for chunk in self._response.aiter_stream():
                yield chunk
                # A body in pieces of one byte would otherwise keep all else in the process waiting.
                await asyncio.sleep(0)


class GuardedClient:
    """Sends requests to public hosts and to those that `allowed` lets through.

    The times are for one step each (a connection with its look-up; any one read); the time for the
    whole is the caller's to limit. `setting` is what a refusal tells people to set.
    """

    def __init__(
        self,
        allowed: AllowedHosts,
        setting: str,
        *,
        connect_seconds: float = 10.0,
        read_seconds: float = 30.0,
        resolve: Resolver | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._look_up = _SystemLookUp()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=None,
            max_keepalive_connections=20,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            network_backend=_GuardedNetwork(
                allowed, setting, resolve or self._look_up, network or httpcore.AnyIOBackend()
            ),
        )

    async def close(self) -> None:
        await self._pool.aclose()
        self._look_up.close()

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        redirects: int = 0,
    ) -> AsyncIterator[Answer]:
        """The answer, for as long as the context lasts; up to `redirects` are followed, by GET.

        A user and password in the address are sent to its own host only. With no redirect left
        to follow, one that a server asks for is a failure if `redirects` were allowed, and else
        an answer. Raises RequestFailed.
        """
        url = _parse(address)
        sent = {**_HEADERS, **(headers or {})}
        if url.userinfo:
            credentials = base64.b64encode(f"{url.username}:{url.password}".encode())
            sent["authorization"] = f"Basic {credentials.decode()}"
        for _ in range(redirects + 1):
            async with self._send(method, url, sent, content) as answer:
                location = answer.headers.get("location")
                if not redirects or location is None or answer.status not in _REDIRECTS:
                    yield answer
                    return
            following = _parse(location, url)
            if _origin(following) != _origin(url):
                sent.pop("authorization", None)
            url, method, content = following, "GET", None
        raise RequestFailed(f"the server redirects more than {redirects} times")

    @contextlib.asynccontextmanager
    async def _send(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None
    ) -> AsyncIterator[Answer]:
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=_lines(url, headers, content),
            content=content,
            extensions={
                "sni_hostname": _host(url).removesuffix("."),
                "timeout": {
                    "connect": self._connect_seconds,
                    "read": self._read_seconds,
                    "write": self._read_seconds,
                },
            },
        )
        with _failures_named(self._read_seconds):
            response = await self._handle(request, is_repeatable=method == "GET")
        try:
            yield Answer(
                response.status, httpx.Headers(response.headers), response, self._read_seconds
            )
        finally:
            await response.aclose()

    async def _handle(self, request: httpcore.Request, is_repeatable: bool) -> httpcore.Response:
        try:
            return await self._pool.handle_async_request(request)
        except (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError) as error:
            # What an idle connection looks like that the server closed as we took it up.
            broke_off = not isinstance(error, httpcore.RemoteProtocolError) or _hung_up(error)
            if not (is_repeatable and broke_off):
                raise
        return await self._pool.handle_async_request(request)


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to hosts by the addresses that it has checked."""

    def __init__(
        self,
        allowed: AllowedHosts,
        setting: str,
        resolve: Resolver,
        network: httpcore.AsyncNetworkBackend,
    ) -> None:
        self._allowed = allowed
        self._setting = setting
        self._resolve = resolve
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Tries the host's addresses in turn; each gets its share of what is left of the time."""
        ends_at = None if timeout is None else time.monotonic() + timeout
        addresses = await self._addresses(host, port, timeout)
        for left in range(len(addresses), 0, -1):
            try:
                stream = await self._network.connect_tcp(
                    str(addresses[-left]),
                    port,
                    timeout=None
                    if ends_at is None
                    else max(0.0, ends_at - time.monotonic()) / left,
                    local_address=local_address,
                    socket_options=socket_options,
                )
                return _Connection(stream)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if left == 1:
                    raise
        raise RequestFailed(f"the host {host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise RequestFailed("sockets of this machine are not reached")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        """The host's addresses, of which every one may be reached. Raises RequestFailed."""
        try:
            addresses: Sequence[Address] = [ip_address(host)]
        except ValueError:
            addresses = await self._looked_up(host, port, timeout)
        for address in addresses:
            # A name's address is not told: it would map the inside of a network to outsiders.
            if not (is_public(address) or self._allowed.allow(host, address, port)):
                raise RequestFailed(
                    f"{host} is not on the public internet; to reach it all the same,"
                    f" name it in {self._setting}"
                )
        return addresses

    async def _looked_up(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        try:
            async with asyncio.timeout(timeout):
                found = await self._resolve(host, port)
            return [ip_address(text) for text in dict.fromkeys(found)]
        except TimeoutError:
            raise RequestFailed(f"the host name {host} could not be looked up in time") from None
        except (OSError, ValueError):  # UnicodeError is a ValueError
            raise RequestFailed(f"the host name {host} cannot be found") from None


class _Connection(httpcore.AsyncNetworkStream):
    """A connection that is closed if it is given up before TLS is agreed on.

    httpcore 1.0 closes it after an error, and leaves it open when the request is cancelled.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self._stream.aclose()
            raise

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _SystemLookUp:
    """The machine's own resolver, in threads apart: slow name servers hold up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOK_UPS_AT_ONCE, thread_name_prefix="look-up")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(address[0]) for *_, address in found]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _parse(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """The address, if it is one of http that can be sent. Raises RequestFailed."""
    what = "the address" if base is None else "the address that the server redirects to"
    try:
        url = httpx.URL(text.strip()) if base is None else base.join(text.strip())
        port = url.port
        host = _host(url)
    except (httpx.InvalidURL, ValueError):  # UnicodeError is a ValueError
        raise RequestFailed(f"{what} is not valid") from None
    if url.scheme not in ("http", "https"):
        raise RequestFailed(f"{what} is not one of http or https")
    if port is not None and not 1 <= port <= 65535:
        raise RequestFailed(f"{what} has no valid port")
    if ":" not in host and not is_host_name(host):
        raise RequestFailed(f"{what} has no valid host name")
    return url


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, url.port or {"http": 80}.get(url.scheme, 443)


def _lines(
    url: httpx.URL, headers: Mapping[str, str], content: bytes | None
) -> list[tuple[str, str]]:
    lines = [("host", url.netloc.decode("ascii")), *headers.items()]
    return lines if content is None else [*lines, ("content-length", str(len(content)))]


@contextlib.contextmanager
def _failures_named(read_seconds: float) -> Iterator[None]:
    """Turns what httpcore raises into RequestFailed, in words of our own."""
    try:
        yield
    except httpcore.ConnectTimeout:
        reason = "the host did not take the connection in time"
    except httpcore.ConnectError as error:
        reason = _why_not_connected(error)
    except httpcore.TimeoutException:
        reason = f"nothing came for {read_seconds:g} s"
    except httpcore.RemoteProtocolError as error:
        reason = (
            "the server broke off before the end of its answer"
            if _hung_up(error)
            else "the answer is not valid http, or its headers are too long"
        )
    except httpcore.NetworkError:
        reason = "the connection broke off"
    except httpcore.LocalProtocolError:
        reason = "the address cannot be put into a request"
    else:
        return
    raise RequestFailed(reason) from None


def _hung_up(error: httpcore.RemoteProtocolError) -> bool:
    """Whether the server closed the connection; httpcore and h11 say so in the text alone."""
    return "disconnected" in str(error) or "closed connection" in str(error)


def _why_not_connected(error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "no secure connection could be agreed on"
        if (
            isinstance(cause, OSError)
            and cause.errno is not None
            and cause.errno in errno.errorcode
        ):
            return f"the host could not be reached: {os.strerror(cause.errno).lower()}"
    return "the host could not be reached"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__
