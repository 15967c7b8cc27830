"""`backscroll jobs items` and `backscroll jobs events`: what is in a job, and what happened."""

from __future__ import annotations

import click

from app.cli.environment import AS_JSON, session
from app.cli.jobs.job_argument import JOB, find_job
from app.cli.jobs.pages import PAGED, Paging, read_pages
from app.cli.jobs.showing import EVENTS_HEADING, ITEMS_HEADING, event_line, item_line


@click.command("items")
@JOB
@click.option(
    "--status", metavar="STATUS", help="Only pending, processed, failed or skipped (by comma)."
)
@click.option(
    "--content-type", metavar="TYPE", help="Only audio, image, video or document (by comma)."
)
@click.option("--error-code", metavar="CODE", help="Only those that failed with this (by comma).")
@click.option("--text", "with_text", is_flag=True, help="Also the text that was made of each.")
@PAGED(50)
@AS_JSON
def items(
    job: str,
    *,
    status: str | None,
    content_type: str | None,
    error_code: str | None,
    with_text: bool,
    as_json: bool,
    **paging: object,
) -> None:
    """List a job's items and what became of them, in the job's order."""
    filters = {
        "status": status,
        "contentType": content_type,
        "errorCode": error_code,
        "text": "true" if with_text else None,
    }
    with session("backscroll jobs") as connection:
        shown = read_pages(
            connection,
            "select batch.list_items(%s, %s)::text",
            parameters=[find_job(connection, job)],
            filters=filters,
            paging=Paging.of(paging),
            as_json=as_json,
            heading=ITEMS_HEADING,
            line=item_line,
        )
    if not shown and not as_json:
        click.echo("no such items", err=True)


@click.command("events")
@JOB
@PAGED(50)
@AS_JSON
def events(job: str, as_json: bool, **paging: object) -> None:
    """List what happened to a job: who did what, and when."""
    with session("backscroll jobs") as connection:
        read_pages(
            connection,
            "select batch.list_events(%s, %s)::text",
            parameters=[find_job(connection, job)],
            filters={},
            paging=Paging.of(paging),
            as_json=as_json,
            heading=EVENTS_HEADING,
            line=event_line,
        )
