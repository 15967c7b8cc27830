"""`backscroll serve`, `backscroll worker` and `backscroll up`, which runs both."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import IO, cast

import click

from app.cli.development_key import development_key
from app.cli.environment import DatabaseAddress, configure_logging, database
from app.files import is_folder, project_file
from app.migrate import migrate
from app.settings import Settings, load_settings

_PATIENCE_WITH_A_PORT = 2.0
"""Seconds; a server that is stopping may still hold it."""


@click.command("serve")
@click.option("--bind", metavar="HOST:PORT", help="Where to listen [default: 127.0.0.1:8000].")
def serve_command(bind: str | None) -> None:
    """Run the REST API in the foreground (gunicorn).

    Callers need a key: see `backscroll keys`. It speaks plain HTTP: towards other machines
    (--bind 0.0.0.0:8000) put a proxy with TLS in front of it.

    SIGTERM and Ctrl-C let requests in flight finish (BACKSCROLL_API_STOP_GRACE) and end streams
    with a word; a second Ctrl-C stops at once.
    """
    settings = _settings_with(bind)
    configure_logging(settings)
    _check_addresses(settings)
    with database(settings) as address:
        command = [
            sys.executable, "-m", "gunicorn", "--config", str(project_file("gunicorn.conf.py")),
        ]  # fmt: skip
        environment = _environment(address, BACKSCROLL_BIND=settings.bind)
        if not address.is_embedded:
            os.execve(sys.executable, command, environment)  # noqa: S606
        sys.exit(_outlive(lambda: [_start(command, environment)]))


@click.command("worker")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    help="Items in flight [default: BACKSCROLL_CONCURRENCY or 384].",
)
def worker_command(concurrency: int | None) -> None:
    """Run a worker in the foreground.

    Run as many as you like, on as many machines; they share the work. SIGTERM and Ctrl-C let it
    finish what it has in hand (BACKSCROLL_STOP_GRACE) and give the rest back.
    """
    import uvloop

    from workers.service import build_worker
    from workers.upkeep import NotMigrated

    settings = load_settings()
    if concurrency is not None:
        settings = settings.model_copy(update={"concurrency": concurrency})
    configure_logging(settings)
    with database(settings) as address:

        async def run_worker() -> None:
            # Made inside the loop that it will live in.
            await build_worker(settings, address.url, address.listen_url).run()

        try:
            uvloop.run(run_worker())
        except NotMigrated as error:
            click.echo(f"the database is not migrated: {error}", err=True)
            sys.exit(1)


@click.command("up", short_help="Run everything here: PostgreSQL, the API, a worker.")
@click.option("--bind", metavar="HOST:PORT", help="Where to listen [default: 127.0.0.1:8000].")
@click.option("--concurrency", type=click.IntRange(1, 1000), help="Items in flight.")
def up_command(bind: str | None, concurrency: int | None) -> None:
    """Run everything here: PostgreSQL if needed, the API and a worker.

    Migrates first. On the embedded PostgreSQL it makes an API key for development, and shows it.
    Stops cleanly on Ctrl-C.
    """
    settings = _settings_with(bind)
    configure_logging(settings)
    _check_addresses(settings)
    with database(settings, may_begin=True) as address:
        for line in migrate(address.url).done:
            click.echo(line)
        where = f"embedded, in {settings.home}" if address.is_embedded else "at DATABASE_URL"
        click.echo(f"database  {where}")
        click.echo(f"media     {settings.media_folder}{_unless_there(settings)}")
        click.echo(f"api       http://{settings.bind}/api/v1/batch-jobs")
        click.echo(f"docs      http://{settings.bind}/docs")
        if address.is_embedded:
            click.echo(f"key       {development_key(address, settings.home)}")
        else:
            click.echo("key       make one: backscroll keys create --name NAME")
        click.echo("psql      backscroll psql   (in another terminal)")
        click.echo("to stop   Ctrl-C")
        sys.exit(_outlive(lambda: start_services(address, settings.bind, concurrency)))


def start_services(
    address: DatabaseAddress,
    bind: str,
    concurrency: int | None = None,
    output: IO[bytes] | None = None,
    **environment: str,
) -> list[subprocess.Popen[bytes]]:
    """Starts the API and a worker as processes of their own; they write to `output`."""
    own = [sys.executable, "-m", "app.cli"]
    environ = _environment(address, **environment)
    at_once = ["--concurrency", str(concurrency)] if concurrency else []
    return [
        _start(command, environ, output)
        for command in ([*own, "serve", "--bind", bind], [*own, "worker", *at_once])
    ]


def _start(
    command: list[str], environment: dict[str, str], output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a process that ends with this one.

    In a process group of its own: a terminal's Ctrl-C is for us, who then stop it in order.
    """
    return subprocess.Popen(
        command,
        env=environment,
        stdout=output,
        stderr=output,
        process_group=0,
        # Without threads here this is safe.
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
    )


