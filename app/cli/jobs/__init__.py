"""`backscroll jobs ...`: jobs from the command line, through the same SQL as the API."""

from __future__ import annotations

import click

from app.cli.exit_status import EXPLAINED
from app.cli.in_reading_order import InReadingOrder
from app.cli.jobs.change_commands import budget, cancel, change, pause, resume
from app.cli.jobs.create_commands import create, retry
from app.cli.jobs.item_commands import events, items
from app.cli.jobs.list_commands import list_jobs, status
from app.cli.jobs.report_command import report
from app.cli.jobs.watch_command import watch


@click.group(cls=InReadingOrder, epilog=EXPLAINED)
def jobs() -> None:
    """Create, list, watch, change and cancel batch jobs.

    A JOB is named by its id, or by the first characters of it (4 or more) if no other id begins
    so.
    """


for command in (
    create,
    list_jobs,
    watch,
    status,
    items,
    report,
    events,
    pause,
    resume,
    cancel,
    change,
    retry,
    budget,
):
    jobs.add_command(command)
