"""`backscroll config`: the settings as this environment makes them."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from app.cli.environment import AS_JSON
from app.settings_listing import ListedSetting, listed_settings


@click.command("config")
@AS_JSON
def config_command(as_json: bool) -> None:
    """Show every setting, its value, and where it is from.

    Secrets are masked. Exit status 1 if one is wrong, or unknown.
    """
    listed = listed_settings()
    if as_json:
        click.echo(json.dumps([asdict(setting) for setting in listed], indent=2))
    else:
        width = max(len(setting.name) for setting in listed)
        for setting in listed:
            click.echo(f"{setting.name:{width}}  {setting.origin:11}  {_shown(setting)}")
    wrong = [setting for setting in listed if setting.problem]
    for setting in wrong:
        click.echo(f"{setting.name} {setting.problem}", err=True)
    sys.exit(1 if wrong else 0)


def _shown(setting: ListedSetting) -> str:
    mark = "  (!)" if setting.problem else ""
    return ("-" if setting.value is None else setting.value) + mark
