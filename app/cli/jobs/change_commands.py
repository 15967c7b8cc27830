"""`backscroll jobs pause`, `resume`, `cancel`, `change` and `budget`: what is done to a job."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, LiteralString

import click

from app.cli import json_text
from app.cli.environment import AS_JSON, call, session
from app.cli.jobs import request_options as asked
from app.cli.jobs.job_argument import JOB, find_job
from app.cli.jobs.showing import show_job


@click.command("pause")
@JOB
@AS_JSON
def pause(job: str, as_json: bool) -> None:
    """Pause a job: what is in hand ends, and nothing else begins."""
    _do("select batch.pause_job(%s)", job, as_json)


@click.command("resume")
@JOB
@AS_JSON
def resume(job: str, as_json: bool) -> None:
    """Let a paused job go on where it stopped."""
    _do("select batch.resume_job(%s)", job, as_json)


@click.command("cancel")
@JOB
@AS_JSON
def cancel(job: str, as_json: bool) -> None:
    """Cancel a job; what it has done stays."""
    _do("select batch.cancel_job(%s)", job, as_json)


@click.command("change")
@JOB
@asked.options(asked.PRIORITY, asked.LANES, asked.MAX_COST, asked.NO_MAX_COST)
@AS_JSON
def change(job: str, as_json: bool, **given: Any) -> None:
    """Change a job while it runs.

    A job that is paused because its budget was spent goes on when the new one is larger.
    """
    changes = asked.request_of(given)
    if not changes:
        raise click.UsageError("give --priority, --lanes, --max-cost or --no-max-cost")
    _change(job, changes, as_json)


@click.command("budget", hidden=True)
@JOB
@click.argument("usd", type=asked.EXACT, required=False)
@AS_JSON
def budget(job: str, usd: Decimal | None, as_json: bool) -> None:
    """The earlier name of `change --max-cost USD`; without an amount, of --no-max-cost."""
    _change(job, {"maxCostUsd": usd}, as_json)


def _change(job: str, changes: dict[str, Any], as_json: bool) -> None:
    _do("select batch.change_job(%s, %s)", job, as_json, json_text.dump(changes))


def _do(query: LiteralString, job: str, as_json: bool, *more: str) -> None:
    with session("backscroll jobs") as connection:
        job_id = find_job(connection, job)
        connection.execute(query, [job_id, *more])
        changed = call(connection, "select batch.job_json(%s::uuid)", [job_id])
    json_text.echo_json(changed) if as_json else show_job(changed)
