"""`backscroll prune`: deletes what ended jobs leave behind, before workers do it by themselves."""

from __future__ import annotations

import json

import click

from app.cli.environment import AS_JSON, call, session
from app.counted import counted
from app.settings import load_settings

_PRUNABLE = """
select coalesce(json_agg(json_build_object(
  'id', p.job_id, 'completedAt', batch.iso_time(p.completed_at), 'items', p.items
) order by p.completed_at), '[]')
from batch.prunable_jobs(make_interval(days => %s)) as p
"""


@click.command("prune")
@click.option(
    "--days", type=click.IntRange(min=1), metavar="N",
    help="Keep what ended in the past N days [default: BACKSCROLL_RETENTION_DAYS or 90].",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say which jobs would be pruned.")
@AS_JSON
def prune_command(days: int | None, dry_run: bool, as_json: bool) -> None:
    """Delete items, results and events of jobs that ended long ago.

    The jobs stay, with their totals, and so do the texts beside the messages. Workers do this by
    themselves, a little at a time.
    """
    days = days or load_settings().retention_days
    if days == 0:
        raise click.UsageError("BACKSCROLL_RETENTION_DAYS is 0, keep for ever: give --days")
    with session("backscroll prune") as connection:
        jobs = call(connection, _PRUNABLE, [days])
        while not dry_run and call(
            connection, "select batch.prune(make_interval(days => %s))", [days]
        ):
            pass
    if as_json:
        click.echo(json.dumps({"dryRun": dry_run, "jobs": jobs}, indent=2))
        return
    for job in jobs:
        click.echo(f"{job['id']}  ended {job['completedAt']}  {counted(job['items'], 'item')}")
    verb = "would be pruned" if dry_run else "pruned"
    click.echo(f"{counted(len(jobs), 'job')} {verb}: ended more than {counted(days, 'day')} ago")
