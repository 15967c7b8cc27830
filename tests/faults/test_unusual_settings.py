"""A database or role with settings of its own, as old installations have them."""

from __future__ import annotations

import pytest

from app.connecting import connect
from tests.database import Sql
from tests.faults.test_read_only import set_for_the_database
from tests.processes import backscroll
from tests.scene import Scene
from tests.workers.receiver import receiving
from tests.workers.test_callbacks import ALLOW, heard

SETTINGS = {
    "client_encoding": "latin1",
    "datestyle": "German, DMY",
    "intervalstyle": "sql_standard",
    "timezone": "Asia/Kolkata",
    "bytea_output": "escape",
    "default_transaction_deferrable": "on",
    "transform_null_equals": "on",
}


def test_a_job_runs_and_is_told_whatever_the_database_is_set_to(scene: Scene) -> None:
    for name, value in SETTINGS.items():
        set_for_the_database(scene.sql, f"set {name} = '{value}'")
    scene.add("text ein Boot 🚣 船", count=3)

    with receiving() as receiver:
        scene.workers.start(ALLOW)
        job_id = scene.create(callbackUrl=f"{receiver.url}/", metadata={"ü": "🚣"})
        heard(receiver)

    assert scene.wait_for(job_id, status="completed")["processed_items"] == 3
    assert scene.sql.rows("select distinct content from public.media_content") == [
        ("ein Boot 🚣 船",)
    ]
    scene.assert_sound(job_id)


def test_doctor_finds_nothing_wrong_with_them(database_url: str, own_sql: Sql) -> None:
    for name, value in SETTINGS.items():
        set_for_the_database(own_sql, f"set {name} = '{value}'")

    ended = backscroll("doctor", DATABASE_URL=database_url)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_texts_go_as_utf8_whatever_the_role_has(database_url: str, own_sql: Sql) -> None:
    set_for_the_database(own_sql, "set client_encoding = 'latin1'")

    with connect(database_url, "a test") as connection:
        assert connection.execute("select '🚣'::text").fetchone() == ("🚣",)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_no_worker_begins_where_transactions_do_not_see_each_other(
    database_url: str, own_sql: Sql, isolation: str
) -> None:
    """A worker would not see what others have just reserved of a budget."""
    set_for_the_database(own_sql, f"set default_transaction_isolation = '{isolation}'")

    worker = backscroll("worker", DATABASE_URL=database_url)
    doctor = backscroll("doctor", DATABASE_URL=database_url)

    assert (worker.returncode, doctor.returncode) == (2, 1)
    assert f"are {isolation} by default" in worker.stderr
    assert "set default_transaction_isolation = 'read committed'" in worker.stderr
    assert f"fail  isolation: transactions are {isolation} by default" in doctor.stdout
