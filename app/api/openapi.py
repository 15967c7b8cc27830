"""The OpenAPI 3.1 document: the routes that the application has, as `app.api.operations` describes
them, with the shapes of `app.api.models`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import falcon.asgi
import falcon.inspect
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from app import __version__
from app.api.description import Answer, Body, Operation, Parameter
from app.api.models.callbacks import WebhookPayload
from app.api.models.jobs import JobEvent, JobStatus
from app.api.models.live import StreamEnd, StreamNotice
from app.api.models.problems import Problem
from app.api.operations import OPERATIONS, PATH_PARAMETERS, TAGS, WEBHOOK_EXAMPLE, WEBHOOK_HEADERS
from app.api.problems import MEDIA_PROBLEM, RETRY_AFTER_SECONDS, TYPES, problem_type

Document = dict[str, Any]

_ABOUT = """\
Backscroll turns the media of old chats into text, in bulk. Create a job, follow it, read what
became of its items.

JSON in camelCase; times are ISO 8601 in UTC with milliseconds; money is US dollars as exact
decimals: read it with a decimal parser. HEAD goes wherever GET goes.

Give an API key (`backscroll keys create`) in the header `x-api-key`, or as a bearer token. A key
that is limited to instances finds the jobs of these alone. Errors are problems as RFC 9457 has
them; go by their `type`.
"""
_REFERENCE = "#/components/schemas/{model}"
_EVENTS: Final = (JobStatus, JobEvent, StreamNotice, StreamEnd)
"""The shapes of what streams send."""

HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Location": {
        "description": "Where the job is.",
        "schema": {"type": "string", "pattern": "^/api/v1/batch-jobs/[0-9a-f-]{36}$"},
    },
    "Idempotency-Replayed": {
        "description": "`true`: an earlier request with this key made the job.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "In so many seconds it is worth trying again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1, "examples": [RETRY_AFTER_SECONDS]},
    },
    "X-Request-Id": {
        "description": "Names this request in the log: yours, if you have sent one.",
        "required": True,
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "Why the key does not do.",
        "required": True,
        "schema": {"type": "string", "pattern": "^Bearer"},
    },
    "Content-Disposition": {
        "description": "The name to save it under.",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "Send it back as `If-None-Match`.",
        "schema": {"type": "string"},
    },
}
_PROBLEM_HEADERS: Final = {401: "WWW-Authenticate", 403: "WWW-Authenticate", 503: "Retry-After"}
_PROBLEMS: Final[Mapping[int, str]] = {
    400: "The request cannot be read: its body is no JSON, or it holds what cannot be stored.",
    401: "No API key, or none that can be used.",
    403: "The key may not do this.",
    404: "There is no such thing, or the key may not see it.",
    408: "The body did not arrive in time.",
    409: "The job is in a state in which that cannot be done.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is not declared as `application/json`.",
    422: "Fields or parameters cannot be used; `errors` names each.",
    431: "The headers are too many or too long.",
    500: "A defect of Backscroll; its log says which.",
    503: "The database cannot be reached now, takes too long, or is not migrated.",
}


def openapi(app: falcon.asgi.App[Any, Any]) -> Document:
    """The document of the routes of `app`. Raises LookupError for a route without description."""
    shapes = _Shapes()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Backscroll",
            "version": __version__,
            "summary": "Turns the media of old chats into text",
            "description": _ABOUT,
        },
        "servers": [{"url": "/", "description": "Where this document comes from"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": _paths(app, shapes),
        "webhooks": {"batchJob": {"post": _webhook(shapes)}},
        "components": {
            "schemas": shapes.all(),
            "responses": {_name(status): _problem_answer(status) for status in _PROBLEMS},
            "headers": {name: dict(header) for name, header in HEADERS.items()},
            "links": _links(app),
            "securitySchemes": {
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-api-key",
                    "description": "A key that `backscroll keys create` has made.",
                },
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The same key as a bearer token.",
                },
            },
        },
    }


def routes(app: falcon.asgi.App[Any, Any]) -> Iterator[tuple[str, str]]:
    """(method, route) of what the application answers, without HEAD and OPTIONS, which need no
    description, and without what only browsers ask for: resources with `is_described = False`."""
    for route in falcon.inspect.inspect_routes(app):
        found = app._router.find(route.path)
        for method in route.methods:
            if (
                not method.internal
                and method.method not in ("HEAD", "OPTIONS")
                and found is not None
                and getattr(found[0], "is_described", True)
            ):
                yield method.method, route.path


def _paths(app: falcon.asgi.App[Any, Any], shapes: _Shapes) -> Document:
    served = set(routes(app))
    if unknown := served - OPERATIONS.keys():
        raise LookupError(f"not described in app.api.operations: {sorted(unknown)}")
    links = {name: {"$ref": f"#/components/links/{name}"} for name in _links(app)}
    paths: Document = {}
    for (method, route), operation in OPERATIONS.items():
        if (method, route) in served:
            path, names = _path(route)
            paths.setdefault(path, {})[method.lower()] = _operation(operation, names, links, shapes)
    return paths


def _links(app: falcon.asgi.App[Any, Any]) -> Document:
    """What can be done next with a job that was just created."""
    served = set(routes(app))
    return {
        operation.id: {
            "operationId": operation.id,
            "parameters": {PATH_PARAMETERS["job"].name: "$response.body#/id"},
        }
        for route, operation in OPERATIONS.items()
        if route in served and "{job}" in route[1]
    }


def _path(route: str) -> tuple[str, list[str]]:
    """The route as the document writes it, and the names of Falcon's parameters in it."""
    names = re.findall(r"{(\w+)}", route)
    return re.sub(r"{(\w+)}", lambda found: f"{{{PATH_PARAMETERS[found[1]].name}}}", route), names


