"""`backscroll migrate` and `backscroll psql`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import click

from app.cli.environment import configure_logging, database
from app.database import connection_string
from app.migrate import migrate
from app.settings import load_settings


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to this release.

    Applies new migrations and re-installs all SQL functions and views, in one transaction: if
    anything fails, nothing has changed. Safe to repeat, and to run from two places at once.
    """
    settings = load_settings()
    configure_logging(settings)
    with database(settings) as address:
        for line in migrate(address.url).done:
            click.echo(line)


@click.command("psql", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql_command(arguments: tuple[str, ...]) -> None:
    """Open psql on the database, our schemas in its search_path.

    ARGUMENTS go to psql: backscroll psql -c 'select * from batch_jobs'
    """
    with database(load_settings()) as address:
        program = str(address.programs / "psql") if address.programs else "psql"
        # Ctrl-C is psql's: it ends a query, not the session.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            finished = subprocess.run(
                [program, "--dbname", connection_string(address.url, "psql"), *arguments],
                env={"PSQLRC": "/dev/null", **os.environ} if arguments else None,
                check=False,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        except FileNotFoundError:
            click.echo("psql is not installed here; install PostgreSQL's client", err=True)
            sys.exit(1)
    sys.exit(finished.returncode)
