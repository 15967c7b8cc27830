"""batch.up_since: before it nobody could be heard."""

from __future__ import annotations

import os
import signal
from datetime import datetime

import psycopg

from app.embedded import EmbeddedPostgres
from tests.database import NOW, Sql, open_sql
from tests.processes import awaited


def up_since(server: EmbeddedPostgres) -> datetime | None:
    """None while the server takes no sessions."""
    try:
        with open_sql(server.url) as sql:
            found: datetime = sql.value("select batch.up_since()")
            return found
    except psycopg.OperationalError:
        return None


def is_up_since_later(server: EmbeddedPostgres, before: datetime) -> bool:
    now = up_since(server)
    return now is not None and now > before


def test_it_is_the_last_start(own_server: EmbeddedPostgres) -> None:
    before = awaited(lambda: up_since(own_server))

    own_server.stop()
    own_server.start()

    assert is_up_since_later(own_server, before)


def test_it_is_the_last_crash_of_a_session_which_ends_all_others_too(
    own_server: EmbeddedPostgres,
) -> None:
    before = awaited(lambda: up_since(own_server))

    with open_sql(own_server.url) as sql:
        os.kill(sql.connection.info.backend_pid, signal.SIGKILL)

    awaited(lambda: is_up_since_later(own_server, before))


def test_a_session_can_set_it(sql: Sql) -> None:
    sql.at(NOW, up_since=NOW)

    assert sql.value("select batch.up_since() = %s::timestamptz", NOW)
