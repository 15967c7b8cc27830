"""What will happen and when: drawn from the seed before anything runs, so that it can be repeated.

Victims are numbers, taken modulo how many there are when the time has come.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from demo.stand_in import Behaviour

FAULTS = (
    "kill worker",
    "kill all workers",
    "freeze worker",
    "freeze all workers",
    "stop worker",
    "rolling restart",
    "kill api",
    "freeze api",
    "restart database fast",
    "restart database immediate",
    "kill database",
    "freeze database",
    "terminate backends",
    "drop listeners",
    "lock a job",
    "lock messages",
    "migrate",
    "kill a migration",
)
ACTIONS = (
    "create",
    "create",
    "create",
    "create",
    "burst",
    "pause",
    "resume",
    "flap",
    "change",
    "cancel",
    "storm",
    "retry",
    "delete messages",
)
_FIRST_FAULT, _LAST_FAULT = 3.0, 4.0
_JOBS_AT_FIRST = 4
_BEHAVIOURS = 600


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is done `at` seconds after the start, for `seconds` where it lasts."""

    at: float
    kind: str
    which: int
    seconds: float
    request: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        more = f" {json.dumps(self.request)}" if self.request else ""
        return f"{self.at:7.2f} s  {self.kind} #{self.which} ({self.seconds:.1f} s){more}"


@dataclass(frozen=True)
class Plan:
    """All of a run that chance decides."""

    seed: int
    seconds: float
    faults: Sequence[Event]
    actions: Sequence[Event]
    behaviours: Mapping[str, Sequence[Behaviour]]
    """How each provider answers its first requests, in the order in which they come."""

    def lines(self) -> list[str]:
        return [
            f"seed {self.seed}, {self.seconds:.0f} s",
            *("  hand    " + str(event) for event in self.faults),
            *("  client  " + str(event) for event in self.actions),
        ]


def make_plan(seed: int, seconds: float) -> Plan:
    """The same for the same arguments, whatever the machine."""
    chance = random.Random(seed)
    faults = _spread(chance, FAULTS, _FIRST_FAULT, max(_FIRST_FAULT, seconds - _LAST_FAULT), 3.5)
    begun = [_event(chance, 0.1 * number, "create") for number in range(_JOBS_AT_FIRST)]
    actions = begun + _spread(chance, ACTIONS, 1.0, seconds, 1.5)
    behaviours = {
        provider: [_behaviour(chance) for _ in range(_BEHAVIOURS)]
        for provider in ("groq", "openai", "google")
    }
    return Plan(seed, seconds, faults, actions, behaviours)


def _spread(
    chance: random.Random, kinds: Sequence[str], first: float, last: float, mean_pause: float
) -> list[Event]:
    """Events from `first` to `last`; every kind comes once before any comes again."""
    events: list[Event] = []
    bag: list[str] = []
    at = first
    while at <= last:
        bag = bag or chance.sample(kinds, len(kinds))
        events.append(_event(chance, at, bag.pop()))
        at += chance.uniform(0.5, 1.5) * mean_pause
    return events


def _event(chance: random.Random, at: float, kind: str) -> Event:
    which, seconds = chance.randrange(1000), round(chance.uniform(0.5, 4.0), 2)
    if kind == "freeze worker" and chance.random() < 0.5:
        seconds = round(chance.uniform(8.0, 14.0), 2)
    request: dict[str, Any] = {}
    if kind in ("create", "burst"):
        request = _request(chance)
    elif kind == "change":
        request = {"lanes": chance.randint(1, 12), "priority": chance.randint(-2, 2)}
    return Event(round(at, 2), kind, which, seconds, request)


def _request(chance: random.Random) -> dict[str, Any]:
    """A job's request; the client fills in whose chat or instance it is."""
    request: dict[str, Any] = {"force": chance.random() < 0.6}
    if chance.random() < 0.25:
        request |= {"jobType": "time_based_batch", "daysBack": 3650}
    else:
        request |= {"jobType": "targeted_chat_sync"}
    if chance.random() < 0.3:
        request["contentTypes"] = chance.sample(["audio", "image", "document"], 2)
    if chance.random() < 0.3:
        request["limit"] = chance.randint(5, 60)
    if chance.random() < 0.2:
        request["maxCostUsd"] = chance.choice([0.005, 0.5])
    if chance.random() < 0.3:
        request["lanes"] = chance.randint(1, 12)
    return request


def _behaviour(chance: random.Random) -> Behaviour:
    latency = chance.uniform(0.1, 0.8)
    kinds = [
        (70, Behaviour(latency=latency)),
        (5, Behaviour(status=429, headers={"Retry-After": "1"})),
        (6, Behaviour(status=500, latency=latency)),
        (3, Behaviour(status=503, headers={"Retry-After": "1"})),
        (1, Behaviour(status=401)),
        (4, Behaviour(latency=latency, resets=True)),
        (4, Behaviour(latency=latency, hangs_up_after=chance.randrange(40))),
        (3, Behaviour(latency=latency, bytes_per_second=chance.randint(100, 2000))),
        (2, Behaviour(latency=latency, body=b"<html>Bad gateway</html>")),
        (2, Behaviour(latency=chance.uniform(2.0, 5.0))),
    ]
    weights = [weight for weight, _ in kinds]
    return chance.choices([behaviour for _, behaviour in kinds], weights)[0]
