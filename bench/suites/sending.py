"""Sending: how results could get from a worker's memory to rows in PostgreSQL.

Calls of 500 results with texts of 200 characters, over one connection: made ready by the client,
sent, and read as rows by the server, which counts them and does nothing else. That is what
`batch.record_results` begins with; here it is done in each way there is. All take turns, and the
medians are compared.

No bar: it tells whether the way that is taken is the right one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.composite import CompositeInfo, register_composite

from bench.bench import Bench, Stopwatch
from bench.chats import TEXT_LENGTH
from bench.figures import Chart, Figure, Outcome, median
from workers.processors.base import Extraction
from workers.results import Result, as_text

CALLS = 12
ROUNDS = 15
RESULTS = 500
JOB = UUID(int=1)

COLUMNS = {
    "jobId": "uuid", "firstSeq": "int", "seq": "int", "processingMs": "int", "ageMs": "int",
    "status": "text", "text": "text", "provider": "text", "model": "text", "sha256": "text",
    "bytes": "bigint", "isUnasked": "boolean", "errorCode": "text", "error": "text",
    "language": "text", "durationSeconds": "numeric", "pages": "int", "usage": "jsonb",
    "askedLanguage": "text", "isReused": "boolean",
}  # fmt: skip
NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
DEFINED = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
READ = 'select count("jobId"), sum(length(text)), max(seq) from '
WAY_TAKEN = "JSON read as json"

Records = list[dict[str, Any]]
Way = Callable[[Records], Any]


def run(bench: Bench) -> Outcome:
    calls = bench.sized(CALLS)
    with bench.database("sending") as database, database.session() as session:
        ways = _ways(session.connection)
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                # In the best case: rows that were deleted are soon in the way of those that come.
                session.run("truncate bench_staging")
                taken[name].append(_seconds(way, calls) / calls / RESULTS * 1e6)
    micros = {name: median(each) for name, each in taken.items()}
    return Outcome(
        [
            *(Figure(name, each, "µs a result") for name, each in micros.items()),
            *(
                Figure(f"{name}, of the way taken", each / micros[WAY_TAKEN], "times")
                for name, each in micros.items()
                if name != WAY_TAKEN
            ),
        ],
        [Chart("From memory to rows", "µs a result", micros)],
        [f"calls of {RESULTS} results, one connection, {ROUNDS} rounds of {calls} calls"],
    )


def _seconds(way: Way, calls: int) -> float:
    """Seconds that so many calls take, with all that the client does for them."""
    results = [_result(seq) for seq in range(1, RESULTS + 1)]
    now = time.monotonic()
    watch = Stopwatch()
    for _ in range(calls):
        found = way([each.as_json(now) for each in results])
        assert found == (RESULTS, RESULTS * TEXT_LENGTH, RESULTS), found
    return watch.seconds


def _result(seq: int) -> Result:
    now = time.monotonic()
    return Result(
        job_id=JOB,
        first_seq=1,
        seq=seq,
        started=now,
        finished=now,
        extraction=Extraction(f"text {seq} ".ljust(TEXT_LENGTH, "x"), "local", "bench"),
        sha256=hashlib.sha256(str(seq).encode()).hexdigest(),
        medium_bytes=TEXT_LENGTH,
        is_unasked=True,
    )


def _ways(connection: psycopg.Connection[Any]) -> dict[str, Way]:
    """Each sends results, and returns how many rows, characters and which last number it read."""
    connection.execute(f"create type bench_result as ({DEFINED})".encode())
    connection.execute(f"create unlogged table bench_staging ({DEFINED})".encode())
    composite = CompositeInfo.fetch(connection, "bench_result")
    assert composite is not None
    register_composite(composite, connection)
    as_composite = composite.python_type
    assert as_composite is not None

    def read(source: str, *parameters: Any) -> Any:
        return connection.execute((READ + source).encode(), parameters, prepare=True).fetchone()

    def jsonb(records: Records) -> Any:
        return read(f"jsonb_to_recordset(%s::jsonb) as r ({DEFINED})", as_text(records))

    def json(records: Records) -> Any:
        return read(f"json_to_recordset(%s::json) as r ({DEFINED})", as_text(records))

    def arrays(records: Records) -> Any:
        columns = ", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())
        values = ([each.get(name) for each in records] for name in COLUMNS)
        return read(f"unnest({columns}) as r ({NAMES})", *values)

    def composites(records: Records) -> Any:
        return read("unnest(%s::bench_result[])", [as_composite(*_row(each)) for each in records])

    def staged(send: Callable[[list[list[Any]]], None]) -> Way:
        def way(records: Records) -> Any:
            with connection.transaction():
                send([_row(each) for each in records])
                found = read("bench_staging")
                connection.execute("delete from bench_staging")
            return found

        return way

    def copy(rows: Sequence[Sequence[Any]]) -> None:
        with connection.cursor().copy("copy bench_staging from stdin") as copying:
            for row in rows:
                copying.write_row(row)

    def many(rows: Sequence[Sequence[Any]]) -> None:
        values = ", ".join(["%s"] * len(COLUMNS))
        connection.cursor().executemany(
            f"insert into bench_staging values ({values})".encode(), rows
        )

    return {
        WAY_TAKEN: json,
        "JSON read as jsonb": jsonb,
        "an array a column": arrays,
        "an array of a composite": composites,
        "COPY into a staging table": staged(copy),
        "inserts in pipeline mode": staged(many),
    }


def _row(record: dict[str, Any]) -> list[Any]:
    return [record.get(name) for name in COLUMNS]
