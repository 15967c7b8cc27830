"""app.embedded: a PostgreSQL of our own that starts, is shared, survives kills and stops."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.embedded import EmbeddedPostgres
from tests.processes import awaited, is_alive


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="backscroll-test-"))
    yield folder
    shutil.rmtree(folder)


def postmaster(home: Path) -> int:
    return int((home / "postgres-18" / "postmaster.pid").read_text().split()[0])


def ask(postgres: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_it_keeps_its_data_over_a_restart_and_is_reached_by_its_socket_only(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres:
        ask(postgres, "create table kept as select 7 as value")
        assert ask(postgres, "show listen_addresses") == ""
        assert ask(postgres, "show timezone") == "UTC"
        pid = postmaster(home)

    assert not is_alive(pid)
    with EmbeddedPostgres(home) as postgres:
        assert ask(postgres, "select value from kept") == 7


def test_only_its_owner_may_enter_its_folder(home: Path) -> None:
    with EmbeddedPostgres(home):
        assert (home / "postgres-18").stat().st_mode & 0o077 == 0


def test_a_home_whose_path_is_too_long_for_a_socket_has_it_elsewhere(home: Path) -> None:
    deep = home / "a-folder-with-a-rather-long-name" / ("x" * 60)

    with EmbeddedPostgres(deep) as postgres:
        socket_folder = Path(str(ask(postgres, "show unix_socket_directories")).strip('"'))
        assert not socket_folder.is_relative_to(home)
        assert (socket_folder / ".s.PGSQL.5432").exists()

    assert not socket_folder.exists()


@pytest.mark.parametrize("name", ["my chats", "50%20, half", "it's", "a?b=c&d", "é"])
def test_a_home_may_have_any_name(home: Path, name: str) -> None:
    with EmbeddedPostgres(home / name) as postgres:
        assert ask(postgres, "select 1") == 1


def test_the_last_user_to_leave_stops_it(home: Path) -> None:
    first, second = EmbeddedPostgres(home), EmbeddedPostgres(home)
    with first:
        second.start()
        pid = postmaster(home)

    assert ask(second, "select 1") == 1
    second.stop()
    assert not is_alive(pid)


def test_leaving_twice_does_nothing(home: Path) -> None:
    postgres = EmbeddedPostgres(home)
    postgres.start()
    postgres.stop()

    postgres.stop()


def test_it_recovers_after_it_was_killed(home: Path) -> None:
    killed = EmbeddedPostgres(home)
    killed.start()
    ask(killed, "create table kept as select 7 as value")
    pid = postmaster(home)
    os.kill(pid, signal.SIGKILL)
    awaited(lambda: not is_alive(pid))

    with EmbeddedPostgres(home) as postgres:
        assert ask(postgres, "select value from kept") == 7
        # Who used the killed one goes without harm to who uses the new one.
        killed.stop()
        assert ask(postgres, "select 1") == 1


def test_a_process_that_took_a_killed_servers_id_is_not_taken_for_it(home: Path) -> None:
    with EmbeddedPostgres(home):
        pass
    lock = home / "postgres-18" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n0\n5432\n\n\n0 0\n")
    (lock.parent / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")

    with EmbeddedPostgres(home) as postgres:
        assert ask(postgres, "select 1") == 1


def test_a_first_start_that_was_interrupted_is_made_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedPostgres, "_run", interrupted_initdb)
        with pytest.raises(KeyboardInterrupt):
            EmbeddedPostgres(home).start()

    with EmbeddedPostgres(home) as postgres:
        assert ask(postgres, "select 1") == 1


def interrupted_initdb(
    self: EmbeddedPostgres, program: str, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Leaves what a killed initdb leaves: a folder that looks begun."""
    assert program == "initdb"
    (Path(arguments[arguments.index("--pgdata") + 1]) / "PG_VERSION").write_text("18\n")
    raise KeyboardInterrupt
