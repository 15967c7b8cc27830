"""Asking one after the other until somebody makes a text of the medium."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar, runtime_checkable

from workers.processors.base import (
    Extraction,
    Medium,
    ProcessingFailed,
    ProvidersAway,
    Usage,
)
from workers.providers.answers import Bill

T = TypeVar("T")


@runtime_checkable
class Paid(Protocol):
    """A processor that asks a provider."""

    provider: str
    model: str
    """Both '' where it is not known beforehand who is asked."""

    async def most_usage(self, medium: Medium) -> Usage | None:
        """The most that the medium can use if nothing is sent twice; None if it costs nothing.

        Raises ProcessingFailed as `process` does.
        """
        ...


async def first_text(
    asked: Sequence[T],
    stand_ins: Sequence[T],
    ask: Callable[[T], Awaitable[Extraction]],
    *,
    passes_on: Callable[[ProcessingFailed], bool],
) -> Extraction | None:
    """What the first makes of it that is there and can; None if there is nobody to ask.

    After a failure for which `passes_on` holds, the next is asked. `stand_ins` come last, and not
    while one before them is away: they do worse, and what they make would be kept for good.

    Raises ProvidersAway if one that might have done it is away, and else what the first raised
    that was asked. The result and the errors carry all that was used on the way.
    """
    bill = Bill()
    away: list[str] = []
    first_failure: ProcessingFailed | None = None
    for group in (asked, stand_ins):
        if group is stand_ins and away:
            break
        for each in group:
            try:
                made = await ask(each)
            except ProvidersAway as error:
                bill.add(error.usage)
                away.append(error.reason)
            except ProcessingFailed as failure:
                bill.add(failure.usage)
                if not passes_on(failure):
                    failure.usage = tuple(bill.usage)
                    raise
                first_failure = first_failure or failure
            else:
                return replace(made, usage=(*bill.usage, *made.usage)) if bill.usage else made
    if away:
        raise ProvidersAway("; ".join(dict.fromkeys(away)), bill.usage)
    if first_failure is not None:
        first_failure.usage = tuple(bill.usage)
        try:
            raise first_failure
        finally:
            del first_failure  # in whose traceback is this call, a circle otherwise
    return None


def is_of_another_kind(failure: ProcessingFailed) -> bool:
    """Whether somebody else may know the format."""
    return failure.code == "unsupported_format"
