"""How long items take that cost nothing."""

from __future__ import annotations

from collections import defaultdict

from workers.results import Result

_QUICK_SECONDS = 0.002
_NEWEST = 0.1
"""The share of the last item in the average, so that some sixty quick ones are needed at first."""


def is_quick(result: Result) -> bool:
    """Whether its text is made again sooner than it is found, and for nothing."""
    return not result.usage and result.finished - result.started < _QUICK_SECONDS


class Pace:
    """Of which content types items end sooner than it could be asked whether they may begin."""

    def __init__(self) -> None:
        self._usual_seconds: dict[str, float] = defaultdict(lambda: 1.0)

    def ended(self, content_type: str, result: Result) -> None:
        """Takes an item into account. One that cost something makes its kind slow for good."""
        seconds = float("inf") if result.usage else result.finished - result.started
        usual = self._usual_seconds[content_type]
        self._usual_seconds[content_type] = (1 - _NEWEST) * usual + _NEWEST * seconds

    def quick(self) -> list[str]:
        """Those content types."""
        return [
            content_type
            for content_type, seconds in self._usual_seconds.items()
            if seconds < _QUICK_SECONDS
        ]
