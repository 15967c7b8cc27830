"""batch.webhook_secret: made once by the database, for workers alone."""

from __future__ import annotations

import base64

import psycopg
import pytest

from tests.database import Sql


def test_it_has_the_form_of_standard_webhooks(sql: Sql) -> None:
    secret: str = sql.value("select batch.webhook_secret()")

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


def test_workers_may_read_it(sql: Sql) -> None:
    sql.run("set local role backscroll_worker")

    assert sql.value("select batch.webhook_secret()").startswith("whsec_")


@pytest.mark.parametrize("role", ["backscroll_api", "backscroll_reader"])
@pytest.mark.parametrize(
    "query", ["select batch.webhook_secret()", "select secret from batch.webhook_secrets"]
)
def test_nobody_else_may(sql: Sql, role: str, query: str) -> None:
    sql.run(f"set local role {role}")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sql.value(query)
