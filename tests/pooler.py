"""A PgBouncer in transaction mode, with nothing in its configuration that it does not ask for."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.processes import awaited, free_port

POOL_SIZE = 3


class Pooler:
    """PgBouncer before the database at `direct_url`; `url` leads through it."""

    def __init__(self, program: str, folder: Path, direct_url: str) -> None:
        self._program = program
        self._folder = folder
        direct = conninfo_to_dict(direct_url)
        port = free_port()
        self.url = make_conninfo(
            host="127.0.0.1", port=port, user=direct["user"], dbname=direct["dbname"]
        )
        (folder / "users").write_text(f'"{direct["user"]}" ""\n')
        (folder / "pgbouncer.ini").write_text(
            "[databases]\n"
            f"* = host={direct['host']}\n"
            "[pgbouncer]\n"
            "pool_mode = transaction\n"
            f"default_pool_size = {POOL_SIZE}\n"
            "listen_addr = 127.0.0.1\n"
            f"listen_port = {port}\n"
            "unix_socket_dir =\n"
            "auth_type = trust\n"
            f"auth_file = {folder / 'users'}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # As the embedded PostgreSQL, whose socket nobody else may use.
        user = "pgserver" if os.geteuid() == 0 else None
        if user is not None:
            account = pwd.getpwnam(user)
            for path in (self._folder, *self._folder.iterdir()):
                os.chown(path, account.pw_uid, account.pw_gid)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, str(self._folder / "pgbouncer.ini")],
                stdout=log,
                stderr=log,
                user=user,
                group=user,
                extra_groups=[] if user else None,
                cwd="/",
            )
        awaited(self._answers)

    def kill(self) -> None:
        """Ends it at once: everybody's connection breaks."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def said(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said()
        try:
            with psycopg.connect(self.url, connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False


@contextmanager
def pooled(direct_url: str) -> Iterator[Pooler]:
    """A running PgBouncer; skips the test where none is installed."""
    program = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
    if program is None:
        pytest.skip("PgBouncer is not installed; on Debian: apt-get install pgbouncer")
    folder = Path(tempfile.mkdtemp(prefix="backscroll-pooler-"))
    pooler = Pooler(program, folder, direct_url)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.kill()
        shutil.rmtree(folder, ignore_errors=True)
