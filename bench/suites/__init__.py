"""The suites, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

from bench.bench import Bench
from bench.figures import Outcome
from bench.suites import drain

SUITES: dict[str, Callable[[Bench], Outcome]] = {
    "drain": drain.run,
}
