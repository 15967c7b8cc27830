"""Procrastinate's schema: in step with the pinned version, whichever way it came."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import procrastinate.sql
import pytest
from procrastinate.schema import SchemaManager

from app.migrate import migrate
from tests.database import Sql, open_sql
from tests.schema.catalog import bodies, dump
from workers.tasks import with_schema


def scripts() -> list[tuple[tuple[int, ...], str]]:
    """(version, SQL) of Procrastinate's own migrations, in their order."""
    return [
        (tuple(int(part) for part in path.name.split("_")[0].split(".")), path.read_text())
        for path in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    ]


def run_all(sql: Sql, schema: str, *texts: str) -> None:
    sql.run(f"create schema {schema}")
    sql.run(f"set search_path = {schema}")
    for text in texts:
        sql.connection.execute(text.encode())


def shape(sql: Sql, schema: str) -> tuple[str, dict[str, str]]:
    """The schema without its name, and its functions without their layout."""
    sql.run(f"set search_path = {schema}")
    text = re.sub(rf"\b{schema}\.", "", dump(sql, schema, ordered_columns=False))
    sources = {
        re.sub(rf"\b{schema}\.", "", name): " ".join(source.split())
        for name, source in bodies(sql, schema).items()
    }
    return text, sources


def test_its_migrations_lead_to_the_same_schema_as_its_schema_file(
    empty_database_url: str,
) -> None:
    with open_sql(empty_database_url) as sql:
        run_all(sql, "grown", *(text for _, text in scripts()))
        run_all(sql, "fresh", SchemaManager.get_schema())

        grown, fresh = shape(sql, "grown"), shape(sql, "fresh")

    assert grown[0] == fresh[0]
    assert grown[1] == fresh[1]


def test_an_upgrade_runs_the_scripts_that_are_newer_and_no_others(
    empty_database_url: str,
) -> None:
    migrate(empty_database_url)
    with open_sql(empty_database_url) as sql:
        fresh = shape(sql, "procrastinate")
        sql.run("drop schema procrastinate cascade")
        older = [text for version, text in scripts() if version <= (3, 2, 0)]
        assert len(older) < len(scripts())
        run_all(sql, "procrastinate", *older)
        assert shape(sql, "procrastinate") != fresh
        sql.run("update batch.installations set procrastinate_version = '3.2.0'")

    done = migrate(empty_database_url).done

    # Run again, any older script would have failed: what it makes is there already.
    wanted = importlib.metadata.version("procrastinate")
    assert f"upgraded procrastinate from 3.2.0 to {wanted}" in done
    with open_sql(empty_database_url) as sql:
        assert shape(sql, "procrastinate") == fresh
        assert (
            sql.value(
                "select procrastinate_version from batch.installations order by id desc limit 1"
            )
            == wanted
        )


def test_the_installed_schema_is_the_pinned_version_s(
    own_sql: Sql, empty_database_url: str
) -> None:
    with open_sql(empty_database_url) as sql:
        run_all(sql, "fresh", SchemaManager.get_schema())
        fresh = shape(sql, "fresh")

    installed, sources = shape(own_sql, "procrastinate")

    assert re.sub(r" set search_path=[^;]*", "", installed) == fresh[0]
    assert sources == fresh[1]


@pytest.mark.parametrize("name", sorted(set(procrastinate.sql.queries) - {"listen_queue"}))
def test_its_queries_need_no_search_path(sql: Sql, name: str) -> None:
    sql.run("set search_path = ''")
    query = with_schema(procrastinate.sql.queries[name]).rstrip(";")
    names = dict.fromkeys(re.findall(r"%\((\w+)\)s", query))
    for number, parameter in enumerate(names, start=1):
        query = query.replace(f"%({parameter})s", f"${number}")

    sql.connection.execute(f"prepare its_query as {query}".encode())

    assert "procrastinate.procrastinate_" in query
    sql.run("deallocate its_query")
