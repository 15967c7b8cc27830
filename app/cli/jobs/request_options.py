"""Options that say how a job is to be run, and the request they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_FIELDS = {
    "chat": "chatId",
    "days_back": "daysBack",
    "instance": "instanceId",
    "content_types": "contentTypes",
    "limit": "limit",
    "force": "force",
    "language": "language",
    "max_cost": "maxCostUsd",
    "failure_threshold": "failureThreshold",
    "priority": "priority",
    "lanes": "lanes",
    "callback_url": "callbackUrl",
    "metadata": "metadata",
}


class _Exact(click.ParamType[Decimal]):
    """A number as it is written: money is exact."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


EXACT = _Exact()


def _pairs(
    ctx: click.Context, param: click.Parameter, given: Sequence[str]
) -> dict[str, str] | None:
    pairs = [pair.partition("=") for pair in given]
    for name, separator, _ in pairs:
        if not name or not separator:
            raise click.BadParameter(f"{name!r} is not NAME=VALUE")
    return {name: value for name, _, value in pairs} or None


CONTENT_TYPES = click.option(
    "--content-type", "content_types", multiple=True, metavar="TYPE",
    help="audio, image, video or document; may be repeated [default: all].",
)  # fmt: skip
LIMIT = click.option(
    "--limit", type=int, metavar="N", help="At most N items, the newest first [default: all]."
)
LANGUAGE = click.option("--language", metavar="TAG", help="Such as en or pt-BR.")
MAX_COST = click.option(
    "--max-cost", type=EXACT, metavar="USD", help="Pause before it costs more than this."
)
NO_MAX_COST = click.option("--no-max-cost", is_flag=True, help="Lift the limit of its cost.")
PRIORITY = click.option(
    "--priority", type=int, metavar="N", help="-100 to 100; jobs of a higher one go first."
)
LANES = click.option(
    "--lanes", type=int, metavar="N", help="1 to 64: how many slices of it are run at a time."
)
FAILURE_THRESHOLD = click.option(
    "--failure-threshold", type=EXACT, metavar="SHARE",
    help="Such as 0.2: pause when more than a fifth of the items fail, after 100.",
)  # fmt: skip
CALLBACK_URL = click.option(
    "--callback-url", metavar="URL", help="Is called when it completes, fails, pauses ..."
)


def pairs_option(help_text: str) -> Callable[[Command], Command]:
    """The option --metadata, whose value is a dict, or None where it was not given."""
    return click.option(
        "--metadata", multiple=True, metavar="NAME=VALUE", callback=_pairs, help=help_text
    )


METADATA: Callable[[Any], Any] = pairs_option("Kept with the job, to find it by; may be repeated.")


def options(*wanted: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """A decorator that gives a command these options, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(wanted):
            command = option(command)
        return command

    return decorate


def request_of(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request for the options that were given."""
    request = {
        _FIELDS[name]: list(value) if isinstance(value, tuple) else value
        for name, value in given.items()
        if name in _FIELDS and value is not None and value is not False and value != ()
    }
    if given.get("no_max_cost"):
        if "maxCostUsd" in request:
            raise click.UsageError("give --max-cost or --no-max-cost, not both")
        request["maxCostUsd"] = None
    return request
