"""What every command needs: the settings, a database to talk to, and a log that people read."""

from __future__ import annotations

import logging.config
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import click
import psycopg
from psycopg.types.json import set_json_loads

from app.cli import json_text
from app.connecting import connect
from app.database_errors import understood
from app.embedded import EmbeddedPostgres, EmbeddedPostgresError
from app.log import log_config
from app.settings import Settings, load_settings

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@dataclass(frozen=True)
class DatabaseAddress:
    """Where the database is, and where its programs are if it is the embedded one."""

    url: str
    listen_url: str
    programs: Path | None

    @property
    def is_embedded(self) -> bool:
        return self.programs is not None


@contextmanager
def database(settings: Settings, *, may_begin: bool = False) -> Iterator[DatabaseAddress]:
    """The database at DATABASE_URL, or the embedded one, running for as long as this lasts.

    One that is not there yet is only made where it `may_begin`: elsewhere somebody is in another
    folder than they think. Raises EmbeddedPostgresError.
    """
    if settings.database_url is not None:
        listen_url = settings.database_listen_url or settings.database_url
        yield DatabaseAddress(settings.database_url, listen_url, None)
        return
    postgres = EmbeddedPostgres(settings.home, settings.embedded_postgres)
    if not may_begin and not postgres.is_there():
        raise EmbeddedPostgresError(
            f"there is no database in {settings.home.absolute()}. Go to the folder where"
            " `backscroll up` was run, or set BACKSCROLL_HOME to its data folder, or DATABASE_URL"
            " to a PostgreSQL of your own; `backscroll migrate` begins a new one here"
        )
    try:
        postgres.start()
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the data folder {settings.home} cannot be used: {error}. Set BACKSCROLL_HOME to"
            " another, or DATABASE_URL to a PostgreSQL of your own"
        ) from error
    with postgres:
        yield DatabaseAddress(postgres.url, postgres.url, postgres.programs)


@contextmanager
def session(name: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of the command `name`; every statement commits. Raises what `understood` does."""
    with database(load_settings()) as address, session_at(address, name) as connection:
        yield connection


@contextmanager
def session_at(address: DatabaseAddress, name: str) -> Iterator[psycopg.Connection[Any]]:
    """The same for a command that needs to know where the database is."""
    with (
        understood(),
        connect(address.url, name) as connection,
    ):
        connection.autocommit = True
        set_json_loads(json_text.load, connection)
        yield connection


def call(
    connection: psycopg.Connection[Any], query: LiteralString, parameters: Sequence[Any] = ()
) -> Any:
    """The first column of the first row."""
    row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


def configure_logging(settings: Settings) -> None:
    """Logs to standard error, a line an event."""
    logging.config.dictConfig(log_config(settings.log_level, settings.log_format))
