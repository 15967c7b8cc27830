"""`backscroll migrate` and `backscroll psql`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import click
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from app.cli.environment import DatabaseAddress, configure_logging, database
from app.connecting import connection_string
from app.migrate import migrate
from app.settings import load_settings

_SEARCH_PATH = "-c search_path=batch,procrastinate,public"


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to this release.

    Applies new migrations and re-installs all SQL functions and views, in one transaction: if
    anything fails, nothing has changed. Safe to repeat, and to run from two places at once.
    """
    settings = load_settings()
    configure_logging(settings)
    with database(settings, may_begin=True) as address:
        for line in migrate(address.url).done:
            click.echo(line)


@click.command(
    "psql",
    # All that follows is psql's, -h (its host) too.
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": ["--help"],
    },
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql_command(arguments: tuple[str, ...]) -> None:
    """Open psql on the database, our schemas in its search_path.

    ARGUMENTS go to psql: backscroll psql -c 'select * from batch_jobs'
    """
    with database(load_settings()) as address:
        # Ctrl-C is psql's: it ends a query, not the session.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            finished = subprocess.run(
                [psql_program(address), *arguments],
                env=psql_environment(address),
                check=False,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        except FileNotFoundError:
            click.echo("psql is not installed here; install PostgreSQL's client", err=True)
            sys.exit(1)
    sys.exit(finished.returncode)


def psql_program(address: DatabaseAddress) -> str:
    """The psql that comes with the embedded PostgreSQL, or the one on the PATH."""
    return str(address.programs / "psql") if address.programs else "psql"


def psql_environment(address: DatabaseAddress) -> dict[str, str]:
    """The environment in which psql finds the database: arguments would show a password.

    At its direct address, where there is a pooler: psql is for sessions.
    """
    known = {
        option.keyword.decode(): option.envvar.decode()
        for option in Conninfo.get_defaults()
        if option.envvar
    }
    given = conninfo_to_dict(connection_string(address.listen_url, "psql"))
    given["options"] = f"{_SEARCH_PATH} {given.get('options') or ''}".strip()
    return {
        **os.environ,
        **{known[name]: str(value) for name, value in given.items() if name in known},
    }
