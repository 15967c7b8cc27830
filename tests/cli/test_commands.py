"""Help, migrate, psql, and the errors that every command can meet."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import backscroll as commands
from app.cli import exit_status
from tests.database import open_sql
from tests.processes import BACKSCROLL, PATIENCE_SECONDS, backscroll, free_port, running

NOWHERE = "postgresql://127.0.0.1:1/nothing?password=secret"


def one_line(text: str) -> str:
    (line,) = text.strip().splitlines()
    return line


def test_help_lists_the_commands_with_what_they_do() -> None:
    shown = backscroll("--help")

    assert shown.returncode == 0
    lines = shown.stdout.partition("Commands:")[2].splitlines()[1:]
    listed = [line.split()[0] for line in lines]
    assert listed == [
        "up", "demo", "jobs", "keys", "webhooks", "prices", "psql", "migrate", "prune", "serve",
        "worker", "config", "doctor", "completion",
    ]  # fmt: skip
    assert not [line for line in lines if line.endswith("...")]


@pytest.mark.parametrize(
    ("command", "explained"),
    [
        ("up", "Ctrl-C"),
        ("demo", "sample chat"),
        ("jobs", "cancel"),
        ("jobs create", "--days-back"),
        ("jobs list", "--status"),
        ("jobs status", "JOB"),
        ("jobs watch", "Exit status:"),
        ("keys", "revoke"),
        ("psql", "search_path"),
        ("migrate", "transaction"),
        ("serve", "proxy with TLS"),
        ("worker", "--concurrency"),
    ],
)
def test_every_command_explains_itself(command: str, explained: str) -> None:
    shown = CliRunner().invoke(commands, [*command.split(), "--help"])

    assert shown.exit_code == 0
    assert explained in shown.stdout


def test_migrating_twice_says_what_was_done_each_time(empty_database_url: str) -> None:
    first = backscroll("migrate", DATABASE_URL=empty_database_url)
    second = backscroll("migrate", DATABASE_URL=empty_database_url)

    assert (first.returncode, second.returncode) == (0, 0)
    assert "applied migration 0001.chat-tables" in first.stdout
    assert "nothing else to do" in one_line(second.stdout)


def test_psql_finds_our_views_without_a_schema(database_url: str) -> None:
    shown = backscroll(
        "psql", "-At", "-c", "select count(*) from batch_jobs", DATABASE_URL=database_url
    )

    assert (shown.returncode, shown.stdout) == (0, "0\n")


def test_psql_hands_on_its_exit_status(database_url: str) -> None:
    shown = backscroll("psql", "-v", "ON_ERROR_STOP=1", "-c", "x", DATABASE_URL=database_url)

    assert shown.returncode == 1
    assert "syntax error" in shown.stderr


@pytest.mark.parametrize(
    "command",
    [["migrate"], ["jobs", "list"], ["jobs", "create", "--days-back", "7"], ["up"]],
)
def test_a_database_that_is_away_is_one_line(command: list[str]) -> None:
    if command == ["up"]:
        command = ["up", "--bind", f"127.0.0.1:{free_port()}"]

    ended = backscroll(*command, DATABASE_URL=NOWHERE)

    assert ended.returncode == 1
    assert "the database cannot be reached" in one_line(ended.stderr)
    assert "secret" not in ended.stderr


def test_a_database_that_is_not_migrated_is_one_line(empty_database_url: str) -> None:
    for command in (["jobs", "list"], ["worker"]):
        ended = backscroll(*command, DATABASE_URL=empty_database_url)

        assert ended.returncode == 1
        assert "run `backscroll migrate`" in one_line(ended.stderr)


def test_a_role_that_may_not_migrate_is_one_line(empty_database_url: str) -> None:
    with open_sql(empty_database_url) as sql:
        sql.run("create role nobody_special login")
    try:
        ended = backscroll(
            "migrate",
            DATABASE_URL=empty_database_url.replace("postgres@", "nobody_special@"),
        )
    finally:
        with open_sql(empty_database_url) as sql:
            sql.run("drop role nobody_special")

    assert ended.returncode == 1
    assert "permission denied" in one_line(ended.stderr)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("BACKSCROLL_CONCURRENCY", "abc", "a whole number from 1 to 1000"),
        ("DATABASE_URL", "my secret", "an address such as postgresql://"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(name: str, value: str, allowed: str) -> None:
    ended = backscroll("worker", **{name: value})

    assert ended.returncode == 1
    assert f"{name} must be {allowed}" in one_line(ended.stderr)
    assert "secret" not in ended.stderr


def test_a_data_folder_that_cannot_be_made_is_one_line() -> None:
    ended = backscroll("migrate", BACKSCROLL_HOME="/proc/nowhere")

    assert ended.returncode == 1
    assert "BACKSCROLL_HOME" in one_line(ended.stderr)


@pytest.mark.parametrize("command", ["serve", "up"])
@pytest.mark.parametrize(
    ("bind", "said"),
    [
        ("8000", "is not HOST:PORT"),
        ("127.0.0.1:0", "is not HOST:PORT"),
        ("127.0.0.1:http", "is not HOST:PORT"),
        (":8000", "is not HOST:PORT"),
        ("::1:8000", "is not HOST:PORT, such as [::1]:8000"),
    ],
)
def test_an_address_that_cannot_be_is_refused(command: str, bind: str, said: str) -> None:
    ended = CliRunner().invoke(commands, [command, "--bind", bind], env={"DATABASE_URL": NOWHERE})

    assert ended.exit_code == 2
    assert said in ended.stderr


@pytest.mark.parametrize("command", ["serve", "up"])
def test_an_address_of_another_machine_is_one_line(command: str) -> None:
    ended = CliRunner().invoke(
        commands, [command, "--bind", "192.0.2.1:8000"], env={"DATABASE_URL": NOWHERE}
    )

    assert ended.exit_code == 1
    assert "cannot listen on 192.0.2.1:8000: Cannot assign requested" in one_line(ended.stderr)


@pytest.mark.parametrize("command", ["serve", "up"])
def test_a_port_for_metrics_that_somebody_has_is_one_line(command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        metrics = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = backscroll(
            command, "--bind", f"127.0.0.1:{free_port()}",
            DATABASE_URL=NOWHERE, BACKSCROLL_METRICS_BIND=metrics,
        )  # fmt: skip

    assert ended.returncode == 1
    assert f"cannot listen on {metrics}" in one_line(ended.stderr)
    assert "BACKSCROLL_METRICS_BIND" in ended.stderr


def test_the_port_for_metrics_is_compared_with_the_address_that_is_taken() -> None:
    port = free_port()
    ended = backscroll(
        "serve", "--bind", f"127.0.0.1:{port}",
        DATABASE_URL=NOWHERE, BACKSCROLL_METRICS_BIND=f"127.0.0.1:{port}",
    )  # fmt: skip

    assert ended.returncode == 1
    assert "must have another port than BACKSCROLL_BIND" in one_line(ended.stderr)


@pytest.mark.parametrize(
    "command", [["jobs", "list"], ["keys", "list"], ["psql"], ["worker"], ["serve"]]
)
def test_no_database_is_begun_in_a_folder_without_one(command: list[str], tmp_path: Path) -> None:
    home = tmp_path / ".backscroll"

    ended = backscroll(*command, BACKSCROLL_HOME=str(home))

    assert ended.returncode == 1
    assert f"there is no database in {home}" in one_line(ended.stderr)
    assert not home.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_waits_for_a_database_may_interrupt(number: signal.Signals) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        running(
            [*BACKSCROLL, "jobs", "list"],
            DATABASE_URL=f"postgresql://127.0.0.1:{silent.getsockname()[1]}/x?sslmode=disable",
        ) as program,
    ):
        silent.settimeout(PATIENCE_SECONDS)
        asking, _ = silent.accept()
        with asking:
            assert program.stop(number) == exit_status.INTERRUPTED
        assert "Traceback" not in program.said()


def test_a_disk_that_is_full_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*BACKSCROLL, "config"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert ended.returncode == 1
    assert one_line(ended.stderr) == "the output cannot be written: No space left on device"
