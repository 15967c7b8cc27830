"""The results: a JSON file, and the table and charts that docs/performance.md shows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.charts import draw
from bench.figures import Outcome, number

BEGIN, END = "<!-- results: `make bench` writes this part -->", "<!-- end of results -->"


@dataclass(frozen=True)
class SuiteReport:
    """What one suite gave, and how busy the machine was before and after it."""

    name: str
    outcome: Outcome
    error: str | None
    seconds: float
    load_before: float
    load_after: float

    def as_json(self) -> dict[str, Any]:
        return {
            "figures": [figure.as_json() for figure in self.outcome.figures],
            "charts": [chart.as_json() for chart in self.outcome.charts],
            "notes": list(self.outcome.notes),
            "error": self.error,
            "seconds": self.seconds,
            "load_before": self.load_before,
            "load_after": self.load_after,
            "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }


@dataclass(frozen=True)
class Report:
    """One run."""

    machine: Mapping[str, Any]
    postgres: Mapping[str, str]
    scale: float

    def write(self, suites: Sequence[SuiteReport], file: Path, docs: Path | None) -> None:
        """Writes the JSON, and if `docs` is given its page and its charts.

        Suites that were run earlier into the same file at the same scale keep their part.
        """
        kept: dict[str, Any] = {}
        if file.exists():
            earlier = json.loads(file.read_text())
            kept = earlier["suites"] if earlier["scale"] == self.scale else {}
        results = {
            "machine": dict(self.machine),
            "postgres": dict(self.postgres),
            "scale": self.scale,
            "suites": {**kept, **{suite.name: suite.as_json() for suite in suites}},
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
        print(f"wrote {file}")
        if docs:
            _show(results, file, docs)
            print(f"wrote {docs / 'performance.md'}")


def _show(results: Mapping[str, Any], file: Path, docs: Path) -> None:
    page = docs / "performance.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    shown = "\n".join(_lines(results, file, docs))
    page.write_text(f"{before}{BEGIN}\n\n{shown}\n{END}{after}")


def _lines(results: Mapping[str, Any], file: Path, docs: Path) -> Iterator[str]:
    machine, postgres = results["machine"], results["postgres"]
    yield (
        f"Measured {file.stem} on {machine['cores']} cores ({machine['cpu']}),"
        f" {machine['memory_gb']:g} GB of memory, Linux {machine['kernel']},"
        f" Python {machine['python']}, PostgreSQL {postgres['server_version']} with fsync"
        f" {postgres['fsync']}, synchronous_commit {postgres['synchronous_commit']};"
        f" an fsync of 8 kB takes {machine['fsync_ms']:g} ms."
    )
    if results["scale"] != 1:
        yield f"**Sizes were scaled by {results['scale']:g}**: this says little."
    yield ""
    yield "| suite | figure | measured | must be | |"
    yield "|---|---|---:|---|---|"
    for name, suite in results["suites"].items():
        for figure in suite["figures"]:
            met = {True: "met", False: "**not met**", None: ""}[figure["met"]]
            yield (
                f"| {name} | {figure['name']} | {number(figure['value'])} {figure['unit']} |"
                f" {figure['bar'] or ''} | {met} |"
            )
        if suite["error"]:
            yield f"| {name} | could not be measured | | | **not met** |"
    yield ""
    yield "Processes that wanted to run (load average) before and after each suite, and notes:"
    yield ""
    for name, suite in results["suites"].items():
        notes = "".join(f" {note}." for note in suite["notes"])
        yield f"- {name}: {suite['load_before']:g} and {suite['load_after']:g}.{notes}"
    yield ""
    for name, suite in results["suites"].items():
        for position, chart in enumerate(suite["charts"], 1):
            image = docs / "performance" / f"{name}-{position}.svg"
            image.parent.mkdir(exist_ok=True)
            image.write_text(draw(chart["title"], chart["unit"], chart["values"]))
            yield f"![{chart['title']}](performance/{image.name})"
            yield ""
