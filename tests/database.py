"""Talking to the database in tests, and people's chats to work on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg

from app.connecting import connect
from tests.processes import PATIENCE_SECONDS, awaited

T = TypeVar("T")

NOW = "2026-06-30 12:00:00+00"
"""What batch.clock() says in tests that set it with `Sql.at`."""


class Sql:
    """A session: `value`, `row` and `rows` run a query with positional parameters (%s)."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(query.encode(), parameters)
        if cursor.description:
            return cursor.fetchall()
        assert not (cursor.statusmessage or "").startswith("SELECT"), "rows need a column"
        return []

    def row(self, query: str, *parameters: Any) -> tuple[Any, ...]:
        (row,) = self.rows(query, *parameters)
        return row

    def value(self, query: str, *parameters: Any) -> Any:
        return self.row(query, *parameters)[0]

    def run(self, query: str, *parameters: Any) -> None:
        self.connection.execute(query.encode(), parameters)

    def at(self, time: str = NOW, *, up_since: str = "-infinity") -> None:
        """Stops batch.clock() at `time` for this session; `up_since`: the database's last start."""
        self.run(
            "select set_config('batch.now', %s, false), set_config('batch.up_since', %s, false)",
            time, up_since,
        )  # fmt: skip

    @contextmanager
    def refused(self, code: str) -> Iterator[list[psycopg.Error]]:
        """Expects an error with this SQLSTATE, and keeps the transaction usable after it."""
        caught: list[psycopg.Error] = []
        try:
            with self.connection.transaction():
                yield caught
        except psycopg.Error as error:
            if error.sqlstate != code:
                raise
            caught.append(error)
        else:
            raise AssertionError(f"nothing was refused with {code}")

    def problems(self, query: str, *parameters: Any) -> list[tuple[str, str]]:
        """Expects the query to be refused with BJ422; (field, problem) of every problem."""
        with self.refused("BJ422") as caught:
            self.rows(query, *parameters)
        return [
            (problem["field"], problem["problem"])
            for problem in json.loads(caught[0].diag.message_detail or "[]")
        ]

    # -- two sessions at once

    @contextmanager
    def uncommitted(self) -> Iterator[None]:
        """A transaction that stays open, holding its locks, until the block ends."""
        with self.connection.transaction():
            yield

    def await_blocked(self, other: Sql) -> None:
        """Returns once the other session waits for a lock."""
        pid = other.connection.info.backend_pid
        awaited(lambda: self.value("select pg_blocking_pids(%s) <> '{}'", pid))

    # -- jobs, as workers and users go through them

    def create(self, **request: Any) -> UUID:
        """A pending job from a request in the names of the REST API."""
        return UUID(str(self.value("select batch.create_job_from_json(%s)", json.dumps(request))))

    def plan(self, **request: Any) -> UUID:
        """A job that is created, planned and estimated."""
        job_id = self.create(**request)
        self.run("select batch.plan_job(%s)", job_id)
        self.run("select batch.keep_estimate(%s)", job_id)
        return job_id

    def job(self, job_id: UUID) -> dict[str, Any]:
        """The job's row of the view batch_jobs."""
        cursor = self.connection.execute("select * from batch.batch_jobs where id = %s", [job_id])
        names = [column.name for column in cursor.description or ()]
        (row,) = cursor.fetchall()
        return dict(zip(names, row, strict=True))

    def worker(self) -> int:
        return int(
            self.value(
                "select batch.register_worker('test',"
                ' \'{"audio": 0, "image": 1, "video": 0, "document": 2}\')'
            )
        )

    def slices(self, job_id: UUID) -> list[tuple[int, int, str]]:
        """(first_seq, last_seq, state) of every slice, in order."""
        return self.rows(
            "select first_seq, last_seq, state::text from batch.slices"
            " where job_id = %s order by first_seq",
            job_id,
        )

    def in_one_slice(self, job_id: UUID) -> UUID:
        """Puts all items of a planned job into one slice, whatever it had been cut into."""
        self.run("delete from batch.slices where job_id = %s and first_seq > 1", job_id)
        self.run(
            "update batch.slices as s set last_seq = j.total_items from batch.jobs as j"
            " where j.id = s.job_id and j.id = %s",
            job_id,
        )
        self.run("update batch.jobs set next_seq = total_items + 1 where id = %s", job_id)
        return job_id

    def take(self, job_id: UUID, first_seq: int, worker: int) -> list[int]:
        """Takes a slice; the seqs of its items that need work."""
        return [
            seq
            for (seq,) in self.rows(
                "select seq from batch.take_slice(%s, %s, %s)", job_id, first_seq, worker
            )
        ]

    def record(self, worker: int, *results: dict[str, Any]) -> list[tuple[UUID, bool]]:
        """Records results made by `processed` and `failed`; the jobs that want no more work."""
        return self.rows(
            "select job_id, has_ended from batch.record_results(%s, %s) where first_seq is null",
            worker, json.dumps(results),
        )  # fmt: skip

    def finish(self, job_id: UUID, first_seq: int, worker: int) -> None:
        self.run("select batch.finish_slice(%s, %s, %s)", job_id, first_seq, worker)

    def counts(self, job_id: UUID) -> dict[str, Any]:
        """The job's counters by content type and kind of failure, without the zeros."""
        summary = self.job(job_id)["results_summary"]
        return {name: count for name, count in summary.items() if count}

    def tasks(self, job_id: UUID | None = None) -> list[tuple[str, int | None]]:
        """(task, first_seq) of what waits in the queue, in the order it would be taken."""
        return self.rows(
            "select task_name, (args ->> 'first_seq')::int"
            " from procrastinate.procrastinate_jobs"
            " where status = 'todo' and (%s::text is null or args ->> 'job_id' = %s::text)"
            " order by priority desc, id",
            job_id, job_id,
        )  # fmt: skip

    def work_off(self, job_id: UUID, worker: int | None = None) -> None:
        """Runs a planned job to its end, every item processed."""
        worker = worker or self.worker()
        while queued := [s for s in self.slices(job_id) if s[2] == "queued"]:
            first_seq = queued[0][0]
            taken = self.take(job_id, first_seq, worker)
            self.record(worker, *(processed(job_id, first_seq, seq) for seq in taken))
            self.finish(job_id, first_seq, worker)


