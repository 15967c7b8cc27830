"""What the maker of one file may depend on: its moment and its own source of chance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random


@dataclass(frozen=True, slots=True)
class Occasion:
    """The moment at which a file was sent, and chance that is the same in every run."""

    when: datetime
    chance: Random

    @property
    def day(self) -> str:
        """The date as people write it on paper, e.g. `7 March 2025`."""
        return f"{self.when.day} {self.when:%B %Y}"
