"""Http to one provider, of which a worker may have hundreds of requests under way.

aiohttp and not httpx, for what a request costs: see
`docs/decisions/2026-11-25-providers-over-aiohttp.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

from workers.providers.bodies import Sending

CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 2.0
"""Shorter than any server's: a request that meets its hanging up looks billed."""


class Client:
    """Sends requests below one address. Belongs to one event loop."""

    def __init__(self, base_url: str, headers: Mapping[str, str], *, through_proxies: bool) -> None:
        """`through_proxies` that the environment names, as `urllib.request` reads it."""
        self._url = URL(base_url)
        self._headers = {"User-Agent": "backscroll", **headers}
        if self._url.user:  # a proxy's of one's own, say: it stands for the key
            self._headers.pop("authorization", None)
        self._proxy = _proxy_for(base_url) if through_proxies else None
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Calling twice is safe."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def post(
        self, path: str, sending: Sending
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The answer to a request, of which only the head has come.

        It is sent once, whatever happens. Raises aiohttp.ClientError and TimeoutError.
        """
        if self._session is None:
            self._session = self._opened()
        return self._session.post(
            self._url.joinpath(path, encoded=True),
            data=sending.chunks,
            headers={"Content-Type": sending.mime_type, "Content-Length": str(sending.size)},
            allow_redirects=False,  # a redirect would take the key elsewhere
            proxy=self._proxy,
        )

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            headers=self._headers,
            connector=aiohttp.TCPConnector(
                limit=0,  # how many are in flight is the gate's and the worker's business
                keepalive_timeout=KEEP_ALIVE_SECONDS,
                ssl=httpx.create_ssl_context(),  # certifi's authorities: slim systems have none
            ),
            # How long an answer may take is the caller's to say.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,  # it would put what .netrc says in the place of the key
        )


def _proxy_for(address: str) -> str | None:
    parts, proxies = urlsplit(address), getproxies()
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy
