"""What a suite gives: figures, each with the bar it should meet, and charts to show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure must show: no less, or no more, than `value`."""

    is_least: bool
    value: float

    def is_met_by(self, value: float) -> bool:
        return value >= self.value if self.is_least else value <= self.value

    def __str__(self) -> str:
        return f"{'at least' if self.is_least else 'at most'} {number(self.value)}"


def at_least(value: float) -> Bar:
    return Bar(True, value)


def at_most(value: float) -> Bar:
    return Bar(False, value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. Without a bar it is told for its own sake."""

    name: str
    value: float
    unit: str
    bar: Bar | None = None

    @property
    def is_met(self) -> bool | None:
        return None if self.bar is None else self.bar.is_met_by(self.value)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "bar": None if self.bar is None else str(self.bar),
            "met": self.is_met,
        }


@dataclass(frozen=True, slots=True)
class Chart:
    """A row of bars, one a label."""

    title: str
    unit: str
    values: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        return {"title": self.title, "unit": self.unit, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one suite found out. `notes` say what a reader must know: sizes, what differs."""

    figures: Sequence[Figure]
    charts: Sequence[Chart] = ()
    notes: Sequence[str] = field(default=())


def number(value: float) -> str:
    """As people write it: three digits that count, thousands apart."""
    if value and abs(value) < 100:
        return f"{value:.3g}"
    return f"{value:,.0f}"


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
