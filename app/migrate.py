"""`backscroll migrate`: brings a database to this release, in one transaction.

In order: Procrastinate's schema, the yoyo migrations, everything in `sql/`. All of it commits
together or not at all, so a migration that fails leaves the old state. An advisory lock makes a
second process wait, and then find nothing to do. Running it again is safe.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yoyo
from procrastinate.schema import SchemaManager

from app import __version__
from app.connecting import connect
from app.counted import counted
from app.files import project_file
from app.one_transaction import OneTransactionBackend
from app.prices import sync_prices

logger = logging.getLogger(__name__)

_TRIES = 10
_LOCK = "select pg_advisory_xact_lock(hashtextextended('backscroll migrate', 0))"
_INCLUDE = re.compile(r"^\\ir (\S+)$", re.MULTILINE)


class CannotMigrate(Exception):
    """This release cannot take over the database; the text says why and what to do."""


@dataclass
class MigrationReport:
    """What a migration did, a line a step, for people to read."""

    done: list[str] = field(default_factory=list)


def migrate(url: str) -> MigrationReport:
    """Brings the database at `url` to this release. Raises CannotMigrate, psycopg.Error.

    Those who work meanwhile take their locks in another order than an upgrade can: where both wait
    for each other and PostgreSQL ends this one, it begins again. Nothing of it has happened.
    """
    for _ in range(_TRIES - 1):
        try:
            return _migrate(url)
        except psycopg.errors.DeadlockDetected:
            logger.info("the migration met a deadlock with somebody who works, and begins again")
    return _migrate(url)


def _migrate(url: str) -> MigrationReport:
    report = MigrationReport()
    with connect(url, "backscroll migrate") as connection:
        connection.execute(_LOCK)
        _check_server(connection)
        connection.execute("create schema if not exists batch")
        installed = _installed(connection)
        _install_procrastinate(connection, installed, report)
        _apply_migrations(connection, report)
        _install_sql(connection, installed, report)
        _fill_price_book(connection, report)
    return report


def sql_objects() -> list[Path]:
    """The files that `sql/install.sql` names, in its order."""
    manifest = project_file("sql") / "install.sql"
    return [manifest.parent / name for name in _INCLUDE.findall(manifest.read_text())]


def checksum() -> str:
    """A digest of all that `sql/` installs: tells whether a database has this release's SQL."""
    digest = hashlib.sha256()
    for path in sql_objects():
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class _Installed:
    version: str
    checksum: str
    procrastinate_version: str


def _fill_price_book(connection: psycopg.Connection[Any], report: MigrationReport) -> None:
    known = connection.execute("select exists (select from batch.model_prices)").fetchone()
    if known == (False,):
        prices = counted(sync_prices(connection), "price")
        report.done.append(f"filled the price book with {prices}")


def _check_server(connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version < 150000:
        raise CannotMigrate(
            "Backscroll needs PostgreSQL 15 or newer; this server is version "
            f"{connection.info.server_version // 10000}"
        )
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise CannotMigrate("Backscroll needs a database with encoding UTF8")


def _installed(connection: psycopg.Connection[Any]) -> _Installed | None:
    known = connection.execute("select to_regclass('batch.installations')").fetchone()
    if known is None or known[0] is None:
        return None
    row = connection.execute(
        "select version, checksum, procrastinate_version from batch.installations"
        " order by id desc limit 1"
    ).fetchone()
    return _Installed(*row) if row else None


def _install_procrastinate(
    connection: psycopg.Connection[Any], installed: _Installed | None, report: MigrationReport
) -> None:
    wanted = importlib.metadata.version("procrastinate")
    if installed is None:
        _check_no_other_procrastinate(connection)
        connection.execute("create schema procrastinate")
        scripts = [SchemaManager.get_schema()]
        report.done.append(f"installed procrastinate {wanted}")
    elif _release(wanted) < _release(installed.procrastinate_version):
        raise CannotMigrate(
            f"the database has procrastinate {installed.procrastinate_version}, newer than the"
            f" {wanted} of this installation: upgrade Backscroll here first"
        )
    else:
        folder = Path(SchemaManager.get_migrations_path())
        scripts = [
            path.read_text()
            for path in sorted(folder.glob("*.sql"))
            if _release(installed.procrastinate_version)
            < _release(path.name.partition("_")[0])
            <= _release(wanted)
        ]
        if wanted != installed.procrastinate_version:
            report.done.append(
                f"upgraded procrastinate from {installed.procrastinate_version} to {wanted}"
            )
    connection.execute("set local search_path = procrastinate")
    for script in scripts:
        connection.execute(script.encode())
    connection.execute("set local search_path = batch, procrastinate, public")


def _check_no_other_procrastinate(connection: psycopg.Connection[Any]) -> None:
    other = connection.execute("select to_regnamespace('procrastinate')").fetchone()
    if other is not None and other[0] is not None:
        raise CannotMigrate(
            "the schema procrastinate exists but was not made by Backscroll:"
            " rename it (alter schema procrastinate rename to ...) or use another database"
        )


def _release(version: str) -> tuple[int, ...]:
    """`3.4.0` and `03.04.00` as (3, 4, 0)."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _apply_migrations(connection: psycopg.Connection[Any], report: MigrationReport) -> None:
    backend = OneTransactionBackend(connection, schema="batch")
    pending = backend.to_apply(yoyo.read_migrations(str(project_file("migrations"))))
    backend.apply_migrations(pending)
    report.done.extend(f"applied migration {migration.id}" for migration in pending)


def _install_sql(
    connection: psycopg.Connection[Any], installed: _Installed | None, report: MigrationReport
) -> None:
    paths = sql_objects()
    for path in paths:
        try:
            connection.execute(path.read_bytes())
        except psycopg.Error as error:
            error.add_note(f"while installing {path.parent.name}/{path.name}")
            raise
    now = _Installed(__version__, checksum(), importlib.metadata.version("procrastinate"))
    if now == installed:
        report.done.append(f"re-installed {len(paths)} SQL objects; nothing else to do")
        return
    connection.execute(
        "insert into batch.installations (version, checksum, procrastinate_version)"
        " values (%s, %s, %s)",
        [now.version, now.checksum, now.procrastinate_version],
    )
    report.done.append(f"installed {len(paths)} SQL objects of Backscroll {__version__}")
