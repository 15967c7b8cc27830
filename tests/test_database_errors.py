"""What the database's refusals mean."""

from __future__ import annotations

import pytest

from app.database_errors import ReadOnly, TookTooLong, understood
from tests.database import Sql


def test_what_a_read_only_database_refuses_is_no_defect(own_sql: Sql) -> None:
    own_sql.run("set default_transaction_read_only = on")

    with pytest.raises(ReadOnly, match="read-only"), understood():
        own_sql.run("create table t ()")


@pytest.mark.parametrize("limit", ["statement_timeout", "transaction_timeout"])
def test_what_took_too_long_may_go_through_later(own_sql: Sql, limit: str) -> None:
    if own_sql.connection.info.server_version < 170000 and limit == "transaction_timeout":
        pytest.skip("PostgreSQL limits transactions since 17")
    own_sql.run(f"set {limit} = '20ms'")

    with pytest.raises(TookTooLong), understood():
        own_sql.run("select pg_sleep(60)")