def _operation(
    operation: Operation, names: list[str], links: Document, shapes: _Shapes
) -> Document:
    parameters = [*(PATH_PARAMETERS[name] for name in names), *operation.parameters]
    described: Document = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "security": [],
    }
    if operation.scope is not None:
        described["description"] += f"\n\nThe key needs the scope `{operation.scope}`."
        described["security"] = [{"apiKey": [operation.scope]}, {"bearer": [operation.scope]}]
    if parameters:
        described["parameters"] = [_parameter(each) for each in parameters]
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body.is_required,
            "content": _content(operation.body, shapes, "validation"),
        }
    problems = {*operation.problems, 500, 503}
    if operation.scope is not None:
        problems |= {401, 403, 431}
    if parameters:
        problems |= {400, 414}
    described["responses"] = {
        **{
            str(status): _answer(each, shapes) | ({"links": links} if status == 201 else {})
            for status, each in operation.answers.items()
        },
        **{
            str(status): {"$ref": f"#/components/responses/{_name(status)}"}
            for status in sorted(problems)
        },
    }
    return described


def _parameter(parameter: Parameter) -> Document:
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.is_required,
        **parameter.style,
        "schema": dict(parameter.schema),
    }
    if parameter.examples:
        described["examples"] = _examples(parameter.examples)
    return described


def _content(body: Body, shapes: _Shapes, mode: JsonSchemaMode) -> Document:
    schema = dict(body.shape) if isinstance(body.shape, dict) else shapes.of(body.shape, mode)
    return {body.media_type: {"schema": schema, "examples": _examples(body.examples)}}


def _examples(examples: Mapping[str, Any]) -> Document:
    return {name: {"value": example} for name, example in examples.items()}


def _answer(answer: Answer, shapes: _Shapes) -> Document:
    return {
        "description": answer.description,
        "headers": _headers(*answer.headers),
        "content": _content(answer.body, shapes, "serialization"),
    }


def _headers(*names: str) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def _problem_answer(status: int) -> Document:
    example: Document = {
        "type": problem_type(status),
        "title": TYPES[status],
        "status": status,
        "detail": _PROBLEMS[status],
        "requestId": "9f2c6e0b4a7d4d1c8f3e5b6a7c8d9e01",
    }
    if status == 422:
        wrong = {"field": "daysBack", "detail": "must be a whole number from 1 to 3650"}
        example |= {"detail": f"daysBack: {wrong['detail']}", "errors": [wrong]}
    return {
        "description": _PROBLEMS[status],
        "headers": _headers(*[_PROBLEM_HEADERS[status]] if status in _PROBLEM_HEADERS else []),
        "content": {
            MEDIA_PROBLEM: {
                "schema": {"$ref": _REFERENCE.format(model="Problem")},
                "examples": {"problem": {"value": example}},
            }
        },
    }


def _name(status: int) -> str:
    return TYPES[status].replace(" ", "")


def _webhook(shapes: _Shapes) -> Document:
    return {
        "operationId": "batchJobWebhook",
        "tags": ["Live"],
        "summary": "A job has completed, failed, been cancelled or paused",
        "description": "Posted to the job's `callbackUrl`, signed as the Standard Webhooks"
        " specification says, at least once, and again for hours until you answer with 2xx.",
        "security": [],
        "parameters": [_parameter(header) for header in WEBHOOK_HEADERS],
        "requestBody": {
            "required": True,
            "content": _content(
                Body(WebhookPayload, {"completed": WEBHOOK_EXAMPLE}), shapes, "serialization"
            ),
        },
        "responses": {"2XX": {"description": "Received; anything else is tried again."}},
    }


class _WithoutNoise(GenerateJsonSchema):
    """JSON Schema without the titles and null defaults that say what the names say."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> Document:
        return self.generate_inner(schema["schema"])


class _Shapes:
    """The schemas of components, gathered as operations refer to them."""

    def __init__(self) -> None:
        self._schemas: Document = {}
        for shape in (Problem, *_EVENTS):
            self.of(shape, "serialization")

    def of(self, shape: Any, mode: JsonSchemaMode) -> Document:
        """A schema that refers to components."""
        schema = TypeAdapter(shape).json_schema(
            mode=mode, ref_template=_REFERENCE, schema_generator=_WithoutNoise
        )
        for name, definition in schema.pop("$defs", {}).items():
            self._add(name, definition)
        if "title" not in schema:
            return schema
        name = schema["title"]
        self._add(name, schema)
        return {"$ref": _REFERENCE.format(model=name)}

    def all(self) -> Document:
        return dict(sorted(self._schemas.items()))

    def _add(self, name: str, definition: Document) -> None:
        schema = {key: value for key, value in definition.items() if key != "title"}
        if "properties" in schema:
            # What must be there first, otherwise in the order of the code.
            required = schema.get("required", [])
            schema["properties"] = dict(
                sorted(schema["properties"].items(), key=lambda each: each[0] not in required)
            )
        if self._schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two shapes are called {name}")