def _end_with_parent() -> None:
    """Asks Linux for a SIGTERM when the parent dies, though it were killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def stop_services(services: list[subprocess.Popen[bytes]], patience: float = 30.0) -> None:
    """Asks the processes to stop, and ends those that do not within `patience` seconds."""
    for service in services:
        if service.poll() is None:
            service.terminate()
    deadline = time.monotonic() + patience
    for service in services:
        try:
            service.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()


def _outlive(start: Callable[[], list[subprocess.Popen[bytes]]]) -> int:
    """Starts services, waits for Ctrl-C, SIGTERM or the first to end, then stops all of them.

    A second Ctrl-C is passed on: the API then stops at once. Returns the exit status: 0 when told
    to stop, 1 when a service ended by itself.
    """
    told: list[int] = []
    services: list[subprocess.Popen[bytes]] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if told and number == signal.SIGINT:
            for service in services:
                service.send_signal(signal.SIGINT)
        told.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    services += start()
    while not told and all(service.poll() is None for service in services):
        time.sleep(0.1)
    ended = [service for service in services if service.poll() is not None]
    stop_services(services)
    if told:
        return 0
    for service in ended:
        name = "the worker" if cast(list[str], service.args)[3] == "worker" else "the API"
        click.echo(f"{name} ended by itself with status {service.returncode}", err=True)
    return 1


def _environment(address: DatabaseAddress, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": address.url,
        "DATABASE_LISTEN_URL": address.listen_url,
        **more,
    }


def _settings_with(bind: str | None) -> Settings:
    """The settings, with the address that `--bind` names.

    Raises SettingsError, click.BadParameter.
    """
    if bind is not None:
        _host_and_port(bind)
    return load_settings(bind)


def _unless_there(settings: Settings) -> str:
    return "" if is_folder(settings.media_folder) else "   (there is no such folder yet)"


def _check_addresses(settings: Settings) -> None:
    """Whether somebody can listen now wherever the API is to. Raises click.ClickException."""
    _check_address(settings.bind, "--bind")
    if settings.metrics_bind is not None:
        _check_address(settings.metrics_bind, "BACKSCROLL_METRICS_BIND")


def _check_address(bind: str, setting: str) -> None:
    host, port = _host_and_port(bind)
    deadline = time.monotonic() + _PATIENCE_WITH_A_PORT
    while True:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                # Only a port that somebody holds may become free by itself.
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise click.ClickException(
                        f"cannot listen on {bind}: {error.strerror}. Choose another with {setting}"
                    ) from None
            else:
                return
        time.sleep(0.1)


def _host_and_port(bind: str) -> tuple[str, int]:
    """Host and port of HOST:PORT, such as `[::1]:8000`. Raises click.BadParameter."""
    host, separator, port = bind.rpartition(":")
    if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise click.BadParameter(
            f"{bind!r} is not HOST:PORT, such as 127.0.0.1:8000", param_hint="--bind"
        )
    is_bracketed = host.startswith("[") and host.endswith("]")
    if (":" in host) != is_bracketed:
        raise click.BadParameter(
            f"{bind!r} is not HOST:PORT, such as [::1]:8000", param_hint="--bind"
        )
    return host.strip("[]"), int(port)
