"""`backscroll jobs ...`: jobs from the command line, through the same SQL as the API."""

from __future__ import annotations

import json
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from app.cli.environment import AS_JSON, call, session
from app.media_sample import mean_sizes
from app.settings import load_settings


def _sizes(connection: psycopg.Connection[Any], request: str) -> dict[str, int]:
    """The mean sizes of a sample of the files, as `batch.estimate_job` takes them."""
    folder = load_settings().media_folder
    if not folder.is_dir():
        return {}
    files = connection.execute("select * from batch.sample_media(%s)", [request]).fetchall()
    return mean_sizes(folder, files)


@click.group()
def jobs() -> None:
    """Create, list, show and cancel batch jobs."""


@jobs.command("create")
@click.option("--chat", metavar="ID", help="All media of one chat: its uuid or external id.")
@click.option("--days-back", type=int, metavar="N", help="All media of the past N days.")
@click.option("--instance", metavar="UUID", help="Only of this instance.")
@click.option(
    "--content-type", "content_types", multiple=True, metavar="TYPE",
    help="audio, image, video or document; may be repeated [default: all].",
)  # fmt: skip
@click.option("--limit", type=int, metavar="N", help="At most N items, the newest first.")
@click.option("--force", is_flag=True, help="Also what has content already.")
@click.option("--language", metavar="TAG", help="Such as en or pt-BR [default: detected].")
@click.option("--max-cost", type=float, metavar="USD", help="Pause before it costs more than this.")
@click.option("--estimate", is_flag=True, help="Only say what it would do and cost.")
@AS_JSON
def create(estimate: bool, as_json: bool, **options: Any) -> None:
    """Create a batch job for a chat (--chat) or a span of time (--days-back)."""
    if options["chat"] is None and options["days_back"] is None:
        raise click.UsageError("give --chat for a chat, or --days-back for a span of time")
    is_targeted = options["chat"] is not None
    request = {
        "jobType": "targeted_chat_sync" if is_targeted else "time_based_batch",
        "chatId": options["chat"],
        "daysBack": options["days_back"],
        "instanceId": options["instance"],
        "contentTypes": list(options["content_types"]) or None,
        "limit": options["limit"],
        "force": options["force"] or None,
        "language": options["language"],
        "maxCostUsd": options["max_cost"],
    }
    body = json.dumps({name: value for name, value in request.items() if value is not None})
    with session("backscroll jobs") as connection:
        if estimate:
            estimated = call(
                connection, "select batch.estimate_job(%s, null, %s)",
                [body, json.dumps(_sizes(connection, body))],
            )  # fmt: skip
            click.echo(json.dumps(estimated, indent=2)) if as_json else show_estimate(estimated)
            return
        job_id = call(connection, "select batch.create_job_from_json(%s)", [body])
        job = call(connection, "select batch.job_json(%s::uuid)", [job_id])
    click.echo(json.dumps(job, indent=2) if as_json else job["id"])


@jobs.command("list")
@click.option("--status", metavar="STATUS", help="Only of these statuses (by comma).")
@click.option("--limit", type=int, default=20, show_default=True)
@AS_JSON
def list_jobs(status: str | None, limit: int, as_json: bool) -> None:
    """List jobs, newest first."""
    query = {"limit": str(limit)} | ({"status": status} if status else {})
    with session("backscroll jobs") as connection:
        page = call(connection, "select batch.list_jobs(%s)", [json.dumps(query)])
    if as_json:
        click.echo(json.dumps(page, indent=2))
        return
    if not page["items"]:
        click.echo("no jobs; `backscroll jobs create --help` says how to make one", err=True)
        return
    table = Table(box=None, pad_edge=False)
    for title in ("job", "type", "status", "done", "failed", "items", "cost USD", "created"):
        table.add_column(title, no_wrap=True)
    for job in page["items"]:
        table.add_row(
            job["id"],
            job["jobType"],
            job["status"],
            str(job["processedItems"]),
            str(job["failedItems"]),
            str(job["totalItems"]),
            f"{job['totalCostUsd']:.8f}",
            job["createdAt"],
        )
    # A line a job, also where the output is cut into pages or piped.
    console = Console()
    Console(width=max(console.width, 150)).print(table)


