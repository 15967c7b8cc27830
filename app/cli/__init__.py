"""The command line `backscroll`."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from typing import NoReturn

import click
import psycopg

from app import __version__
from app.cli import exit_status
from app.cli.completion_command import completion_command
from app.cli.config_command import config_command
from app.cli.database_commands import migrate_command, psql_command
from app.cli.demo_command import demo_command
from app.cli.doctor.command import doctor_command
from app.cli.in_reading_order import InReadingOrder
from app.cli.jobs import jobs
from app.cli.keys_commands import keys
from app.cli.prices_commands import prices
from app.cli.prune_command import prune_command
from app.cli.run_commands import serve_command, up_command, worker_command
from app.cli.webhooks_commands import webhooks
from app.database_errors import DatabaseAway, ReadOnly, Refused, UnusableInput
from app.embedded import EmbeddedPostgresError
from app.migrate import CannotMigrate
from app.settings import SettingsError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

_OPTIONS = {
    "callbackUrl": "--callback-url",
    "chatId": "--chat",
    "contentType": "--content-type",
    "contentTypes": "--content-type",
    "cursor": "--cursor",
    "daysBack": "--days-back",
    "errorCode": "--error-code",
    "expires": "--expires",
    "failureThreshold": "--failure-threshold",
    "force": "--force",
    "instanceId": "--instance",
    "instances": "--instances",
    "lanes": "--lanes",
    "language": "--language",
    "limit": "--limit",
    "maxCostUsd": "--max-cost",
    "metadata": "--metadata",
    "name": "--name",
    "priority": "--priority",
    "scopes": "--scopes",
    "status": "--status",
}


@click.group(
    cls=InReadingOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="backscroll")
def backscroll() -> None:
    """Backscroll turns the media of old chats into text.

    \b
    It keeps everything in PostgreSQL: the one at DATABASE_URL, or, when that is not set, an
    embedded one in the folder BACKSCROLL_HOME (default: .backscroll here).

    \b
    To try it:         backscroll demo
    To run it here:    backscroll up
    To run it apart:   backscroll migrate, then serve and worker, as many as you like
    """


for command in (
    up_command,
    demo_command,
    jobs,
    keys,
    webhooks,
    prices,
    psql_command,
    migrate_command,
    prune_command,
    serve_command,
    worker_command,
    config_command,
    doctor_command,
    completion_command,
):
    backscroll.add_command(command)


def main() -> None:
    """Runs the command; errors that a user can mend are one line and exit status 1 or 2."""
    logging.captureWarnings(True)
    # What stops a command ends its `with` blocks too, and so the embedded PostgreSQL.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    try:
        _run()
    except Refused as refusal:
        for problem in refusal.problems:
            field = _OPTIONS.get(problem.field, problem.field or "request")
            click.echo(f"{field}: {problem.problem}", err=True)
        if not refusal.problems:
            hint = f". {refusal.hint}" if refusal.hint else ""
            click.echo(f"{refusal.message}{hint}", err=True)
        sys.exit(exit_status.REFUSED)
    except (
        psycopg.errors.UndefinedFunction,
        psycopg.errors.UndefinedTable,
        psycopg.errors.InvalidSchemaName,
    ):
        click.echo("the database is not migrated: run `backscroll migrate`", err=True)
        sys.exit(exit_status.ERROR)
    except (psycopg.errors.ReadOnlySqlTransaction, ReadOnly) as error:
        click.echo(
            f"the database is read-only: {_first_line(error)}. It is a standby, or"
            " default_transaction_read_only is on (hosts set it where a disk is full)",
            err=True,
        )
        sys.exit(exit_status.ERROR)
    except (psycopg.OperationalError, DatabaseAway) as error:
        click.echo(f"the database cannot be reached: {_first_line(error)}", err=True)
        sys.exit(exit_status.ERROR)
    except psycopg.errors.InsufficientPrivilege as error:
        click.echo(f"the database's user may not do this: {_first_line(error)}", err=True)
        sys.exit(exit_status.ERROR)
    except UnusableInput:
        click.echo("a value cannot be stored: it is not UTF-8, or a number out of range", err=True)
        sys.exit(exit_status.REFUSED)
    except (CannotMigrate, EmbeddedPostgresError, SettingsError) as error:
        click.echo(str(error), err=True)
        sys.exit(exit_status.ERROR)


def _run() -> NoReturn:
    """Runs the command, and ends with what click and the output say of it."""
    try:
        sys.exit(backscroll(prog_name="backscroll", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(exit_status.INTERRUPTED)
    except OSError as error:
        # Of a file it would carry the name.
        if error.errno not in _FULL or error.filename is not None:
            raise
        click.echo(f"the output cannot be written: {error.strerror}", err=True)
        # What is still to be written to it would fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(exit_status.ERROR)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
