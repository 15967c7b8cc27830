"""Limit: the drain beside what PostgreSQL could take on this machine at all.

The bare SQL inserts the same result and media_content rows and updates the same messages, in sets
of 500, each set a transaction, over as many connections as there are worker processes. It does
nothing else: no queue, no files, no events, no rules. It runs before and after Backscroll, and both
count: it takes twice as long at one time as at another.

Must show: the drain reaches at least 0.6 of it. A second figure, without a bar, is for text files
that Backscroll reads as it comes.
"""

from __future__ import annotations

from bench.bare import bare_seconds
from bench.bench import Bench
from bench.figures import Chart, Figure, Outcome, at_least
from bench.suites import drain

ITEMS = 100_000


def run(bench: Bench) -> Outcome:
    items = bench.sized(ITEMS, 1000)
    before = bare_seconds(bench, items, drain.WORKERS)
    drained = drain.backscroll_items_a_second(bench, items)
    read = drain.backscroll_items_a_second(bench, items, settings={})
    bare = 2 * items / (before + bare_seconds(bench, items, drain.WORKERS))
    return Outcome(
        [
            Figure("bare SQL in sets of 500", bare, "items/s"),
            Figure("Backscroll", drained, "items/s"),
            Figure("drain of the bare SQL", drained / bare, "", at_least(0.6)),
            Figure("Backscroll, text files that it reads itself", read, "items/s"),
            Figure("likewise of the bare SQL", read / bare, ""),
        ],
        [
            Chart(
                "The same rows, with and without a service around them",
                "items/s",
                {
                    "bare SQL in sets of 500": bare,
                    "Backscroll": drained,
                    "Backscroll, text files": read,
                },
            )
        ],
        [f"{items:,} items, {drain.WORKERS} connections"],
    )
