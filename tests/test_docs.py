"""The documentation says what is true: checked against the code, the database and the commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.api.application import build_application
from app.api.meters import HttpMeters
from app.api.metrics import KNOWN
from app.api.openapi import routes
from app.api.problems import TYPES, problem_type
from app.cli import backscroll
from app.cli.exit_status import EXPLAINED
from app.database import Database
from app.settings import Settings
from tests.database import Sql

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def text(name: str) -> str:
    return (ROOT / name).read_text()


def commands_of(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its name as people type it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{path}{name} ")
        elif not command.hidden:
            yield path + name, command


def test_every_setting_is_in_the_reference_and_nothing_else() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", text("docs/reference/settings.md"), re.M))

    known = {str(field.validation_alias) for field in Settings.model_fields.values()}

    assert documented == known


def test_every_default_in_the_reference_is_the_real_one() -> None:
    documented = dict(
        re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", text("docs/reference/settings.md"), re.M)
    )
    documented.pop("DATABASE_LISTEN_URL")

    real = {
        str(field.validation_alias): f"{field.default:g}"
        if isinstance(field.default, int | float)
        else str(field.default)
        for field in Settings.model_fields.values()
        if field.default is not None
    }

    assert documented == real


def test_the_table_of_error_codes_is_the_databases(sql: Sql) -> None:
    documented = re.findall(
        r"^\| `(\w+)` \| (\w+) \| (.+) \|$", text("docs/reference/error-codes.md"), re.M
    )

    real = sql.rows("select code, stage, meaning from batch.error_codes")

    assert sorted(documented) == sorted(real)


def test_every_metric_is_in_the_reference_with_its_type() -> None:
    documented = dict(
        re.findall(r"^\| `(backscroll_\w+)` \| (\w+) \|", text("docs/reference/metrics.md"), re.M)
    )
    of_the_api = {family.name: family.type for family in HttpMeters().registry().collect()}
    real = {name: kind for name, (kind, _) in KNOWN.items()} | of_the_api
    real["backscroll_database_up"] = "gauge"

    assert documented == {
        f"{name}_total" if kind == "counter" else name: kind for name, kind in real.items()
    }


def test_every_command_in_the_documentation_exists() -> None:
    known = set(backscroll.commands)
    used: set[tuple[str, str]] = set()
    for page in PAGES:
        for command in re.findall(r"backscroll ([a-z]+)\b", page.read_text()):
            used.add((command, page.name))

    prose = {"is", "up", "turns", "works", "knows", "cannot"}
    unknown = {(command, page) for command, page in used if command not in known | prose}

    assert unknown == set()


def test_every_command_and_its_options_are_in_the_reference_and_nothing_else() -> None:
    documented = {
        command: set(re.findall(r"`(--[a-z-]+)`", options))
        for command, options in re.findall(
            r"^\| `backscroll ([a-z ]+)` \| .* \|([^|]*)\|$",
            text("docs/reference/command-line.md"),
            re.M,
        )
    }

    real = {
        name: {
            flag
            for parameter in command.params
            if isinstance(parameter, click.Option)
            for flag in parameter.opts
        }
        for name, command in commands_of(backscroll)
    }

    assert documented == real


def test_the_exit_statuses_in_the_reference_are_those_of_the_help() -> None:
    documented = re.findall(r"^\| (\d+) \| ", text("docs/reference/command-line.md"), re.M)

    assert documented == re.findall(r"^  (\d+) ", EXPLAINED, re.M)


def test_every_route_in_the_reference_exists_and_the_other_way_round() -> None:
    app = build_application(Database("postgresql://nowhere", "tests"))
    documented = {
        route.replace("{id}", "{job}")
        for route in re.findall(
            r"(?:GET|POST|PATCH) (/[^`\s,]+)`", text("docs/reference/rest-api.md")
        )
    }

    assert documented == {route for _, route in routes(app)} | {"/docs"}


def test_every_type_of_problem_is_documented_and_nothing_else() -> None:
    documented = re.findall(
        r"^## (\S+)\n\nStatus (\d+)\.", text("docs/reference/problems.md"), re.M
    )

    assert documented == [(problem_type(status), str(status)) for status in TYPES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


def test_every_documented_view_column_exists(sql: Sql) -> None:
    names = re.search(r"a job with its counts; `([^`]+)`", text("docs/reference/sql.md"))
    assert names is not None

    columns = [name for (name,) in sql.rows(
        "select attname::text from pg_attribute where attrelid = 'batch.batch_jobs'::regclass"
        " order by attnum"
    )]  # fmt: skip

    documented = names[1].split(", ")
    assert columns[: len(documented)] == documented


def test_make_help_explains_every_target() -> None:
    makefile = text("Makefile")
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.M)
    assert targets is not None

    explained = re.findall(r"^([a-z-]+):.*## ", makefile, re.M)

    assert sorted(explained) == sorted(targets[1].split())


def test_every_command_has_help() -> None:
    for command in backscroll.commands.values():
        assert command.help, command.name
        if isinstance(command, click.Group):
            assert all(inner.help for inner in command.commands.values())
