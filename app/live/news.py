"""What the database tells: states of jobs, events of their lives, and what a reader knows already.

Everything is turned into the bytes of a Server-Sent Event once, for all watchers.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from uuid import UUID

_TRANSACTION = re.compile(r'\{"transaction" : (\d+), ')


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a statement could see, as `pg_current_snapshot` says."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """`xmin:xmax:running,running`"""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(map(int, filter(None, running.split(",")))))

    def shows(self, told: int | Snapshot) -> bool:
        """Whether all of a transaction, or of another snapshot, can be seen in this one."""
        if isinstance(told, int):
            return told < self.xmin or (told < self.xmax and told not in self.running)
        return told.xmax <= self.xmax and all(
            number in told.running for number in self.running if number < told.xmax
        )


@dataclass(frozen=True, slots=True)
class State:
    """Where a job stands. `told`: the transaction that told it, or the snapshot it was read in."""

    job: UUID
    instance: UUID | None
    is_final: bool
    told: int | Snapshot
    frame: bytes

    @classmethod
    def heard(cls, payload: str) -> State:
        """From a notification on batch_jobs."""
        matched = _TRANSACTION.match(payload)
        if matched is None:
            raise ValueError("batch_jobs tells something else than batch.notify_job does")
        # The text goes on as it is: numbers read and written again would lose digits.
        text = "{" + payload[matched.end() :]
        facts = json.loads(text)
        return cls(
            UUID(facts["jobId"]),
            _instance(facts["instanceId"]),
            facts["isFinal"],
            int(matched[1]),
            frame("job", text),
        )


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a job's life; its position counts in the order of commits."""

    position: int
    job: UUID
    instance: UUID | None
    frame: bytes

    @classmethod
    def heard(cls, payload: str) -> Event | None:
        """From a notification on batch_events; None for a large one, which is to be read."""
        facts = json.loads(payload)
        if "type" not in facts:
            return None
        return cls.read(facts["id"], UUID(facts["jobId"]), _instance(facts["instanceId"]), payload)

    @classmethod
    def read(cls, position: int, job: UUID, instance: UUID | None, text: str) -> Event:
        return cls(position, job, instance, frame("life", text, position))


def frame(event: str, data: str, position: int | None = None) -> bytes:
    """A Server-Sent Event; `position` is what a client resumes from once it has read this."""
    number = "" if position is None else f"id: {position}\n"
    # PostgreSQL's json has no line breaks inside texts, and may have some between values.
    one_line = data.replace("\n", " ")
    return f"{number}event: {event}\ndata: {one_line}\n\n".encode()


def _instance(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
