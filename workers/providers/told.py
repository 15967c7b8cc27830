"""The numbers that providers tell of what a request used, which may be anything.

A number that is not told is 0, and one that makes no sense is `SENSELESS`: the text was made all
the same, but nobody knows what it cost. The database knows the sign: `batch.is_believable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

SENSELESS = -1
MOST = 10**12
"""Far more than any request uses, and few enough digits to be passed on."""


def inner(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name; an empty one where something else is told, or nothing."""
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}


def count(*values: object) -> int:
    """The sum of numbers of tokens. Some tell them as texts."""
    counted = [_number(value) for value in values]
    if any(each < 0 or each != each.to_integral_value() for each in counted):
        return SENSELESS
    return int(sum(counted, Decimal(0)))


def length(value: object) -> Decimal:
    """Seconds, exactly as written."""
    return _number(value)


def _number(value: object) -> Decimal:
    if value is None:
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return Decimal(SENSELESS)
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return Decimal(SENSELESS)
    return number if number.is_finite() and 0 <= number <= MOST else Decimal(SENSELESS)
