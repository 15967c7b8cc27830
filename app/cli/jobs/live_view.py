"""A job that is watched on a terminal: one screenful that changes in place."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from app.cli.jobs import facts
from app.cli.jobs.watching import Away, State
from app.cli.printable import file_name, printable, shortened

_SHOWN_WORKERS = 8
_NAME_WIDTH = 28
_WIDEST = 110
_COLOURS = {
    "pending": "cyan",
    "processing": "blue",
    "paused": "yellow",
    "completed": "green",
    "failed": "red",
    "cancelled": "magenta",
}


class LiveView:
    """Draws on the console for as long as the block lasts; what was drawn last stays."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)
        self._state: State | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, state: State) -> None:
        self._state = state
        self._draw(None)

    def say_away(self, away: Away) -> None:
        self._draw(away)

    def _draw(self, away: Away | None) -> None:
        parts: list[RenderableType] = []
        if self._state is not None:
            parts.append(picture(self._state, self._live.console.width))
        if away is not None:
            parts += [Text(), _outage(away)]
        # In the last, empty line a terminal may write ^C without pushing the rest up.
        self._live.update(Group(*parts, Text()), refresh=True)


def picture(state: State, width: int) -> RenderableType:
    """Everything about the job, for a terminal of this width."""
    job = state.job
    colour = _COLOURS[job["status"]]
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{job['status']:<11}", style=f"bold {colour}")
    head.append(job["id"])
    parts: list[RenderableType] = [head, _bar(state, min(width, _WIDEST), colour), _numbers(state)]
    advice = facts.advice(state)
    if advice:
        parts.append(Text())
        parts += [Text(line, style=colour, overflow="fold") for line in advice]
    if state.facts["workers"]:
        parts += [Text(), _workers(state.facts["workers"], width)]
    if state.facts["lastFailures"]:
        parts += [Text(), _failures(state.facts["lastFailures"])]
    return Group(*parts)


def _bar(state: State, width: int, colour: str) -> RenderableType:
    job = state.job
    share = Text(f"{job['progressPercent']:6.2f} %", style="bold")
    of = Text(f"{state.facts['endedItems']:,} of {job['totalItems']:,}")
    line = Table.grid(padding=(0, 2), pad_edge=False)
    room = max(10, width - len(share) - len(of) - 4)
    line.add_row(
        ProgressBar(
            total=100,
            completed=float(job["progressPercent"]),
            width=room,
            complete_style=colour,
            finished_style=colour,
        ),
        share,
        of,
    )
    return line


def _numbers(state: State) -> RenderableType:
    job = state.job
    has_begun = job["startedAt"] is not None
    seconds = state.facts["activeSeconds"]
    times = [
        facts.duration(seconds) if has_begun else None, facts.time_left(state), facts.pace(state),
    ]  # fmt: skip
    table = Table.grid(padding=(0, 2), pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in (
        ("time", ", ".join(filter(None, times))),
        ("items", facts.counts(job)),
        ("cost", facts.cost(job)),
    ):
        if value:
            table.add_row(name, Text(value, overflow="fold"))
    return table


def _workers(workers: list[dict[str, Any]], width: int) -> RenderableType:
    table = _titled_table("worker", "slices", "done", "last begun")
    for column in table.columns[1:3]:
        column.justify = "right"
    for worker in workers[:_SHOWN_WORKERS]:
        silent = worker["silentSeconds"]
        begun = (
            Text(f"silent for {facts.duration(silent)}", style="yellow")
            if silent > 10
            else Text(shortened(file_name(worker["currentItem"] or ""), max(20, width - 50)))
        )
        table.add_row(
            Text(shortened(printable(worker["name"]), _NAME_WIDTH)), str(worker["slices"]),
            f"{worker['endedItems']:,}", begun,
        )  # fmt: skip
    if len(workers) > _SHOWN_WORKERS:
        table.add_row(Text(f"and {len(workers) - _SHOWN_WORKERS} more", style="dim"))
    return table


def _failures(failures: list[dict[str, Any]]) -> RenderableType:
    table = _titled_table("last failures", "code", "why")
    for failure in failures:
        name = file_name(failure["file"] or failure["contentType"])
        table.add_row(
            Text(f"#{failure['seq']} {shortened(name, _NAME_WIDTH)}"),
            Text(failure["errorCode"], style="red"),
            Text(printable(failure["error"] or "")),
        )
    return table


def _titled_table(*titles: str) -> Table:
    """The last column takes the room that the others leave."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
    for title in titles:
        is_last = title == titles[-1]
        table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1 if is_last else None)
    return table


def _outage(away: Away) -> RenderableType:
    return Text(
        f"the database is away for {facts.duration(away.seconds)}; trying again"
        f" (since {time.strftime('%H:%M:%S', time.localtime(time.time() - away.seconds))})",
        style="bold red",
    )
