"""What there is to say about a job that is watched, in words, for every kind of view."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.cli.jobs.watching import State
from app.cli.printable import printable

_WHAT_TO_DO = {
    "budget": "backscroll jobs change {job} --max-cost USD",
    "providers": "backscroll jobs resume {job}",
    "failures": "backscroll jobs items {job} --status failed, then resume or cancel",
    None: "backscroll jobs resume {job}",
}


def pace(state: State) -> str | None:
    """Such as `12.4 items/s`; None where nothing has ended yet or nothing runs."""
    per_second: Decimal | None = state.facts["itemsPerSecond"]
    if per_second is None or not state.facts["endedItems"]:
        return None
    if 0 < per_second < 1:
        return f"{per_second * 60:.1f} items/min"
    return f"{per_second:,.1f} items/s"


def time_left(state: State) -> str | None:
    """Such as `about 3 min 5 s left`."""
    seconds = state.facts["secondsLeft"]
    return None if seconds is None else f"about {duration(seconds)} left"


def duration(seconds: float | Decimal) -> str:
    """A length of time in the two units that matter."""
    whole = int(seconds)
    for size, unit, smaller, smaller_unit in (
        (86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"),
    ):  # fmt: skip
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {smaller_unit}" if rest else "")
    return f"{whole} s"


def counts(job: dict[str, Any]) -> str:
    """How the items ended, without what did not happen."""
    parts = [f"{job['processedItems']:,} processed", f"{job['failedItems']:,} failed"]
    for name, what in (
        ("skippedItems", "skipped (have content)"),
        ("reusedItems", "reused at no cost"),
        ("unpricedItems", "without a known price"),
    ):
        if job[name]:
            parts.append(f"{job[name]:,} {what}")
    return ", ".join(parts)


def cost(job: dict[str, Any]) -> str:
    """Against what it may cost."""
    spent = Decimal(job["totalCostUsd"])
    if job["maxCostUsd"] is None:
        return f"{_money(spent)} USD"
    limit = Decimal(job["maxCostUsd"])
    share = f" ({spent / limit:.1%})" if limit else ""
    return f"{_money(spent)} of {_money(limit)} USD{share}"


def _money(usd: Decimal) -> str:
    """All that is not zero, and cents at least."""
    whole, _, part = f"{usd:f}".partition(".")
    return f"{whole}.{part.rstrip('0'):0<2}"


def advice(state: State) -> list[str]:
    """Why the job does not go on or has ended otherwise than completed, and what to do."""
    job, event = state.job, state.facts["lastEvent"]
    short = job["id"][:8]
    match job["status"]:
        case "paused":
            why = printable(job["errorMessage"] or f"paused by {_who(event)}")
            return [why, f"to go on: {_WHAT_TO_DO[job['pauseReason']].format(job=short)}"]
        case "failed":
            return [printable(job["errorMessage"] or "it could not go on")]
        case "cancelled":
            return [f"cancelled by {_who(event)}"]
        case "pending" | "processing" if not state.facts["liveWorkers"]:
            return [
                "no worker is running: the job waits for one",
                "to start one: backscroll worker",
            ]
        case "completed" if job["failedItems"]:
            return [
                f"what failed: backscroll jobs items {short} --status failed",
                f"once more:   backscroll jobs retry {short}",
            ]
    return []


def _who(event: dict[str, Any] | None) -> str:
    return printable(event["actor"]) if event else "somebody"
