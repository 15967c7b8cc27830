"""All settings as `backscroll config` shows them: value, origin, what is wrong; never a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from psycopg import ProgrammingError, conninfo
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.settings import Settings, read_settings, unknown_settings

MASK = "********"
ENVIRONMENT = "environment"
DEFAULT = "default"

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*(?=@)")


@dataclass(frozen=True, slots=True)
class ListedSetting:
    """One setting, or a variable that only looks like one."""

    name: str
    value: str | None
    """As text, secrets masked; None: not set, and without a default."""
    origin: str
    """`environment` or `default`."""
    problem: str | None


def listed_settings() -> list[ListedSetting]:
    """Every setting, those of providers first, then the unknown variables."""
    _, problems = read_settings()
    given = {name.upper(): value for name, value in os.environ.items() if value}
    listed = []
    for field in Settings.model_fields.values():
        name = str(field.validation_alias)
        value = given.get(name)
        shown = _masked(field, value) if value is not None else _default(field)
        origin = DEFAULT if value is None else ENVIRONMENT
        listed.append(ListedSetting(name, shown, origin, problems.pop(name, None)))
    # A misspelt name may have a secret for its value.
    unknown = [
        ListedSetting(name, MASK, ENVIRONMENT, problems[name]) for name in unknown_settings()
    ]
    return listed + unknown


def masked_address(text: str) -> str:
    """The address of a database, without its passwords."""
    try:
        given = conninfo.conninfo_to_dict(text)
    except ProgrammingError:
        return MASK  # nobody can say where the password is in it
    secrets = {name: MASK for name in ("password", "sslpassword") if given.get(name)}
    # Written anew: of a URL, a password may stand in several places and be encoded.
    return conninfo.make_conninfo("", **{**given, **secrets}) if secrets else text


def _masked(field: FieldInfo, value: str) -> str:
    if any(part is SecretStr for part in _parts(field.annotation)):
        return MASK
    if str(field.validation_alias).startswith("DATABASE_"):
        return masked_address(value)
    return _CREDENTIALS.sub(MASK, value)


def _default(field: FieldInfo) -> str | None:
    if isinstance(field.default, float):
        return f"{field.default:g}"
    return None if field.default is None else str(field.default)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
