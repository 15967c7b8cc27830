"""Jobs, items, events and estimates as people read them."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.cli import json_text
from app.cli.printable import printable
from app.counted import counted

# A line a job, also where the output is cut into pages or piped.
_JOB = "{:<36}  {:<18}  {:<10}  {:>9}  {:>9}  {:>9}  {:>14}  {}"
JOBS_HEADING = _JOB.format(
    "job", "type", "status", "done", "failed", "items", "cost USD", "created"
)

_ITEM = "{:>7}  {:<8}  {:<9}  {:>12}  {}  {}"
ITEMS_HEADING = _ITEM.format("seq", "type", "status", "cost USD", "file", "with, or why not")

_EVENT = "{:<24}  {:<10}  {}"
EVENTS_HEADING = _EVENT.format("time", "event", "by")


def job_line(job: dict[str, Any]) -> str:
    """One job of a list."""
    return _JOB.format(
        job["id"],
        job["jobType"],
        job["status"],
        job["processedItems"],
        job["failedItems"],
        job["totalItems"],
        f"{job['totalCostUsd']:.8f}",
        job["createdAt"],
    )


def item_line(item: dict[str, Any]) -> str:
    """One item of a job; its text, if it was asked for, indented in lines of its own."""
    facts = (
        f"{item['errorCode']}: {printable(item['error'] or '')}"
        if item["errorCode"]
        else " ".join(
            filter(None, (item["provider"], item["model"], "(reused)" if item["reused"] else None))
        )
    )
    cost = item["costUsd"]
    if item["finishedAt"] is None:
        shown_cost = ""
    else:
        shown_cost = "not known" if cost is None else f"{cost:.8f}"
    line = _ITEM.format(
        item["seq"],
        item["contentType"],
        item["status"],
        shown_cost,
        printable(item["file"] or item["externalId"] or "a message that is gone"),
        facts,
    ).rstrip()
    text = item.get("text")
    return line + "".join(f"\n         {printable(part)}" for part in (text or "").splitlines())


def event_line(event: dict[str, Any]) -> str:
    """One event of a job's life, with what is to be known about it."""
    details = printable(json_text.dump(event["details"])) if event["details"] else ""
    actor = printable(event["actor"])
    return _EVENT.format(event["createdAt"], event["type"], f"{actor}  {details}".rstrip())


def show_job(job: dict[str, Any]) -> None:
    """Prints a job as `batch.job_json` gives it, a fact a line."""
    ended = job["processedItems"] + job["failedItems"]
    facts = [
        ("job", job["id"]),
        ("status", job["status"] + _reason(job)),
        ("items", f"{ended} of {job['totalItems']} ({job['progressPercent']} %)"),
        ("processed", job["processedItems"]),
        ("failed", job["failedItems"]),
        ("skipped", f"{job['skippedItems']} (they have content already)"),
        ("cost", cost_of(job)),
        ("reused", f"{job['reusedItems']} at no cost" if job["reusedItems"] else None),
        ("now", printable(job["currentItem"]) if job["currentItem"] else None),
        ("ready by", job["estimatedCompletion"]),
        ("ended", job["completedAt"]),
        ("retries", job["retryOf"]),
    ]
    for name, value in facts:
        if value is not None:
            click.echo(f"{name:<11}{value}")


def _reason(job: dict[str, Any]) -> str:
    return f": {printable(job['errorMessage'])}" if job["errorMessage"] else ""


def cost_of(job: dict[str, Any]) -> str:
    """What a job has cost, of what it may cost, and what that is without."""
    cost = f"{job['totalCostUsd']:.8f}"
    if job["maxCostUsd"] is not None:
        cost += f" of {job['maxCostUsd']:.8f}"
    unpriced = job["unpricedItems"]
    rest = f", and {counted(unpriced, 'item')} whose price is not known" if unpriced else ""
    return f"{cost} USD{rest}"


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
