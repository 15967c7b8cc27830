"""`backscroll jobs watch`: a job while it runs, for people, logs and programs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID

import click
from rich.console import Console

from app.cli import exit_status
from app.cli.environment import AS_JSON, DatabaseAddress, database, session_at
from app.cli.jobs.job_argument import JOB, find_job
from app.cli.jobs.live_view import LiveView
from app.cli.jobs.plain_views import JsonLines, PlainLines
from app.cli.jobs.watching import Away, JobWatch, State
from app.settings import load_settings


@dataclass(frozen=True)
class Watching:
    """When watching is over, and what it ends with."""

    exit_on_pause: bool = False
    fail_on_failed_items: bool = False

    def exit_status(self, state: State) -> int | None:
        """What to end with now, or None to go on watching."""
        job = state.job
        status = exit_status.OF_STATUS.get(job["status"])
        if state.has_ended:
            if self.fail_on_failed_items and status == 0 and job["failedItems"]:
                return exit_status.ITEMS_FAILED
            return status
        is_paused = status == exit_status.JOB_PAUSED
        return status if is_paused and self.exit_on_pause else None


class View(AbstractContextManager[Any], Protocol):
    """Shows what is seen of a job."""

    def __enter__(self) -> Self: ...

    def show(self, state: State) -> None:
        """Shows the job as it is now."""

    def say_away(self, away: Away) -> None:
        """Says that the database is away; what was shown may be old."""


def WATCH_OPTIONS(command: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802
    """How watching ends, for every command that can watch."""
    for option in (
        click.option(
            "--fail-on-failed-items", is_flag=True,
            help="Watching: end with 6 if the job is completed and some items failed.",
        ),
        click.option(
            "--exit-on-pause", is_flag=True,
            help="Watching: end with 5 when the job is paused, instead of waiting.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("watch", epilog=exit_status.EXPLAINED)
@JOB
@WATCH_OPTIONS
@AS_JSON
def watch(job: str, exit_on_pause: bool, fail_on_failed_items: bool, as_json: bool) -> None:
    """Follow a job until it has ended.

    On a terminal it shows progress, pace, cost, what workers are doing and the last failures.
    Elsewhere it prints a line now and then, and with --json a JSON object a line.

    Ctrl-C ends the watching and leaves the job running.
    """
    with database(load_settings()) as address:
        with session_at(address, "backscroll jobs") as connection:
            job_id = find_job(connection, job)
        watching = Watching(exit_on_pause, fail_on_failed_items)
        sys.exit(watch_job(address, job_id, as_json, watching))


def watch_job(address: DatabaseAddress, job_id: UUID, as_json: bool, watching: Watching) -> int:
    """Shows the job until it has ended; the exit status."""
    # The views say when the database is away; a log would be written across them.
    for name in ("app.listening", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    console = Console(highlight=False)
    view: View
    if as_json:
        view = JsonLines()
    elif console.is_terminal and not console.is_dumb_terminal:
        view = LiveView(console)
    else:
        view = PlainLines()
    try:
        return asyncio.run(_follow(address, job_id, view, watching))
    except KeyboardInterrupt:
        click.echo(
            f"The job goes on. To watch it again: backscroll jobs watch {str(job_id)[:8]}",
            err=True,
        )
        return exit_status.INTERRUPTED


async def _follow(address: DatabaseAddress, job_id: UUID, view: View, watching: Watching) -> int:
    states = JobWatch(address.url, address.listen_url, job_id).states()
    async with contextlib.aclosing(states):
        with view:
            async for seen in states:
                if isinstance(seen, Away):
                    view.say_away(seen)
                    continue
                view.show(seen)
                ends_with = watching.exit_status(seen)
                if ends_with is not None:
                    return ends_with
    raise AssertionError("a job's states end with its last one")
