"""batch.error_codes: every code has a stage and a meaning that a person can read."""

from __future__ import annotations

from tests.database import Sql


def test_every_code_is_explained_in_a_sentence(sql: Sql) -> None:
    codes = sql.rows("select code, meaning from batch.error_codes")

    assert codes
    assert [code for code, meaning in codes if not meaning.endswith(".")] == []


def test_the_codes_that_sql_itself_gives_are_known(sql: Sql) -> None:
    assert sql.value("select stage from batch.error_codes where code = 'message_deleted'") == (
        "download"
    )
