"""`python -m bench [SUITE ...]`: runs suites, and writes what they found out."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from bench.bench import Bench, Stopwatch
from bench.figures import Outcome, number
from bench.machine import facts, load
from bench.report import Report, SuiteReport
from bench.server import BenchServer
from bench.suites import SUITES

BENCH = Path(__file__).resolve().parent


def main() -> int:
    """0 once the suites have run, whether or not figures meet the bars; 1 if one could not."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all it started ends with it
    arguments = _arguments()
    data = arguments.data.absolute()
    suites: list[SuiteReport] = []
    with BenchServer(data, arguments.pg, is_watched=arguments.watch) as server:
        report = Report(machine=facts(data), postgres=server.settings(), scale=arguments.scale)
        bench = Bench(server, data, arguments.scale)
        for name in arguments.suites or SUITES:
            suites.append(_run(bench, name))
    report.write(suites, arguments.results, arguments.docs)
    return 1 if any(suite.error for suite in suites) else 0


def _run(bench: Bench, name: str) -> SuiteReport:
    print(f"{name} ...", flush=True)
    watch, load_before = Stopwatch(), load()
    outcome, error = Outcome([]), None
    try:
        outcome = SUITES[name](bench)
    except Exception as problem:  # the other suites are worth running all the same
        error = f"{type(problem).__name__}: {problem}"
    for figure in outcome.figures:
        bar = f"   ({figure.bar}: {'met' if figure.is_met else 'NOT MET'})" if figure.bar else ""
        print(f"  {figure.name:58} {number(figure.value):>10} {figure.unit}{bar}", flush=True)
    for note in outcome.notes:
        print(f"  {note}")
    if error:
        print(f"  could not be measured: {error}", flush=True)
    print(f"  took {watch.seconds:.0f} s", flush=True)
    return SuiteReport(
        name=name,
        outcome=outcome,
        error=error,
        seconds=round(watch.seconds, 1),
        load_before=load_before,
        load_after=load(),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes; 1 is the real one")
    parser.add_argument("--pg", type=int, choices=(16, 18), default=18, help="PostgreSQL's version")
    parser.add_argument("--data", type=Path, default=BENCH / ".data", help="for the database")
    parser.add_argument(
        "--results",
        type=Path,
        default=BENCH / "results" / f"{time.strftime('%Y-%m-%d')}.json",
        help="the file to write; a suite replaces its own part of it",
    )
    parser.add_argument("--docs", type=Path, help="the folder whose performance.md shows it")
    parser.add_argument(
        "--watch", action="store_true", help="tell which SQL functions take the time; it slows all"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.suites) - set(SUITES):
        parser.error(f"there is no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
