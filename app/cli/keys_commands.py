"""`backscroll keys ...`: who may call the API."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from app.cli.environment import AS_JSON, call, session

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


class _Time(click.DateTime):
    """Says what is allowed with examples, not with the codes of `strptime`."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(
                f"{value!r} is not a time such as 2027-01-31 or 2027-01-31T12:00:00+01:00",
                param,
                ctx,
            )


@click.group()
def keys() -> None:
    """Create, list and revoke the keys of the API."""


@keys.command("create")
@click.option("--name", required=True, help="Whose key it is; a job's events show it.")
@click.option(
    "--scopes", default="jobs:read,jobs:write", show_default=True, metavar="LIST",
    help="What it may do, with commas between: jobs:read, jobs:write, admin.",
)  # fmt: skip
@click.option(
    "--instances", metavar="UUIDS",
    help="The only instances whose jobs it sees and starts, with commas between [default: all].",
)  # fmt: skip
@click.option(
    "--expires", type=_Time(_TIMES), metavar="TIME",
    help="From when on it opens nothing any more, such as 2027-01-31 (UTC) [default: never].",
)  # fmt: skip
@AS_JSON
def create(
    name: str, scopes: str, instances: str | None, expires: datetime | None, as_json: bool
) -> None:
    """Create a key and show it, once: only a digest of it is kept."""
    with session("backscroll keys") as connection:
        made = call(
            connection,
            "select to_json(k) from batch.create_api_key(%s, %s, %s::uuid[], %s) as k",
            [name, _listed(scopes), None if instances is None else _uuids(instances),
             _in_utc(expires)],
        )  # fmt: skip
    if as_json:
        click.echo(json.dumps(made, indent=2))
        return
    click.echo(made["key"])
    click.echo("Keep it: it is not shown again. It goes into the header x-api-key.", err=True)


@keys.command("list")
@AS_JSON
def list_keys(as_json: bool) -> None:
    """List the keys, newest first; what would open anything is not shown."""
    with session("backscroll keys") as connection:
        known = call(connection, "select batch.list_api_keys()")
    if as_json:
        click.echo(json.dumps(known, indent=2))
        return
    if not known:
        click.echo("no keys; `backscroll keys create --help` says how to make one", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for title in ("id", "begins with", "name", "scopes", "instances", "last used", "state"):
        table.add_column(title, no_wrap=title == "id", overflow="fold")
    for key in known:
        table.add_row(
            key["id"],
            key["prefix"],
            key["name"],
            " ".join(key["scopes"]),
            " ".join(key["instances"] or ["all"]),
            key["lastUsedAt"] or "never",
            _state(key),
        )
    console = Console()
    Console(width=max(console.width, 150)).print(table)


@keys.command("revoke")
@click.argument("key", metavar="KEY")
@AS_JSON
def revoke(key: str, as_json: bool) -> None:
    """Revoke a key, named by its id, its beginning or its name: it opens nothing any more."""
    with session("backscroll keys") as connection:
        revoked = call(connection, "select batch.revoke_api_key(%s)::text", [key])
    click.echo(json.dumps({"id": revoked}) if as_json else f"revoked {revoked}")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _uuids(text: str) -> list[UUID]:
    try:
        return [UUID(part) for part in _listed(text)]
    except ValueError:
        raise click.BadParameter("uuids with commas between", param_hint="--instances") from None


def _in_utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _state(key: dict[str, object]) -> str:
    if key["revokedAt"]:
        return f"revoked {key['revokedAt']}"
    if key["isUsable"]:
        return f"until {key['expiresAt']}" if key["expiresAt"] else "usable"
    return f"expired {key['expiresAt']}"
