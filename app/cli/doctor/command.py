"""The command itself: runs the checks in order, and tells what they found."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from app.cli.doctor.database_checks import check_database
from app.cli.doctor.findings import Finding, State, fail, ok
from app.cli.doctor.machine_checks import (
    check_disk,
    check_media_root,
    check_media_sample,
    check_providers,
    check_versions,
)
from app.cli.environment import AS_JSON, database
from app.embedded import EmbeddedPostgresError
from app.settings import read_settings

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


@click.command("doctor")
@click.option(
    "--providers", "ask_providers", is_flag=True,
    help="Also ask each provider for its models, to see that its key works; costs nothing.",
)  # fmt: skip
@AS_JSON
def doctor_command(ask_providers: bool, as_json: bool) -> None:
    """Check all that Backscroll stands on, and say how to mend it.

    The database, LISTEN, roles, media, providers, versions, clock and disk: exit status 1 if one
    of them fails.
    """
    findings = []
    for finding in _findings(ask_providers):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    sys.exit(any(finding.state is State.FAIL for finding in findings))


def _findings(ask_providers: bool) -> Iterator[Finding]:
    yield check_versions()
    settings, problems = read_settings()
    for name, said in problems.items():
        yield fail("settings", f"{name} {said}", "change it; `backscroll config` shows them all")
    if settings is None:
        return
    if not problems:
        yield ok("settings", "all known, and all can be used")
    yield check_media_root(settings)
    try:
        with database(settings, may_begin=True) as address:
            is_there = True
            for finding in check_database(address):
                is_there = is_there and (finding.check, finding.state) != ("database", State.FAIL)
                yield finding
            if is_there:
                yield check_media_sample(settings, address.url)
    except EmbeddedPostgresError as error:
        yield fail("database", str(error), "see what it says")
    yield from check_disk(settings)
    yield from check_providers(settings, ask=ask_providers)


def _show(finding: Finding) -> None:
    state = click.style(f"{finding.state.value:4}", fg=_COLOURS[finding.state])
    click.echo(f"{state}  {finding.check}: {finding.said}")
    if finding.mend:
        click.echo(f"      -> {finding.mend}")