@jobs.command("status")
@click.argument("job_id", type=click.UUID)
@AS_JSON
def status(job_id: str, as_json: bool) -> None:
    """Show where a job stands."""
    with session("backscroll jobs") as connection:
        job = call(connection, "select batch.job_json(%s::uuid)", [job_id])
    click.echo(json.dumps(job, indent=2)) if as_json else show_job(job)


@jobs.command("budget")
@click.argument("job_id", type=click.UUID)
@click.argument("usd", type=float, required=False)
@AS_JSON
def budget(job_id: str, usd: float | None, as_json: bool) -> None:
    """Set what a job may cost, in US dollars; without an amount, lift the limit.

    A job that waits because its budget was spent goes on.
    """
    with session("backscroll jobs") as connection:
        connection.execute("select batch.set_budget(%s, %s)", [job_id, usd])
        job = call(connection, "select batch.job_json(%s::uuid)", [job_id])
    click.echo(json.dumps(job, indent=2)) if as_json else show_job(job)


@jobs.command("cancel")
@click.argument("job_id", type=click.UUID)
@AS_JSON
def cancel(job_id: str, as_json: bool) -> None:
    """Cancel a job; what it has done stays."""
    with session("backscroll jobs") as connection:
        connection.execute("select batch.cancel_job(%s)", [job_id])
        job = call(connection, "select batch.job_json(%s::uuid)", [job_id])
    click.echo(json.dumps(job, indent=2)) if as_json else show_job(job)


def show_job(job: dict[str, Any]) -> None:
    """Prints a job as `batch.job_json` gives it, a fact a line."""
    ended = job["processedItems"] + job["failedItems"]
    facts = [
        ("job", job["id"]),
        ("status", job["status"] + (f": {job['errorMessage']}" if job["errorMessage"] else "")),
        ("items", f"{ended} of {job['totalItems']} ({job['progressPercent']} %)"),
        ("processed", job["processedItems"]),
        ("failed", job["failedItems"]),
        ("skipped", f"{job['skippedItems']} (they have content already)"),
        ("cost", _cost(job)),
        ("reused", f"{job['reusedItems']} at no cost" if job["reusedItems"] else None),
        ("now", job["currentItem"]),
        ("ready by", job["estimatedCompletion"]),
        ("ended", job["completedAt"]),
    ]
    for name, value in facts:
        if value is not None:
            click.echo(f"{name:<11}{value}")


def _cost(job: dict[str, Any]) -> str:
    cost = f"{job['totalCostUsd']:.8f}"
    if job["maxCostUsd"] is not None:
        cost += f" of {job['maxCostUsd']:.8f}"
    unpriced = job["unpricedItems"]
    return f"{cost} USD" + (f", and {unpriced} items whose price is not known" if unpriced else "")


def show_estimate(estimate: dict[str, Any], console: Console | None = None) -> None:
    """Prints an estimate as `batch.estimate_job` gives it, a content type a line."""
    table = Table(box=None, pad_edge=False)
    for title in ("type", "found", "have content", "to process", "cost USD", "seconds"):
        table.add_column(title, justify="left" if title == "type" else "right")
    table.add_column("with", overflow="fold")
    for name, kind in sorted(estimate["contentTypes"].items()):
        table.add_row(
            name,
            str(kind["found"]),
            str(kind["alreadyDone"]),
            str(kind["toProcess"]),
            _span(kind, "CostUsd", ".4f"),
            _span(kind, "DurationSeconds", ".1f"),
            " ".join(filter(None, (kind["provider"], kind["model"]))),
        )
    console = console or Console()
    console.print(table)
    for warning in estimate["warnings"]:
        console.print(f"[yellow]note[/yellow] {warning}")


def _span(kind: dict[str, Any], name: str, spec: str) -> str:
    """The expected value, and between which it will probably be."""
    low, expected, high = (kind[f"{bound}{name}"] for bound in ("low", "estimated", "high"))
    if expected is None:
        return "not known"
    if low == high:
        return f"{expected:{spec}}"
    return f"{expected:{spec}} ({low:{spec}}-{high:{spec}})"