def processed(
    job_id: UUID,
    first_seq: int,
    seq: int,
    *,
    text: str = "some text",
    cost: str = "0.00000001",
    tokens: int = 1,
    **more: Any,
) -> dict[str, Any]:
    """A result as `batch.record_results` takes it."""
    return {
        "jobId": str(job_id), "firstSeq": first_seq, "seq": seq, "status": "processed",
        "text": text, "provider": "local", "model": "test", "tokens": tokens, "costUsd": cost,
        "processingMs": 10, "ageMs": 0, **more,
    }  # fmt: skip


def failed(
    job_id: UUID, first_seq: int, seq: int, code: str = "file_unreadable", cost: str = "0"
) -> dict[str, Any]:
    return {
        "jobId": str(job_id), "firstSeq": first_seq, "seq": seq, "status": "failed",
        "errorCode": code, "error": "for a test", "tokens": 0, "costUsd": cost,
        "processingMs": 10, "ageMs": 0,
    }  # fmt: skip


@contextmanager
def beside(work: Callable[[], T]) -> Iterator[Future[T]]:
    """Runs `work` in a thread of its own, beside the block; its result is due at the end."""
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(work)
        yield future
        future.result(PATIENCE_SECONDS)


@contextmanager
def open_sql(url: str, *, autocommit: bool = True) -> Iterator[Sql]:
    """A session as `backscroll psql` opens one: our schemas are in its search_path."""
    with connect(url, "tests") as connection:
        connection.autocommit = True
        connection.execute("set search_path = batch, procrastinate, public")
        connection.autocommit = autocommit
        yield Sql(connection)


@dataclass(frozen=True)
class Chat:
    """A chat of the test's own; `add` puts a message with a medium into it."""

    sql: Sql
    id: UUID
    external_id: str
    instance_id: UUID

    def add(
        self,
        mime_type: str | None = "image/jpeg",
        *,
        sent: str | datetime = "2026-06-01 12:00",
        **columns: Any,
    ) -> UUID:
        """A message with a medium, sent at `sent` (UTC); `columns` as the table names them."""
        values = {
            "id": uuid4(),
            "chat_id": self.id,
            "external_id": uuid4().hex,
            "source": "sync",
            "message_type": "image",
            "has_media": True,
            "media_mime_type": mime_type,
            "platform_timestamp": sent,
            **columns,
        }
        names = ", ".join(values)
        places = ", ".join(["%s"] * len(values))
        self.sql.run(f"insert into public.messages ({names}) values ({places})", *values.values())
        return UUID(str(values["id"]))

    def add_many(self, count: int, mime_type: str = "image/jpeg", **columns: str) -> None:
        """Messages a minute apart, the newest first in order of `external_id` 1..count."""
        names = "".join(f", {name}" for name in columns)
        values = "".join(", %s" for _ in columns)
        self.sql.run(
            "insert into public.messages (chat_id, external_id, source, message_type, has_media,"
            f" media_mime_type, platform_timestamp{names})"
            " select %s, n, 'sync', 'image', true, %s,"
            f" timestamp '2026-06-30' - n * interval '1 minute'{values}"
            " from generate_series(1, %s) as n",
            self.id, mime_type, *columns.values(), count,
        )  # fmt: skip


def share_out_all_that_may_be(sql: Sql) -> None:
    """Has PostgreSQL plan parallel workers for whatever they are allowed in.

    By what is in the messages now: what autovacuum knows of them depends on when it last looked.
    """
    for setting in (
        "parallel_setup_cost",
        "parallel_tuple_cost",
        "min_parallel_table_scan_size",
        "min_parallel_index_scan_size",
    ):
        sql.run(f"set {setting} = 0")
    sql.run("set max_parallel_workers_per_gather = 2")
    sql.run("analyze public.messages")


def add_chat(sql: Sql, external_id: str | None = None, instance_id: UUID | None = None) -> Chat:
    """A new chat, of a new instance unless one is given."""
    external_id = external_id or f"{uuid4().hex}@g.us"
    if instance_id is None:
        instance_id = uuid4()
        sql.run(
            "insert into public.instances (id, name, channel) values (%s, %s, 'whatsapp-baileys')",
            instance_id, str(instance_id),
        )  # fmt: skip
    chat_id = uuid4()
    sql.run(
        "insert into public.chats (id, instance_id, external_id, chat_type, channel, name)"
        " values (%s, %s, %s, 'group', 'whatsapp-baileys', 'a chat')",
        chat_id, instance_id, external_id,
    )  # fmt: skip
    return Chat(sql, chat_id, external_id, instance_id)
