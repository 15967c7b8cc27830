"""JSON as commands read and print it: numbers stay as PostgreSQL wrote them.

Money is exact. As floats, a cost of 0.00000001 would be printed as 1e-08.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import click


def load(text: str | bytes) -> Any:
    """The value of a JSON text; numbers with a fraction are Decimals."""
    return json.loads(text, parse_float=Decimal)


def dump(value: Any) -> str:
    """The value in one line, Decimals as they are."""
    return _dump(value, None)


def echo_json(value: Any) -> None:
    """Prints a value for people and scripts, a line a field."""
    click.echo(_dump(value, "\n"))


def echo_json_line(text: str) -> None:
    """Prints JSON that PostgreSQL wrote as one line (it breaks lines between values only)."""
    click.echo(text.replace("\n", " "))


def _dump(value: Any, line: str | None) -> str:
    # The json module cannot write a Decimal as a number.
    if isinstance(value, Decimal):
        return format(value, "f")
    if not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = None if line is None else f"{line}  "
    before, between, after = ("", ", ", "") if line is None else (inner, f",{inner}", line)
    if isinstance(value, dict):
        fields = (f"{json.dumps(name)}: {_dump(field, inner)}" for name, field in value.items())
        return f"{{{before}{between.join(fields)}{after}}}"
    return f"[{before}{between.join(_dump(member, inner) for member in value)}{after}]"
