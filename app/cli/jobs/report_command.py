"""`backscroll jobs report`: all items of a job, for a spreadsheet or a program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import click
import psycopg

from app.cli.environment import session
from app.cli.jobs.job_argument import JOB, find_job
from app.reports import PAGE, PAGE_SIZE, csv_heading, csv_lines, ndjson_lines


@click.command("report")
@JOB
@click.option(
    "--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv", show_default=True
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write it here once it is whole [default: standard output].",
)  # fmt: skip
@click.option("--text", "with_text", is_flag=True, help="Also the text that was made of each.")
def report(job: str, form: str, output: Path | None, with_text: bool) -> None:
    """Write all items of a job, in its order: the same report as the API's."""
    with session("backscroll jobs") as connection:
        # Looked up first: a file is not touched for a job that there is not.
        job_id = find_job(connection, job)
        with _written(output) as file:
            if form == "csv":
                file.write(csv_heading(with_text))
            for items in _pages(connection, job_id, with_text):
                file.write(csv_lines(items, with_text) if form == "csv" else ndjson_lines(items))


def _pages(
    connection: psycopg.Connection[Any], job_id: UUID, with_text: bool
) -> Iterator[list[str]]:
    after = 0
    while True:
        rows = connection.execute(PAGE, [job_id, after, PAGE_SIZE, with_text]).fetchall()
        yield [item for _, item in rows]
        if len(rows) < PAGE_SIZE:
            return
        after = rows[-1][0]


@contextmanager
def _written(output: Path | None) -> Iterator[IO[bytes]]:
    """Where a report goes; a file has its name only once all of it is there."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = output.with_name(f"{output.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(output)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
