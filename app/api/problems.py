"""Errors as RFC 9457 problems: `application/problem+json` with a detail that says what to change.

Every exception is mapped here and nowhere else. Messages of the database never reach a client,
except those that our own SQL functions raise for it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import falcon
import falcon.asgi
import psycopg

from app import log_context
from app.database_errors import (
    DatabaseAway,
    Locked,
    NoConnection,
    ReadOnly,
    Refused,
    TookTooLong,
    UnusableInput,
)

logger = logging.getLogger(__name__)

MEDIA_PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = 2
NOT_MIGRATED = "the database is not migrated: run `backscroll migrate`"

TYPES: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""The titles of the problems by their HTTP status; docs/reference/problems.md explains each."""


class BadRequest(Exception):
    """A request that is refused before it reaches the database."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def add_error_handlers(app: falcon.asgi.App[Any, Any]) -> None:
    """Makes `app` answer every error as a problem."""
    app.set_error_serializer(_serialize_http_error)
    # The last added is asked first.
    app.add_error_handler(Exception, _unexpected)
    app.add_error_handler(falcon.HTTPError, _http_error)
    app.add_error_handler(DatabaseAway, _database_away)
    app.add_error_handler(NoConnection, _no_connection)
    app.add_error_handler(Locked, _locked)
    app.add_error_handler(ReadOnly, _read_only)
    app.add_error_handler(TookTooLong, _took_too_long)
    for missing in (
        psycopg.errors.UndefinedFunction,
        psycopg.errors.UndefinedTable,
        psycopg.errors.InvalidSchemaName,
    ):
        app.add_error_handler(missing, _not_migrated)
    app.add_error_handler(UnusableInput, _unusable_input)
    app.add_error_handler(Refused, _refused)
    app.add_error_handler(BadRequest, _bad_request)


def problem_type(status: int) -> str:
    """What a program knows a problem by. Statuses without a type of ours are about:blank."""
    title = TYPES.get(status)
    return f"urn:backscroll:problem:{title.lower().replace(' ', '-')}" if title else "about:blank"


def problem(status: int, detail: str, **more: Any) -> str:
    """The JSON text of a problem with this HTTP status."""
    request_id = log_context.request_id.get()
    return json.dumps(
        {
            "type": problem_type(status),
            "title": TYPES.get(status) or HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            **({"requestId": request_id} if request_id else {}),
            **more,
        }
    )


def answer_problem(resp: falcon.asgi.Response, status: int, detail: str, **more: Any) -> None:
    """Makes `resp` the problem."""
    resp.status = status
    resp.content_type = MEDIA_PROBLEM
    resp.text = problem(status, detail, **more)


def answer_unavailable(resp: falcon.asgi.Response, detail: str) -> None:
    """Makes `resp` a 503 that says when to ask again."""
    resp.set_header("Retry-After", str(RETRY_AFTER_SECONDS))
    answer_problem(resp, 503, detail)


async def _refused(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: Refused, params: Any
) -> None:
    if error.problems:
        answer_problem(
            resp,
            error.status,
            "; ".join(f"{each.field or 'body'}: {each.problem}" for each in error.problems),
            errors=[{"field": each.field, "detail": each.problem} for each in error.problems],
        )
    else:
        hint = f". {error.hint}" if error.hint else ""
        answer_problem(resp, error.status, f"{error.message}{hint}")


async def _bad_request(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: BadRequest, params: Any
) -> None:
    answer_problem(resp, error.status, error.detail)
    resp.set_headers(error.headers)


async def _unusable_input(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: UnusableInput, params: Any
) -> None:
    # In case it was our SQL that made the value.
    logger.warning("%s %s: %s", req.method, req.path, str(error).partition("\n")[0])
    answer_problem(
        resp,
        400,
        "the request holds a value that cannot be stored: a NUL character, half of a surrogate"
        " pair, or a number out of all range",
    )


async def _database_away(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: DatabaseAway, params: Any
) -> None:
    logger.warning("%s %s: the database is away: %s", req.method, req.path, error)
    answer_unavailable(resp, "the database cannot be reached now; try again in a moment")


async def _no_connection(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: NoConnection, params: Any
) -> None:
    logger.warning("%s %s: no connection to the database: %s", req.method, req.path, error)
    answer_unavailable(
        resp,
        "there is no free connection to the database now: too many requests want one, or it cannot"
        " be reached; try again in a moment",
    )


async def _locked(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: Locked, params: Any
) -> None:
    logger.warning("%s %s: %s", req.method, req.path, str(error).partition("\n")[0])
    answer_unavailable(
        resp, "somebody else holds a lock on what this would change; try again in a moment"
    )


async def _read_only(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: ReadOnly, params: Any
) -> None:
    logger.warning("%s %s: %s", req.method, req.path, str(error).partition("\n")[0])
    answer_unavailable(
        resp,
        "the database is read-only now (a standby, or its disk is full); try again in a moment",
    )


async def _took_too_long(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: TookTooLong, params: Any
) -> None:
    logger.warning("%s %s: %s", req.method, req.path, str(error).partition("\n")[0])
    answer_unavailable(resp, "the database took too long over this; try again in a moment")


async def _not_migrated(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: psycopg.Error, params: Any
) -> None:
    logger.error("%s %s: %s", req.method, req.path, error)
    answer_unavailable(resp, NOT_MIGRATED)


async def _unexpected(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: Exception, params: Any
) -> None:
    logger.error("%s %s failed", req.method, req.path, exc_info=error)
    answer_problem(resp, 500, "Backscroll failed to answer; its log says why")


async def _http_error(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, error: falcon.HTTPError, params: Any
) -> None:
    _serialize_http_error(req, resp, error)
    resp.status = error.status
    resp.set_headers(error.headers or {})


def _serialize_http_error(req: Any, resp: Any, error: falcon.HTTPError) -> None:
    status = error.status_code
    details = {
        404: f"there is nothing at {req.path}",
        405: f"{req.method} is not possible at {req.path}",
    }
    resp.content_type = MEDIA_PROBLEM
    resp.text = problem(status, error.description or details.get(status) or error.title or "")
