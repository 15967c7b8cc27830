"""`backscroll jobs list` and `backscroll jobs status`."""

from __future__ import annotations

import click

from app.cli.environment import AS_JSON, call, session
from app.cli.jobs.job_argument import JOB
from app.cli.jobs.pages import PAGED, Paging, read_pages
from app.cli.jobs.request_options import pairs_option
from app.cli.jobs.showing import JOBS_HEADING, job_line, show_job
from app.cli.json_text import echo_json


@click.command("list")
@click.option("--status", metavar="STATUS", help="Only of these statuses (by comma).")
@pairs_option("Only those with this metadata; may be repeated.")
@PAGED(20)
@AS_JSON
def list_jobs(
    status: str | None, metadata: dict[str, str] | None, as_json: bool, **paging: object
) -> None:
    """List jobs, newest first."""
    query = {f"metadata.{name}": value for name, value in (metadata or {}).items()}
    if status is not None:
        query["status"] = status
    with session("backscroll jobs") as connection:
        shown = read_pages(
            connection,
            "select batch.list_jobs(%s)::text",
            filters=query,
            paging=Paging.of(paging),
            as_json=as_json,
            heading=JOBS_HEADING,
            line=job_line,
        )
    if not shown and not as_json:
        click.echo("no jobs; `backscroll jobs create --help` says how to make one", err=True)


@click.command("status")
@JOB
@AS_JSON
def status(job: str, as_json: bool) -> None:
    """Show where a job stands."""
    with session("backscroll jobs") as connection:
        found = call(connection, "select batch.job_json(batch.find_job(%s))", [job])
    echo_json(found) if as_json else show_job(found)
