"""`backscroll webhooks ...`: what receivers of webhooks need to know."""

from __future__ import annotations

import json

import click

from app.cli.environment import AS_JSON, call, session
from app.settings import load_settings


@click.group()
def webhooks() -> None:
    """Show what webhooks are signed with."""


@webhooks.command("secret")
@AS_JSON
def secret(as_json: bool) -> None:
    """Print the secret that receivers verify webhooks with.

    It is BACKSCROLL_WEBHOOK_SECRET, or, where that is not set, the one that the database has made.
    Of several in the setting each is printed: any one of them verifies.
    """
    setting = load_settings().webhook_secret
    if setting is not None:
        secrets = setting.get_secret_value().split()
    else:
        with session("backscroll webhooks") as connection:
            secrets = [call(connection, "select batch.webhook_secret()")]
    if as_json:
        source = "the database" if setting is None else "BACKSCROLL_WEBHOOK_SECRET"
        click.echo(json.dumps({"secrets": secrets, "from": source}, indent=2))
        return
    for each in secrets:
        click.echo(each)
