"""`backscroll doctor`: finds what is wrong and says how to mend it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.database import Sql, add_chat, open_sql
from tests.processes import awaited, backscroll, free_port

KEY = "gsk_right"


def findings(*arguments: str, **settings: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and what was found by check."""
    ended = backscroll("doctor", "--json", *arguments, **settings)
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, {found["check"]: found for found in json.loads(ended.stdout)}


def test_where_all_is_well_nothing_fails(own_sql: Sql, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    add_chat(own_sql).add("text/plain", media_local_path="note.txt")
    own_sql.worker()

    status, found = findings(DATABASE_URL=database_url, BACKSCROLL_MEDIA_ROOT=str(tmp_path))

    assert status == 0
    wrong = {check for check, each in found.items() if each["state"] != "ok"}
    assert wrong <= {"user", "providers", "disk"}  # a superuser, nobody configured
    assert found["media"]["said"].startswith("1 of 1 files")
    assert found["workers"]["said"] == "1 alive"
    assert found["listen"]["said"].startswith("heard after")


def test_it_is_for_people_too(database_url: str) -> None:
    ended = backscroll("doctor", DATABASE_URL=database_url)

    assert ended.returncode == 0
    assert "ok    migrated: Backscroll" in ended.stdout
    assert "warn  workers: none is alive" in ended.stdout
    assert "      -> start one: `backscroll worker`" in ended.stdout


def test_a_database_that_is_away_is_said_without_its_password() -> None:
    url = f"postgresql://me:hunter2@127.0.0.1:{free_port()}/nothing"

    ended = backscroll("doctor", DATABASE_URL=url)

    assert ended.returncode == 1
    assert "fail  database: cannot be reached" in ended.stdout
    assert "hunter2" not in ended.stdout + ended.stderr


def test_a_database_that_is_not_migrated_is_told_how(empty_database_url: str) -> None:
    status, found = findings(DATABASE_URL=empty_database_url)

    assert status == 1
    assert found["migrated"]["state"] == "fail"
    assert found["migrated"]["mend"] == "run `backscroll migrate`"


def test_sql_of_another_build_is_noticed(own_sql: Sql, database_url: str) -> None:
    own_sql.run("update batch.installations set checksum = 'another'")

    status, found = findings(DATABASE_URL=database_url)

    assert (status, found["migrated"]["state"]) == (1, "fail")


def test_a_database_of_a_newer_release_asks_for_an_upgrade_here(
    own_sql: Sql, database_url: str
) -> None:
    own_sql.run("update batch.installations set version = '99.0.0'")

    _, found = findings(DATABASE_URL=database_url)

    assert found["migrated"]["mend"] == "upgrade Backscroll here"


def test_a_listen_address_of_another_database_is_noticed(
    database_url: str, empty_database_url: str
) -> None:
    status, found = findings(DATABASE_URL=database_url, DATABASE_LISTEN_URL=empty_database_url)

    assert status == 1
    assert "another database" in found["listen"]["said"]


@pytest.fixture
def user(own_sql: Sql) -> Iterator[str]:
    own_sql.run("create role doctors_patient login")
    yield "doctors_patient"
    own_sql.run("drop owned by doctors_patient")
    own_sql.run("drop role doctors_patient")


@pytest.mark.parametrize(
    ("role", "may"), [("backscroll_api", "the API"), ("backscroll_worker", "workers")]
)
def test_a_member_of_one_role_may_run_that(
    own_sql: Sql, database_url: str, user: str, role: str, may: str
) -> None:
    own_sql.run(f"grant {role} to {user}")

    _, found = findings(DATABASE_URL=database_url.replace("postgres@", f"{user}@"))

    assert found["user"]["said"] == f"{user} may run {may}"
    assert found["migrated"]["state"] == "ok"
    assert found["workers"]["said"] == "none is alive"


def test_a_user_who_may_do_nothing_is_told_what_to_grant(database_url: str, user: str) -> None:
    status, found = findings(DATABASE_URL=database_url.replace("postgres@", f"{user}@"))

    assert status == 1
    assert "backscroll_api" in found["migrated"]["mend"]


def test_a_media_root_that_is_the_wrong_one_is_noticed(
    own_sql: Sql, database_url: str, tmp_path: Path
) -> None:
    add_chat(own_sql).add("text/plain", media_local_path="somewhere/else.txt")

    status, found = findings(DATABASE_URL=database_url, BACKSCROLL_MEDIA_ROOT=str(tmp_path))

    assert status == 1
    assert "media_not_found" in found["media"]["said"]


def test_wrong_settings_are_findings_and_not_the_end(database_url: str) -> None:
    status, found = findings(DATABASE_URL=database_url, BACKSCROLL_CONCURENCY="8")

    assert status == 1
    assert "did you mean BACKSCROLL_CONCURRENCY?" in found["settings"]["said"]
    assert found["migrated"]["state"] == "ok"


class Provider(BaseHTTPRequestHandler):
    """Lists its models to whoever has the key."""

    def do_GET(self) -> None:
        is_right = self.headers["Authorization"] == f"Bearer {KEY}" and self.path == "/v1/models"
        self.send_response(200 if is_right else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("key", "state"), [(KEY, "ok"), ("gsk_wrong", "fail")])
def test_providers_are_asked_whether_their_key_works(
    database_url: str, provider: str, key: str, state: str
) -> None:
    status, found = findings(
        "--providers", DATABASE_URL=database_url, GROQ_API_KEY=key, GROQ_BASE_URL=provider
    )

    assert found["provider groq"]["state"] == state
    assert status == (state == "fail")
    assert key not in json.dumps(found)


def test_providers_are_not_asked_unless_that_is_wished(database_url: str) -> None:
    _, found = findings(
        DATABASE_URL=database_url, GROQ_API_KEY=KEY, GROQ_BASE_URL="http://127.0.0.1:1/v1"
    )

    assert "not asked" in found["provider groq"]["said"]


def test_the_embedded_database_is_examined_too(tmp_path: Path) -> None:
    status, found = findings(BACKSCROLL_HOME=str(tmp_path / "home"))

    assert status == 1  # not migrated yet
    assert found["server"]["state"] == "ok"
    assert found["listen"]["state"] == "ok"


def test_it_leaves_nothing_behind(database_url: str) -> None:
    backscroll("doctor", DATABASE_URL=database_url)

    # PostgreSQL notices a moment later that somebody has gone.
    left = "select count(*) from pg_stat_activity where application_name = 'backscroll doctor'"
    with open_sql(database_url) as sql:
        awaited(lambda: sql.value(left) == 0)
