"""The schema `batch` is the one in golden.sql. `make schema` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.database import Sql
from tests.schema.catalog import dump

GOLDEN = Path(__file__).with_name("golden.sql")
HEAD = "-- The schema batch as `make schema` wrote it from the catalogs: to read and compare.\n\n"


def test_the_schema_is_the_golden_one(sql: Sql, pytestconfig: pytest.Config) -> None:
    sql.run("set search_path = ''")
    now = HEAD + dump(sql, "batch")
    if pytestconfig.getoption("--write-golden", default=False):
        GOLDEN.write_text(now)

    assert now == GOLDEN.read_text(), "if this change is meant, run `make schema` and look at it"


def test_the_dump_notices_what_changes(sql: Sql) -> None:
    before = dump(sql, "batch")
    changes = [
        "alter table batch.jobs add column colour text",
        "alter table batch.jobs alter column language set default 'pt'",
        "alter table batch.jobs alter column language set not null",
        "alter table batch.jobs drop constraint lanes_are_1_to_64",
        "drop index batch.jobs_open_idx",
        "alter type batch.content_type add value 'smell'",
        "create function batch.thing() returns int language sql as 'select 1'",
        "alter function batch.clock() volatile",
        "alter function batch.clock() set search_path = ''",
        "alter table batch.slices reset (fillfactor)",
        "create view batch.thing as select 1 as one",
        "create trigger thing before insert on batch.jobs for each row"
        " execute function suppress_redundant_updates_trigger()",
    ]

    unnoticed = []
    for change in changes:
        with sql.connection.transaction(force_rollback=True):
            sql.run(change)
            if dump(sql, "batch") == before:
                unnoticed.append(change)

    assert unnoticed == []
