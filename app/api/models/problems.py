"""Errors: RFC 9457."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.api.models.base import Shape
from app.api.problems import TYPES, problem_type


class FieldProblem(Shape):
    """One field or parameter that cannot be used."""

    field: str
    """Its name; empty: the body as a whole."""
    detail: str
    """What to change."""


class Problem(Shape):
    """Why a request was refused, and what to change."""

    type: str = Field(
        json_schema_extra={"format": "uri", "enum": [problem_type(status) for status in TYPES]}
    )
    """Stable: what a program goes by."""
    title: str
    """The type's name, for people."""
    status: int = Field(ge=400, le=599)
    """The HTTP status, once more."""
    detail: str
    """What is wrong and what to do about it, for people; it may change."""
    request_id: str
    """Names the request in the log, as the header `X-Request-Id` does."""
    errors: list[FieldProblem] | None = None
    """Every field and parameter at fault; only where `status` is 422."""


class Health(Shape):
    """The process is alive."""

    status: Literal["ok"]


class Readiness(Shape):
    """The database is there, and of this release."""

    status: Literal["ready"]
