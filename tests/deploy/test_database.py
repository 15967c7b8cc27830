"""What deploy/ has for the database, run on one: logins, and the query that workers scale by."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.embedded import EmbeddedPostgres
from app.migrate import migrate
from tests.api.conftest import JOBS, key_header, served
from tests.database import open_sql
from tests.deploy.test_deploy_files import DEPLOY
from tests.processes import awaited
from tests.scene import Scene, Workers

LOGINS = ("backscroll_owner", "backscroll_api_login", "backscroll_worker_login",
          "backscroll_reader_login")  # fmt: skip


def make_logins(
    server: EmbeddedPostgres, url: str, passwords: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Runs deploy/logins.sql in psql."""
    psql = [str(server.programs / "psql"), url, "-q", "-f", str(DEPLOY / "logins.sql")]
    return subprocess.run(
        psql,
        env={**os.environ, **passwords},
        stderr=subprocess.PIPE, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.fixture
def logins(server: EmbeddedPostgres, empty_database_url: str) -> Iterator[dict[str, str]]:
    """The addresses of the logins that deploy/logins.sql made, in a database of the owner's."""
    passwords = {f"{who}_PASSWORD": f"it's {who}" for who in ("OWNER", "API", "WORKER", "READER")}
    try:
        make_logins(server, empty_database_url, passwords).check_returncode()
        yield {login: make_conninfo(empty_database_url, user=login) for login in LOGINS}
    finally:
        with open_sql(empty_database_url) as sql:
            sql.run("reassign owned by backscroll_owner to postgres")
            for login in LOGINS:
                awaited(
                    lambda login=login: (
                        not sql.rows("select 1 from pg_stat_activity where usename = %s", login)
                    )
                )
                sql.run(f"drop owned by {login}")
                sql.run(f"drop role {login}")


def scaling_query() -> str:
    _, scaled = yaml.safe_load_all(
        (DEPLOY / "kubernetes" / "keda" / "scaled-object.yaml").read_text()
    )
    return str(scaled["spec"]["triggers"][0]["metadata"]["query"])


@pytest.mark.parametrize("reader", [{}, {"READER_PASSWORD": ""}])
def test_no_login_is_made_without_all_passwords(
    server: EmbeddedPostgres, empty_database_url: str, reader: dict[str, str]
) -> None:
    passwords = {"OWNER_PASSWORD": "a", "API_PASSWORD": "b", "WORKER_PASSWORD": "c", **reader}

    ended = make_logins(server, empty_database_url, passwords)

    assert ended.returncode == 3
    assert "set OWNER_PASSWORD, API_PASSWORD, WORKER_PASSWORD and READER_PASSWORD" in ended.stderr
    with open_sql(empty_database_url) as sql:
        assert sql.value("select to_regrole('backscroll_owner')") is None


def test_an_owner_without_any_privilege_migrates_and_the_others_do_a_whole_job(
    logins: dict[str, str], tmp_path: Path
) -> None:
    owner = logins["backscroll_owner"]
    migrate(owner)
    migrate(owner)
    workers = Workers(logins["backscroll_worker_login"], tmp_path)
    try:
        with open_sql(owner) as sql, served(
            logins["backscroll_api_login"], key_header(owner)
        ) as (api, _):  # fmt: skip
            scene = Scene(sql, workers)
            scene.add("text done\nhold go", count=20)
            workers.start()
            request = {"jobType": "targeted_chat_sync", "chatId": str(scene.chat.id)}
            job_id = UUID(api.post(JOBS, json=request).json()["id"])
            with open_sql(logins["backscroll_reader_login"]) as reader:
                assert reader.value("select count(*) from batch_jobs") == 1
                awaited(lambda: len(workers.started()) == 4)
                waiting = reader.value(scaling_query())
                open_slices = sql.value("select count(*) from batch.slices where state <> 'done'")
                workers.release("go")

                scene.wait_for(job_id, status="completed")
                awaited(lambda: reader.value(scaling_query()) == 0)
            assert waiting >= open_slices > 0
            scene.assert_sound(job_id)
    finally:
        workers.end()


def test_the_database_of_the_logins_has_a_password_for_each(logins: dict[str, str]) -> None:
    superuser = conninfo_to_dict(logins["backscroll_owner"]) | {"user": "postgres"}
    with open_sql(make_conninfo(**superuser)) as sql:
        known = sql.rows(
            "select rolname::text from pg_authid where rolname = any (%s)"
            " and rolpassword like 'SCRAM-SHA-256$%%' and rolcanlogin and not rolsuper"
            " and not rolcreaterole and not rolcreatedb",
            list(LOGINS),
        )

    assert sorted(name for (name,) in known) == sorted(LOGINS)
