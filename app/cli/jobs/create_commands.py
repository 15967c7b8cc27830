"""`backscroll jobs create` and `backscroll jobs retry`: what makes a job."""

from __future__ import annotations

import sys
from typing import Any, LiteralString

import click
import psycopg

from app.cli import json_text
from app.cli.environment import AS_JSON, call, database, session, session_at
from app.cli.jobs import request_options as asked
from app.cli.jobs.job_argument import JOB
from app.cli.jobs.showing import show_estimate
from app.cli.jobs.watch_command import WATCH_OPTIONS, Watching, watch_job
from app.files import is_folder
from app.media_sample import mean_sizes
from app.settings import load_settings

_WATCH = click.option("--watch", "is_watched", is_flag=True, help="Follow it until it has ended.")


@click.command("create")
@click.option("--chat", metavar="ID", help="All media of one chat: its uuid or external id.")
@click.option("--days-back", type=int, metavar="N", help="All media of the past N days.")
@click.option("--instance", metavar="UUID", help="Only of this instance.")
@asked.options(asked.CONTENT_TYPES, asked.LIMIT)
@click.option("--force", is_flag=True, help="Also what has content already.")
@asked.options(
    asked.LANGUAGE,
    asked.MAX_COST,
    asked.FAILURE_THRESHOLD,
    asked.PRIORITY,
    asked.LANES,
    asked.CALLBACK_URL,
    asked.METADATA,
)
@click.option(
    "--estimate", "--dry-run", "is_dry_run", is_flag=True,
    help="Only say what it would do and cost.",
)  # fmt: skip
@_WATCH
@WATCH_OPTIONS
@AS_JSON
def create(
    is_dry_run: bool,
    is_watched: bool,
    exit_on_pause: bool,
    fail_on_failed_items: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Create a batch job for a chat (--chat) or a span of time (--days-back).

    Prints its id.
    """
    if given["chat"] is None and given["days_back"] is None:
        raise click.UsageError("give --chat for a chat, or --days-back for a span of time")
    job_type = "time_based_batch" if given["chat"] is None else "targeted_chat_sync"
    body = json_text.dump({"jobType": job_type, **asked.request_of(given)})
    if is_dry_run:
        _estimate(body, as_json)
        return
    _make(
        "select batch.create_job_from_json(%s)",
        [body],
        as_json,
        Watching(exit_on_pause, fail_on_failed_items) if is_watched else None,
    )


@click.command("retry")
@JOB
@asked.options(
    asked.CONTENT_TYPES,
    asked.LIMIT,
    asked.LANGUAGE,
    asked.MAX_COST,
    asked.NO_MAX_COST,
    asked.FAILURE_THRESHOLD,
    asked.PRIORITY,
    asked.LANES,
    asked.CALLBACK_URL,
    asked.METADATA,
)
@_WATCH
@WATCH_OPTIONS
@AS_JSON
def retry(
    job: str,
    is_watched: bool,
    exit_on_pause: bool,
    fail_on_failed_items: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Create a job of the items that failed in an ended one.

    It is run like the first one, except for the options given here. Prints its id.
    """
    _make(
        "select batch.retry_job(batch.find_job(%s), %s)",
        [job, json_text.dump(asked.request_of(given))],
        as_json,
        Watching(exit_on_pause, fail_on_failed_items) if is_watched else None,
    )


def _estimate(body: str, as_json: bool) -> None:
    with session("backscroll jobs") as connection:
        sizes = json_text.dump(_sizes(connection, body))
        estimate = call(connection, "select batch.estimate_job(%s, null, %s)", [body, sizes])
    json_text.echo_json(estimate) if as_json else show_estimate(estimate)


def _sizes(connection: psycopg.Connection[Any], request: str) -> dict[str, int]:
    """The mean sizes of a sample of the files, as `batch.estimate_job` takes them."""
    folder = load_settings().media_folder
    if not is_folder(folder):
        return {}
    files = connection.execute("select * from batch.sample_media(%s)", [request]).fetchall()
    return mean_sizes(folder, files)


def _make(
    query: LiteralString, parameters: list[str], as_json: bool, watching: Watching | None
) -> None:
    with database(load_settings()) as address:
        with session_at(address, "backscroll jobs") as connection:
            job_id = call(connection, query, parameters)
            job = call(connection, "select batch.job_json(%s::uuid)", [job_id])
        if watching is not None:
            sys.exit(watch_job(address, job_id, as_json, watching))
    json_text.echo_json(job) if as_json else click.echo(job["id"])
