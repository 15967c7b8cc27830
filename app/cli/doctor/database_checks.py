"""The database: reachable, of this release, heard, and open to its user."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from app import __version__
from app.cli.doctor.findings import Finding, fail, ok, warn
from app.cli.environment import DatabaseAddress
from app.connecting import connect
from app.migrate import checksum

OLDEST, NEWEST = 15, 18
_HEARD_WITHIN_SECONDS = 3.0
_MOST_CLOCK_SECONDS = 5.0
_STATEMENT_SECONDS = 10.0

# One entry point that each role cannot work without.
_API, _WORKER = "create_job_once", "take_slice"

Session = psycopg.Connection[Any]


def check_database(address: DatabaseAddress) -> Iterator[Finding]:
    """All checks, as far as the earlier allow the later."""
    try:
        connection = connect(address.url, "backscroll doctor")
    except psycopg.OperationalError as error:
        yield fail(
            "database", f"cannot be reached: {first_line(error)}",
            "check DATABASE_URL, and that PostgreSQL runs and lets this user in",
        )  # fmt: skip
        return
    with connection:
        connection.autocommit = True
        yield from _server(connection)
        yield from _session(connection)
        yield _clock(connection)
        yield from _listen(connection, address)
        is_migrated = False
        for finding in _migrated(connection):
            is_migrated = is_migrated or finding.state != "fail"
            yield finding
        yield from _roles(connection)
        if is_migrated:
            yield _user(connection, address)
            yield _workers(connection)


def first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _server(connection: Session) -> Iterator[Finding]:
    version = connection.info.server_version // 10000
    if version < OLDEST:
        yield fail(
            "server", f"PostgreSQL {version} is too old", f"upgrade it to {OLDEST} to {NEWEST}"
        )
    elif version > NEWEST:
        yield warn(
            "server", f"PostgreSQL {version} is newer than what Backscroll is tested with",
            f"use {OLDEST} to {NEWEST}, or look for a newer Backscroll",
        )  # fmt: skip
    else:
        yield ok("server", f"PostgreSQL {version}")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        yield fail(
            "encoding", f"the database has the encoding {encoding}",
            "make one with UTF8: create database backscroll encoding 'UTF8' template template0",
        )  # fmt: skip
    else:
        yield ok("encoding", "UTF8")


def _session(connection: Session) -> Iterator[Finding]:
    """Settings of the server, the database or the role with which Backscroll cannot work."""
    if _value(connection, "show transaction_read_only") == "on":
        yield fail(
            "writable", "the database is read-only: a standby, or default_transaction_read_only is"
            " on, as hosts set it where a disk is full",
            "give the primary's address, or free its disk, or alter role ... set"
            " default_transaction_read_only = off",
        )  # fmt: skip
    else:
        yield ok("writable", "the database takes changes")
    isolation = _value(connection, "show transaction_isolation")
    if isolation != "read committed":
        yield fail(
            "isolation", f"transactions are {isolation} by default, in which budgets are not kept",
            "alter role ... set default_transaction_isolation = 'read committed'",
        )  # fmt: skip
    else:
        yield ok("isolation", isolation)


def _clock(connection: Session) -> Finding:
    before = datetime.now(UTC)
    seconds = _value(connection, "select extract(epoch from clock_timestamp())::float8")
    after = datetime.now(UTC)
    there = datetime.fromtimestamp(seconds, UTC)
    apart = abs(there - (before + (after - before) / 2))
    if apart > timedelta(seconds=_MOST_CLOCK_SECONDS):
        return warn(
            "clock", f"this machine's clock and the database's are {apart.total_seconds():.0f} s"
            " apart", "synchronise them (NTP): times in logs and in the database do not match",
        )  # fmt: skip
    return ok("clock", f"{apart.total_seconds() * 1000:.0f} ms from the database's")


def _listen(connection: Session, address: DatabaseAddress) -> Iterator[Finding]:
    """Really: LISTEN on the one address, NOTIFY on the other, as workers and the API do it."""
    name = "DATABASE_LISTEN_URL" if address.listen_url != address.url else "DATABASE_URL"
    channel, payload = f"backscroll_doctor_{uuid4().hex[:12]}", uuid4().hex
    try:
        with connect(address.listen_url, "backscroll doctor") as listening:
            listening.autocommit = True
            where = (
                "select current_database(), extract(epoch from pg_postmaster_start_time())::text"
            )
            if _row(listening, where) != _row(connection, where):
                yield fail(
                    "listen", f"{name} leads to another database than DATABASE_URL",
                    "let both lead to the same one",
                )  # fmt: skip
                return
            listening.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            began = time.monotonic()
            connection.execute("select pg_notify(%s, %s)", [channel, payload])
            heard = [
                notification.payload
                for notification in listening.notifies(timeout=_HEARD_WITHIN_SECONDS, stop_after=1)
            ]
    except psycopg.Error as error:
        yield fail("listen", f"{name}: {first_line(error)}", "check it; it must be a direct one")
        return
    if heard != [payload]:
        yield fail(
            "listen", f"nothing is heard at {name}; it seems to be a transaction pooler's address",
            "set DATABASE_LISTEN_URL to the direct address of PostgreSQL; until then changes are"
            " noticed by polling only",
        )  # fmt: skip
        return
    yield ok("listen", f"heard after {(time.monotonic() - began) * 1000:.0f} ms, at {name}")


def _migrated(connection: Session) -> Iterator[Finding]:
    mend = "run `backscroll migrate`"
    try:
        try:
            row = _row(
                connection,
                "select version, checksum, procrastinate_version from batch.installations"
                " order by id desc limit 1",
            )
        except psycopg.errors.InsufficientPrivilege:
            row = (_value(connection, "select batch.installed_version()"), None, None)
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.InvalidSchemaName,
        psycopg.errors.UndefinedFunction,
    ):
        row = None
    except psycopg.errors.InsufficientPrivilege:
        yield fail(
            "migrated", "this user may not see what is installed",
            "grant it backscroll_api or backscroll_worker",
        )  # fmt: skip
        return
    if row is None or row[0] is None:
        yield fail("migrated", "the database has no Backscroll in it", mend)
        return
    version, installed, procrastinate = row
    if _release(version) > _release(__version__):
        yield fail(
            "migrated", f"the database is of Backscroll {version}, newer than this {__version__}",
            "upgrade Backscroll here",
        )  # fmt: skip
    elif version != __version__ or (installed is not None and installed != checksum()):
        yield fail("migrated", f"the database is of another build ({version})", mend)
    else:
        yield ok("migrated", f"Backscroll {version}")
    here = importlib.metadata.version("procrastinate")
    if procrastinate is not None and procrastinate != here:
        yield fail(
            "procrastinate", f"the database has {procrastinate}, this installation {here}",
            f"{mend}; if that says that the database is newer, upgrade here",
        )  # fmt: skip
    else:
        yield ok("procrastinate", here)


def _roles(connection: Session) -> Iterator[Finding]:
    names = ("backscroll_api", "backscroll_worker", "backscroll_reader")
    known = {
        name
        for (name,) in connection.execute(
            "select rolname::text from pg_catalog.pg_roles where rolname = any (%s)", [list(names)]
        )
    }
    missing = [name for name in names if name not in known]
    if missing:
        yield warn(
            "roles", f"{', '.join(missing)} cannot be found",
            "everything works as the owner; to separate the API and workers, run `backscroll"
            " migrate` once as a user who may create roles",
        )  # fmt: skip
    else:
        yield ok("roles", ", ".join(names))


def _user(connection: Session, address: DatabaseAddress) -> Finding:
    user, is_superuser = _row(
        connection,
        "select current_user::text, r.rolsuper from pg_catalog.pg_roles as r"
        " where r.rolname = current_user",
    ) or ("?", False)
    may = {
        name
        for (name,) in connection.execute(
            "select p.proname::text from pg_catalog.pg_proc as p"
            " join pg_catalog.pg_namespace as n on n.oid = p.pronamespace"
            " where n.nspname = 'batch' and p.proname = any (%s)"
            " and has_schema_privilege('batch', 'usage')"
            " and has_function_privilege(p.oid, 'execute')",
            [[_API, _WORKER]],
        )
    }
    what = " and ".join(
        name for name, entry in (("the API", _API), ("workers", _WORKER)) if entry in may
    )
    if not what:
        return fail(
            "user", f"{user} may run neither the API nor workers",
            f"grant backscroll_api to {user}, or backscroll_worker",
        )  # fmt: skip
    if is_superuser and not address.is_embedded:
        return warn(
            "user", f"{user} is a superuser", "run the API and workers as users who are members"
            " of backscroll_api and backscroll_worker alone",
        )  # fmt: skip
    return ok("user", f"{user} may run {what}")


def _workers(connection: Session) -> Finding:
    try:
        alive = _value(
            connection, "select value from batch.metrics() where name = 'backscroll_workers'"
        )
    except psycopg.Error as error:
        return warn("workers", f"cannot be counted: {first_line(error)}", "look at batch.workers")
    if not alive:
        return warn("workers", "none is alive", "start one: `backscroll worker`")
    return ok("workers", f"{alive} alive")


def _row(connection: Session, query: str) -> tuple[Any, ...] | None:
    # Within a transaction, the limit stays ours where a pooler shares out the session.
    with connection.transaction():
        connection.execute(f"set local statement_timeout = '{_STATEMENT_SECONDS:g}s'".encode())
        row = connection.execute(query.encode()).fetchone()
    return None if row is None else tuple(row)


def _value(connection: Session, query: str) -> Any:
    row = _row(connection, query)
    return row[0] if row else None


def _release(version: str) -> tuple[int, ...]:
    with suppress(ValueError):
        return tuple(int(part) for part in version.split("."))
    return ()
