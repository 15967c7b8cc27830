"""A job that is watched without a terminal: lines for logs, and lines of JSON for programs."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

import click

from app.cli.jobs import facts
from app.cli.jobs.watching import Away, State

_QUIET_SECONDS = 3.0
_CHANGES_BY_ITSELF = frozenset({"estimatedCompletion"})


class _Lines:
    """What lines have in common: nothing is opened, and an outage is said once, beside them."""

    def __init__(self) -> None:
        self._is_away = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Has nothing to close."""

    def say_away(self, away: Away) -> None:
        if not self._is_away:
            self._is_away = True
            click.echo("the database is away, trying again", err=True)

    def _say_back(self) -> None:
        if self._is_away:
            self._is_away = False
            click.echo("the database is back", err=True)


class PlainLines(_Lines):
    """A line for every change of the status, and for progress one in a few seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at = 0.0
        self._said: tuple[Any, ...] = ()
        self._advised: list[str] = []

    def show(self, state: State) -> None:
        self._say_back()
        job = state.job
        status = job["status"]
        if not self._said:
            click.echo(f"job {job['id']}")
        now = status, state.has_ended, _what_changes(job)
        is_new = now[:2] != self._said[:2]
        is_due = time.monotonic() - self._said_at >= _QUIET_SECONDS
        if is_new or (now != self._said and is_due):
            self._said, self._said_at = now, time.monotonic()
            parts = [
                f"{state.facts['endedItems']:,} of {job['totalItems']:,} items"
                f" ({job['progressPercent']:.1f} %)",
                facts.counts(job),
                facts.cost(job),
                facts.pace(state),
                facts.time_left(state),
            ]
            click.echo(
                f"{state.facts['at'][11:19]}  {status:<10}  {'; '.join(filter(None, parts))}"
            )
        advice = facts.advice(state)
        if advice != self._advised:
            self._advised = advice
            for line in advice:
                click.echo(f"          {line}")


class JsonLines(_Lines):
    """Every state that differs from the one before it, as `batch.watch_job` writes it."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, Any] | None = None

    def show(self, state: State) -> None:
        self._say_back()
        now = {
            "job": _what_changes(state.job),
            "hasEnded": state.has_ended,
            "doing": [worker["currentItem"] for worker in state.facts["workers"]],
        }
        if now != self._said:
            self._said = now
            click.echo(state.text)


def _what_changes(job: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in job.items() if name not in _CHANGES_BY_ITSELF}
