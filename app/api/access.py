"""Who calls: API keys, their scopes, and the instances that a key is limited to.

Without a key nothing is served but what resources declare to be open. The key itself is kept
nowhere: its first part finds a row, and a SHA-256 tells whether the rest is right.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import falcon.asgi

from app.api.problems import BadRequest
from app.database import Database, Waited, waited

READ = "jobs:read"
WRITE = "jobs:write"
ADMIN = "admin"

_KEY = re.compile(r"bs_([0-9a-f]{12})_[0-9a-f]{64}")
_REMEMBERED_SECONDS = 2.0
"""So long a key may open things after it was revoked, if the notification of it is lost."""
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by which key. `instance_ids`: the only ones it may see; None: all."""

    key_id: UUID
    name: str
    scopes: frozenset[str]
    instance_ids: tuple[UUID, ...] | None

    @property
    def instances(self) -> list[UUID] | None:
        """As SQL functions take them."""
        return None if self.instance_ids is None else list(self.instance_ids)

    @property
    def actor(self) -> str:
        """As a job's events name it."""
        return f"{self.name} (API key)"

    def may(self, scope: str) -> bool:
        return scope in self.scopes or ADMIN in self.scopes


class KeyRing:
    """Finds out who calls; remembers keys that opened something for a moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[bytes, tuple[float, Caller]] = {}
        self._asking: dict[bytes, asyncio.Task[Caller | None]] = {}

    async def caller(self, key: str) -> Caller | None:
        """Whose key this is; None if it opens nothing. Raises DatabaseAway."""
        matched = _KEY.fullmatch(key)
        if matched is None:
            return None
        digest = hashlib.sha256(key.encode()).digest()
        known = self._remembered.get(digest)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        # Once for all requests that come with the same key meanwhile.
        asking = self._asking.get(digest)
        if asking is None:
            asking = asyncio.create_task(self._ask(matched[1], digest))
            self._asking[digest] = asking
        with (waited.get() or Waited()).counting():
            # One client that leaves does not take the answer from the others.
            return await asyncio.shield(asking)

    async def _ask(self, prefix: str, digest: bytes) -> Caller | None:
        waited.set(None)  # each of the requests counts for itself
        now = time.monotonic()
        caller = None
        try:
            rows = await self._database.rows("select * from batch.find_api_key(%s)", [prefix])
            if rows and hmac.compare_digest(digest, bytes(rows[0][2])):
                key_id, name, _, scopes, instances = rows[0]
                caller = Caller(
                    key_id,
                    name,
                    frozenset(scopes),
                    None if instances is None else tuple(instances),
                )
        finally:
            # Not if it was told meanwhile to ask again: another may be asking by now.
            is_current = self._asking.get(digest) is asyncio.current_task()
            if is_current:
                del self._asking[digest]
        if caller is not None and is_current:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[digest] = now + _REMEMBERED_SECONDS, caller
        return caller

    def forget(self) -> None:
        """Asks the database again for every key: one of them was revoked."""
        self._remembered.clear()
        self._asking.clear()


class Access:
    """Middleware: lets a request through to its resource only with a key that may do it.

    A resource with `is_open = True` needs none, nor does one with an `open_port` for requests that
    come in there. Otherwise GET and HEAD need the scope jobs:read
    and all other methods jobs:write, or `scope` of the resource for every method. The
    caller is at `req.context.caller`.
    """

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        resource: object,
        params: dict[str, Any],
    ) -> None:
        if getattr(resource, "is_open", False) or req.method == "OPTIONS":
            return  # browsers ask with OPTIONS, without a key, what they may do; it does nothing
        open_port = getattr(resource, "open_port", None)
        if open_port is not None and port_of(req) == open_port:
            return
        key = _given_key(req)
        if key is None:
            raise BadRequest(
                401, "give an API key, in the header x-api-key", {"WWW-Authenticate": "Bearer"}
            )
        caller = await self._keys.caller(key)
        if caller is None:
            raise BadRequest(
                401,
                "the API key is not one that can be used: it is wrong, expired or revoked",
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        scope = getattr(resource, "scope", None) or (
            READ if req.method in ("GET", "HEAD") else WRITE
        )
        if not caller.may(scope):
            raise BadRequest(
                403,
                f"this API key may not do this: it needs the scope {scope}",
                {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )
        req.context.caller = caller


def caller_of(req: falcon.asgi.Request) -> Caller:
    """Who sent this request to a resource that is not open."""
    caller: Caller = req.context.caller
    return caller


def port_of(req: falcon.asgi.Request) -> int | None:
    """Our own port at which a request came in: not what its Host header says."""
    server = req.scope.get("server")
    return server[1] if server else None


def _given_key(req: falcon.asgi.Request) -> str | None:
    key = req.get_header("x-api-key")
    if key is None:
        scheme, _, credentials = (req.auth or "").partition(" ")
        key = credentials if scheme.lower() == "bearer" else None
    return (key or "").strip() or None
