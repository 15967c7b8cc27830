"""batch.register_worker: every worker process gets an id of its own."""

from __future__ import annotations

from tests.database import NOW, Sql


def test_a_worker_is_alive_from_the_moment_it_registers(sql: Sql) -> None:
    sql.at(NOW)

    worker = sql.value("select batch.register_worker('host:1', '{\"image\": 2}')")

    assert sql.row(
        "select name, capacity, started_at = %s, alive_since = %s, last_seen_at = %s, stopped_at"
        " from batch.workers where id = %s",
        NOW, NOW, NOW, worker,
    ) == ("host:1", {"image": 2}, True, True, True, None)  # fmt: skip


def test_the_same_name_twice_is_two_workers(sql: Sql) -> None:
    assert sql.worker() != sql.worker()
