"""tests.schema.lint_sql: the project's SQL is clean, and every rule can fail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.schema.lint_sql import PROJECT, lint

GOOD = """\
-- What it is for.
create or replace function batch.thing(p_one int)
returns int
language plpgsql
stable
set search_path = ''
as $$
declare
  v_two int := 2;
begin
  return p_one + v_two;
end;
$$;
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one good function and one good migration."""
    (tmp_path / "sql/shared").mkdir(parents=True)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "sql/install.sql").write_text("-- all\n\\ir shared/thing.sql\n")
    (tmp_path / "sql/shared/thing.sql").write_text(GOOD)
    for name in ("0001.first.sql", "0001.first.rollback.sql"):
        (tmp_path / "migrations" / name).write_text("select 1;\n")
    return tmp_path


def told(project: Path) -> list[str]:
    return [str(problem) for problem in lint(project)]


def test_the_project_s_own_sql_is_clean() -> None:
    assert told(PROJECT) == []


def test_a_good_project_is_clean(project: Path) -> None:
    assert told(project) == []


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("-- What it is for.\n", "", "1: does not begin with a comment"),
        ("batch.thing", "batch.other", "2: makes batch.other: the file should be named after it"),
        ("or replace ", "", "2: thing is not `create or replace`"),
        ("stable\n", "", "2: thing does not state its volatility"),
        ("set search_path = ''\n", "", "2: thing does not pin its search_path"),
        ("p_one", "one", "2: thing has a parameter without p_: one"),
        ("v_two", "two", "2: thing has a local without v_: two"),
        ("returns int", "RETURNS int", "3: a keyword in upper case: RETURNS"),
        ("return p_one", "RETURN p_one", "11: a keyword in upper case: RETURN"),
        ("v_two;", "(select * from x);", "11: select *"),
        ("v_two;", "now();", "11: now: time comes from batch.clock()"),
        ("v_two;", f"v_two; -- {'x' * 100}", "11: longer than 100 columns"),
        ("v_two;", "v_two; ", "11: a tab, or white space at the end"),
        ("returns int", "returns", "cannot be parsed"),
    ],
)
def test_a_breach_in_a_function_is_told_with_its_line(
    project: Path, before: str, after: str, problem: str
) -> None:
    assert before in GOOD
    (project / "sql/shared/thing.sql").write_text(GOOD.replace(before, after))

    (line,) = told(project)

    assert line.startswith("sql/shared/thing.sql:")
    assert problem in line


def test_a_helper_that_must_be_inlined_may_not_pin_its_search_path(project: Path) -> None:
    (project / "sql/shared/thing.sql").rename(project / "sql/shared/clock.sql")
    (project / "sql/shared/clock.sql").write_text(GOOD.replace("batch.thing", "batch.clock"))
    (project / "sql/install.sql").write_text("\\ir shared/clock.sql\n")

    assert told(project) == [
        "sql/shared/clock.sql:2: clock pins its search_path, so that it cannot be inlined"
    ]


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ("-- none\n", "1: does not name shared/thing.sql"),
        ("\\ir shared/thing.sql\n\\ir shared/gone.sql\n", "2: names shared/gone.sql, which is not"),
    ],
)
def test_the_manifest_names_every_file(project: Path, manifest: str, problem: str) -> None:
    (project / "sql/install.sql").write_text(manifest)

    (line,) = told(project)

    assert problem in line


def test_the_manifest_names_a_file_once(project: Path) -> None:
    (project / "sql/install.sql").write_text("\\ir shared/thing.sql\n\\ir shared/thing.sql\n")

    assert told(project) == [
        f"sql/install.sql:{line}: names shared/thing.sql more than once" for line in (1, 2)
    ]


def test_a_migration_has_a_rollback(project: Path) -> None:
    (project / "migrations/0001.first.rollback.sql").unlink()

    assert told(project) == ["migrations/0001.first.sql:1: has no rollback"]


def test_a_migration_says_what_it_depends_on(project: Path) -> None:
    for name in ("0002.second.sql", "0002.second.rollback.sql"):
        shutil.copy(project / "migrations/0001.first.sql", project / "migrations" / name)

    assert told(project) == ["migrations/0002.second.sql:1: does not say what it depends on"]


def test_a_migration_has_a_number_and_words(project: Path) -> None:
    (project / "migrations/notes.txt").write_text("hello\n")

    assert told(project) == ["migrations/notes.txt:1: not named like 0001.some-words.sql"]
