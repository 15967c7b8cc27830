"""`/openapi.json`, and the page `/docs` that shows it. Both are open, and fetch nothing from
elsewhere: the page's viewer, Swagger UI, lies unchanged in `assets/swagger-ui`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import falcon
from falcon.asgi import App, Request, Response

from app.api.openapi import openapi

_ASSETS = Path(__file__).with_name("assets")
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Swagger UI's icons are data: addresses in its style sheet. Its styles are set by scripts, which
# needs no 'unsafe-inline'.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class _File:
    """Something that stays the same as long as this process runs."""

    data: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, data: bytes, media_type: str) -> _File:
        return cls(data, media_type, hashlib.sha256(data).hexdigest()[:32])

    def answer(self, req: Request, resp: Response) -> None:
        """Makes `resp` the file, or 304 if the client has it already."""
        resp.etag = self.etag
        # Kept by clients, and asked about every time: another release may have another.
        resp.set_header("Cache-Control", "no-cache")
        if any(known in ("*", self.etag) for known in req.if_none_match or ()):
            resp.status = falcon.HTTP_304
            return
        resp.content_type = self.media_type
        resp.data = self.data


class OpenApi:
    """`/openapi.json`, made of the routes that `app` has when it is first asked for."""

    is_open = True

    def __init__(self, app: App[Any, Any]) -> None:
        self._app = app

    @cached_property
    def _document(self) -> _File:
        text = json.dumps(openapi(self._app), ensure_ascii=False)
        return _File.of(text.encode(), falcon.MEDIA_JSON)

    async def on_get(self, req: Request, resp: Response) -> None:
        self._document.answer(req, resp)

    on_head = on_get


class DocsPage:
    """`/docs`, and what it loads from below itself."""

    is_open = True
    is_described = False

    def __init__(self) -> None:
        self._files: Mapping[str, _File] = {
            path.name: _File.of(path.read_bytes(), _MEDIA_TYPES[path.suffix])
            for path in sorted(_ASSETS.rglob("*"))
            if path.suffix in _MEDIA_TYPES
        }

    async def on_get(self, req: Request, resp: Response) -> None:
        resp.set_header("Content-Security-Policy", _CONTENT_SECURITY_POLICY)
        self._files["index.html"].answer(req, resp)

    async def on_get_asset(self, req: Request, resp: Response, asset: str) -> None:
        if asset not in self._files:
            raise falcon.HTTPNotFound
        self._files[asset].answer(req, resp)

    on_head = on_get
    on_head_asset = on_get_asset


def add_docs(app: App[Any, Any]) -> None:
    """Adds the document of all routes of `app`, and the page."""
    page = DocsPage()
    app.add_route("/openapi.json", OpenApi(app))
    app.add_route("/docs", page)
    app.add_route("/docs/{asset}", page, suffix="asset")
