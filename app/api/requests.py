"""Reading requests: bodies of bounded size, query parameters, ids in paths."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from uuid import UUID

import falcon.asgi

from app.api.problems import BadRequest
from app.database_errors import Problem, Refused

LARGEST_BODY = 1_000_000
"""Bytes; a request for a job has a few hundred."""

_LONGEST_NUMBER = 1000
# In a query string `+` stands for a space, and few people write %2B in a time's zone.
_SPACE_BEFORE_A_ZONE = re.compile(r"(T\d\d[\d:.]*) (\d\d(?::?\d\d)?)$")


async def json_body(req: falcon.asgi.Request) -> str:
    """The body as JSON text that PostgreSQL takes. Raises BadRequest: 400, 408, 413 or 415."""
    if not (req.content_type or "").partition(";")[0].strip().lower() == "application/json":
        raise BadRequest(415, "send JSON, with the header Content-Type: application/json")
    if (req.content_length or 0) > LARGEST_BODY:
        raise _too_large()
    body = await req.stream.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise _too_large()
    if not body.strip():
        raise BadRequest(400, "the body is empty: send a JSON object")
    try:
        return json.dumps(
            json.loads(
                body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_int=_whole_number
            )
        )
    except RecursionError:
        raise BadRequest(400, "the body is not JSON that can be read: nested too deeply") from None
    except UnicodeDecodeError:
        raise BadRequest(400, "the body is not JSON: its bytes are not UTF-8") from None
    except ValueError as error:
        raise BadRequest(400, f"the body is not valid JSON: {error}") from None


async def optional_json_body(req: falcon.asgi.Request) -> str:
    """The body as `json_body` gives it; an empty object where there is none."""
    if not req.content_length and "transfer-encoding" not in req.headers:
        return "{}"
    return await json_body(req)


def _too_large() -> BadRequest:
    # The rest of the body is not read, so that nothing can follow it on this connection.
    return BadRequest(
        413, f"the body may have at most {LARGEST_BODY} bytes", {"Connection": "close"}
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _whole_number(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def query(req: falcon.asgi.Request) -> str:
    """The query's parameters as a JSON object of texts; a repeated one becomes a comma list."""
    return json.dumps(
        {
            name: _SPACE_BEFORE_A_ZONE.sub(
                r"\1+\2", value if isinstance(value, str) else ",".join(value)
            )
            for name, value in req.params.items()
        }
    )


def flag(req: falcon.asgi.Request, name: str) -> bool:
    """A query parameter that is `true` or `false`, absent: false. Raises Refused (422)."""
    value = req.params.get(name, "false")
    if value not in ("true", "false"):
        raise Refused(
            422, "the query has a problem", problems=[Problem(name, "must be true or false")]
        )
    return bool(value == "true")


def refuse_unknown(req: falcon.asgi.Request, *known: str) -> None:
    """Raises Refused (422) for a query parameter that is not in `known`: a misspelt one, or one
    that another route has, would be overlooked otherwise. What SQL is handed, SQL judges."""
    instead = f"unknown parameter; known are {', '.join(known)}" if known else "unknown parameter"
    unknown = [Problem(name, instead) for name in req.params if name not in known]
    if unknown:
        raise Refused(422, "the query has a problem", problems=unknown)


def job_id(text: str) -> UUID:
    """The id in a path. Raises Refused (404) for what cannot be one."""
    try:
        return UUID(text)
    except ValueError:
        raise Refused(404, f"no batch job {text}") from None


def answer_json(resp: Any, text: str) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.text = text
