"""`backscroll prices ...`: the price book."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.cli.environment import database
from app.connecting import connect
from app.counted import counted
from app.prices import sync_prices
from app.settings import load_settings

_LIST = """
select p.provider, p.model, p.unit, p.usd, p.per_units, p.minimum_units,
       batch.iso_time(p.valid_from), p.source
from batch.model_prices as p
where (%(provider)s::text is null or p.provider = %(provider)s)
  and (%(model)s::text is null or p.model ilike '%%' || %(model)s || '%%')
order by p.provider, p.model, p.unit, p.valid_from
"""
_COLUMNS = ("provider", "model", "unit", "usd", "perUnits", "minimumUnits", "validFrom", "source")


@click.group()
def prices() -> None:
    """List the price book, and bring it up to date."""


@prices.command("sync")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sync(as_json: bool) -> None:
    """Take over the prices of the installed genai-prices.

    A changed price counts from now on. Prices entered by hand in SQL stay.
    """
    with (
        database(load_settings()) as address,
        connect(address.url, "backscroll prices") as connection,
    ):
        added = sync_prices(connection)
        (known,) = connection.execute("select count(*) from batch.model_prices").fetchone() or (0,)
    if as_json:
        click.echo(json.dumps({"added": added, "prices": known}, indent=2))
    else:
        click.echo(f"{counted(added, 'price')} added; the price book has {known}")


@prices.command("list")
@click.option("--provider", metavar="NAME", help="Only of this provider.")
@click.option("--model", metavar="TEXT", help="Only of models whose name contains this.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_prices(provider: str | None, model: str | None, as_json: bool) -> None:
    """List prices: US dollars per so many units, and since when."""
    with (
        database(load_settings()) as address,
        connect(address.url, "backscroll prices") as connection,
    ):
        rows = connection.execute(_LIST, {"provider": provider, "model": model}).fetchall()
    if as_json:
        listed: list[dict[str, Any]] = [
            dict(zip(_COLUMNS, map(_plain, row), strict=True)) for row in rows
        ]
        click.echo(json.dumps(listed, indent=2))
        return
    if not rows and (provider or model):
        click.echo("no such prices")
        return
    if not rows:
        click.echo("no prices; fill the book with `backscroll prices sync`")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("provider", "model", "USD", "per", "unit", "at least", "since", "source"):
        table.add_column(title, no_wrap=True)
    for name, of_model, unit, usd, per_units, minimum, since, source in rows:
        table.add_row(
            name,
            of_model,
            _plain(usd),
            f"{per_units:,.0f}",
            unit,
            _plain(minimum) if minimum else "",
            since[:10],
            source,
        )
    console = Console()
    Console(width=max(console.width, 130)).print(table)


def _plain(value: Any) -> str:
    """Numbers in full, without an exponent or needless zeros."""
    return value if isinstance(value, str) else format(value.normalize(), "f")
