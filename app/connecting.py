"""How Backscroll connects to PostgreSQL, whoever does: by which address, and with what settings.

Nothing belongs to a session, so that a transaction pooler may stand between: no setting but the
encoding when a connection begins, no statements prepared on the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import conninfo

SESSIONLESS: Final[Mapping[str, Any]] = {"autocommit": True, "prepare_threshold": None}
"""For connections of a pool. Prepared statements would stay on the pooler's connections, where
other clients trip over them; PgBouncer keeps track of them only since 1.21."""

SIGNS_OF_LIFE: Final[Mapping[str, int]] = {
    "keepalives_idle": 4,
    "keepalives_interval": 3,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}
"""A connection whose other side is silent for ten seconds is broken: as long as a worker may be
silent before it is taken for dead. Without them Linux waits a quarter of an hour for somebody to
receive what was sent, and two hours before it asks a silent server whether it is there.
https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES"""


def connection_string(url: str, application_name: str) -> str:
    """`url` with the name under which pg_stat_activity shows us, and `SIGNS_OF_LIFE`.

    Settings that the user's address already carries are kept. Of those that the server has to take
    when the connection begins only the encoding is added, since a role may have another in which
    most texts cannot be sent: poolers know that one, and refuse those that they do not know.
    """
    ours: dict[str, str | int] = {
        "application_name": application_name,
        "connect_timeout": 10,
        "client_encoding": "utf8",
        **SIGNS_OF_LIFE,
    }
    given = conninfo.conninfo_to_dict(url)
    return conninfo.make_conninfo(
        url, **{name: given.get(name) or value for name, value in ours.items()}
    )


def connect(url: str, application_name: str) -> psycopg.Connection[Any]:
    """A connection that commits as its block ends. Raises psycopg.OperationalError."""
    return psycopg.connect(connection_string(url, application_name), prepare_threshold=None)
