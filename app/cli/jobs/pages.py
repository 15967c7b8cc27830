"""Lists that PostgreSQL gives in pages: one page, or all of them in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import click
import psycopg

from app.cli import json_text
from app.cli.environment import call

_LARGEST_PAGE = 200


@dataclass(frozen=True)
class Paging:
    """Which part of a list is wanted."""

    limit: int
    cursor: str | None
    is_all: bool

    @classmethod
    def of(cls, given: dict[str, Any]) -> Paging:
        """From the options that `PAGED` gives a command."""
        return cls(given["limit"], given["cursor"], given["is_all"])


def PAGED(limit: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # noqa: N802
    """Options of a command that lists something; `limit` is the default."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "--cursor", metavar="TEXT", help="Go on behind a page: its nextCursor (--json)."
            ),
            click.option(
                "--all", "is_all", is_flag=True,
                help="All of them, however many; with --json one a line.",
            ),
            click.option(
                "--limit", type=int, default=limit, show_default=True, metavar="N",
                help="At most N, up to 200.",
            ),
        ):  # fmt: skip
            command = option(command)
        return command

    return decorate


def read_pages(
    connection: psycopg.Connection[Any],
    query: LiteralString,
    *,
    parameters: Sequence[Any] = (),
    filters: Mapping[str, str | None],
    paging: Paging,
    as_json: bool,
    heading: str,
    line: Callable[[dict[str, Any]], str],
) -> int:
    """Prints what the query lists, a `line` each below `heading`, and returns how many.

    `query` takes the parameters and then the filters as JSON, and gives {items, nextCursor}.
    """
    asked = {name: value for name, value in filters.items() if value is not None}
    asked["limit"] = str(_LARGEST_PAGE if paging.is_all else paging.limit)
    cursor = paging.cursor
    shown = 0
    while True:
        body = json_text.dump(asked | ({} if cursor is None else {"cursor": cursor}))
        page = json_text.load(call(connection, query, [*parameters, body]))
        if as_json and not paging.is_all:
            json_text.echo_json(page)
            return len(page["items"])
        if page["items"] and not shown and not as_json:
            click.echo(heading)
        for item in page["items"]:
            click.echo(json_text.dump(item) if as_json else line(item))
        shown += len(page["items"])
        cursor = page["nextCursor"]
        if cursor is None:
            return shown
        if not paging.is_all:
            click.echo("there are more: --all shows them", err=True)
            return shown
