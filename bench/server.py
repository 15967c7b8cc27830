"""The PostgreSQL that everybody is measured on, and a database for each measurement.

Its data folder is the bench's own. Everything is durable: fsync, synchronous_commit and
full_page_writes are on, as PostgreSQL has them. It listens on a Unix socket only.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import psycopg

from app.connecting import connect
from app.embedded import EmbeddedPostgres
from app.migrate import migrate

OPTIONS = {
    "max_connections": "300",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "maintenance_work_mem": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}
"""The same for Backscroll and its peers. Rare checkpoints keep runs comparable."""

WATCHED = {"track_functions": "all", "track_io_timing": "on", "track_wal_io_timing": "on"}
"""To find out where time goes; not on while it is measured."""


@dataclass(frozen=True)
class BenchDatabase:
    """A database of one measurement."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Where it is, for programs that go by libpq's variables."""
        address = urlsplit(self.url)
        return {
            "PGHOST": parse_qs(address.query)["host"][0],
            "PGUSER": address.username or "",
            "PGDATABASE": address.path.removeprefix("/"),
        }

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that commits every statement."""
        with connect(self.url, "bench") as connection:
            connection.autocommit = True
            yield Session(connection)


class Session:
    """Runs SQL with positional parameters (%s)."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def run(self, query: str, *parameters: Any) -> None:
        self.connection.execute(query.encode(), parameters or None)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode(), parameters or None).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        ((value,),) = self.rows(query, *parameters)
        return value


class BenchServer:
    """The server in `home` while the context lasts; it starts with the first database."""

    def __init__(self, home: Path, version: int, *, is_watched: bool = False) -> None:
        self._home = home
        self._is_watched = is_watched
        self._postgres = EmbeddedPostgres(
            home, version, {**OPTIONS, **(WATCHED if is_watched else {})}
        )
        self._runs = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._postgres.stop()
        # What was measured is in the results; gigabytes of messages need not stay.
        shutil.rmtree(self._home, ignore_errors=True)

    @contextmanager
    def database(self, name: str) -> Iterator[BenchDatabase]:
        """A migrated database; it is dropped afterwards, and its dirty pages written."""
        if not self._runs:
            self._postgres.start()
            self._runs = True
        database = BenchDatabase(self._postgres.url.replace("/backscroll?", f"/bench_{name}?"))
        with BenchDatabase(self._postgres.url).session() as session:
            session.run(f"drop database if exists bench_{name} with (force)")
            session.run(f"create database bench_{name}")
        migrate(database.url)
        try:
            yield database
            if self._is_watched:
                self._tell_functions(database)
        finally:
            with BenchDatabase(self._postgres.url).session() as session:
                session.run(f"drop database bench_{name} with (force)")
                session.run("checkpoint")

    def settings(self) -> dict[str, str]:
        """What somebody who doubts the figures would look at first."""
        names = [*OPTIONS, "server_version", "wal_sync_method", "wal_level", "autovacuum"]
        self._postgres.start()
        self._runs = True
        with BenchDatabase(self._postgres.url).session() as session:
            return {
                name: session.value("select current_setting(%s)", name) for name in sorted(names)
            }

    @staticmethod
    def _tell_functions(database: BenchDatabase) -> None:
        with database.session() as session:
            for name, calls, self_ms, total_ms in session.rows(
                "select schemaname || '.' || funcname, calls, self_time, total_time"
                " from pg_stat_user_functions order by self_time desc limit 12"
            ):
                print(
                    f"    {name:45} {calls:9,} calls {self_ms:10,.0f} ms, {total_ms:10,.0f} in all"
                )
