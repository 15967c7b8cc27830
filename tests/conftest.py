"""What the tests stand on: a real PostgreSQL, migrated once, and a database a test.

The embedded server runs once a test process, without fsync. `sql` is a session in a transaction
that is rolled back; `database_url` is a clone of its own, for tests that commit, listen or start
processes. BACKSCROLL_TEST_PG=16 runs everything on PostgreSQL 16.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.conninfo import conninfo_to_dict
from pytest_postgresql.janitor import DatabaseJanitor

from app.embedded import EmbeddedPostgres
from app.migrate import migrate
from tests.database import Sql, open_sql
from tests.scene import Scene, Workers

SETTINGS = ("DATABASE_", "BACKSCROLL_", "WEB_CONCURRENCY", "PG")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-golden",
        action="store_true",
        default=False,
        help="write tests/schema/golden.sql and docs/reference/openapi.json as they are now",
    )


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    """The machine's own settings must not lead the tests to somebody's database."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(SETTINGS) and name != "BACKSCROLL_TEST_PG":
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_temporary_files_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests and the processes that they kill put among temporary files goes with the run.

    Only pytest's own folders stay for a while, to look into.
    """
    tmp_path_factory.getbasetemp()
    with (
        tempfile.TemporaryDirectory(prefix="bs-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        # The embedded server works as a user of its own where this is root.
        Path(folder).chmod(0o711)
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session")
def server(
    _no_settings_from_outside: None, _no_temporary_files_left: None
) -> Iterator[EmbeddedPostgres]:
    """The embedded PostgreSQL, its database `backscroll` empty."""
    home = Path(tempfile.mkdtemp(prefix="backscroll-test-"))
    version = int(os.environ.get("BACKSCROLL_TEST_PG", "18"))
    options = {"fsync": "off", "max_connections": "400"}
    try:
        with EmbeddedPostgres(home, version, options) as postgres:
            yield postgres
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def stopped_server(_no_temporary_files_left: None) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of the test's own, not started."""
    home = Path(tempfile.mkdtemp(prefix="backscroll-test-"))
    server = EmbeddedPostgres(home, options={"fsync": "off"})
    yield server
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def own_server(stopped_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """A PostgreSQL that the test may stop and start, migrated."""
    stopped_server.start()
    migrate(stopped_server.url)
    return stopped_server


@pytest.fixture(scope="session")
def migrated(server: EmbeddedPostgres) -> str:
    """The address of the migrated database that clones are made from."""
    migrate(server.url)
    return server.url


def _clone(server: EmbeddedPostgres, template: str | None) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    given = conninfo_to_dict(server.url)
    janitor = DatabaseJanitor(
        user=str(given["user"]),
        host=str(given["host"]),
        port=5432,
        dbname=name,
        template_dbname=template,
    )
    with janitor:
        yield server.url.replace("/backscroll?", f"/{name}?")


@pytest.fixture
def database_url(server: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """A migrated database of the test's own."""
    yield from _clone(server, "backscroll")


@pytest.fixture
def empty_database_url(server: EmbeddedPostgres) -> Iterator[str]:
    """A database of the test's own with nothing in it."""
    yield from _clone(server, None)


@pytest.fixture(scope="session")
def shared_database_url(server: EmbeddedPostgres, migrated: str) -> Iterator[str]:
    """A migrated database for the tests that roll back. (Clones need the template unused.)"""
    yield from _clone(server, "backscroll")


@pytest.fixture
def sql(shared_database_url: str) -> Iterator[Sql]:
    """A session in a transaction that is rolled back."""
    with open_sql(shared_database_url, autocommit=False) as session:
        yield session
        session.connection.rollback()


@pytest.fixture
def own_sql(database_url: str) -> Iterator[Sql]:
    """A session that commits every statement, in a database of the test's own."""
    with open_sql(database_url) as session:
        yield session


@pytest.fixture
def other_sql(database_url: str) -> Iterator[Sql]:
    """A second session beside `own_sql`."""
    with open_sql(database_url) as session:
        yield session


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    """Starts scripted worker processes, and ends them with the test."""
    started = Workers(database_url, tmp_path)
    yield started
    started.end()


@pytest.fixture
def scene(own_sql: Sql, workers: Workers) -> Scene:
    """A chat whose media are scripts, and the workers over it."""
    return Scene(own_sql, workers)
