"""A yoyo backend that works inside a transaction somebody else has begun and will end.

yoyo's own backends commit after every migration, and open a connection for each. Here every
step is a savepoint of the caller's transaction, so that migrations and the SQL that follows
them are applied together or not at all. Migrations that cannot run in a transaction
(`-- transactional: false`) are therefore not possible.
"""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from yoyo import internalmigrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI


class OneTransactionBackend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's bookkeeping and migrations over `connection`, its tables in `schema`."""

    def __init__(self, connection: psycopg.Connection[Any], schema: str) -> None:
        self._borrowed = connection
        super().__init__(
            DatabaseURI("postgresql+psycopg", None, None, None, None, None, {}),
            "_yoyo_migration",
        )
        connection.execute("select set_config('search_path', %s, true)", [schema])
        self._in_transaction = True

    def connect(self, dburi: DatabaseURI) -> psycopg.Connection[Any]:
        return self._borrowed

    def copy(self) -> OneTransactionBackend:
        return self

    def __exit__(self, *details: object) -> None:
        """Leaves the connection to its owner."""

    def commit(self) -> None:
        """Leaves the transaction to its owner."""

    @contextmanager
    def lock(self, timeout: float = 10) -> Iterator[None]:
        """The owner of the transaction has locked already."""
        yield

    def ensure_internal_schema_updated(self) -> None:
        if internalmigrations.needs_upgrading(self):
            internalmigrations.upgrade(self)

    @contextmanager
    def disable_transactions(self) -> Iterator[None]:
        raise NotImplementedError("a migration cannot leave the transaction of `migrate`")
        yield

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """A row for yoyo's log. yoyo's own asks a name server for this machine's full name."""
        return {
            "id": str(uuid.uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": self._borrowed.info.user,
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }
