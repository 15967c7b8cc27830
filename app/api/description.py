"""How an operation of the API is described: what `app.api.openapi` makes a document of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.api.access import READ

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in a path, a query or a header; `schema` as JSON Schema."""

    name: str
    place: str
    description: str
    schema: Mapping[str, Any]
    is_required: bool = False
    style: Mapping[str, Any] = field(default_factory=dict)
    examples: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Body:
    """A body: a type that pydantic knows the JSON Schema of, or a JSON Schema itself."""

    shape: Any
    examples: Mapping[str, Any] = field(default_factory=dict)
    media_type: str = JSON
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered when all goes well. `headers` are names in `app.api.openapi.HEADERS`."""

    description: str
    body: Body
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route. `problems`: the statuses of its own; those that every operation
    can come to are added."""

    id: str
    tag: str
    summary: str
    description: str
    answers: Mapping[int, Answer]
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    problems: Sequence[int] = ()
    scope: str | None = READ
    """What the caller's key needs; None: the operation is open."""
