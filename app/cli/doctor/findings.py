"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    """It works, and perhaps not as meant."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend`: what to do about it; empty where there is nothing to do."""

    check: str
    state: State
    said: str
    mend: str = ""


def ok(check: str, said: str) -> Finding:
    return Finding(check, State.OK, said)


def warn(check: str, said: str, mend: str) -> Finding:
    return Finding(check, State.WARN, said, mend)


def fail(check: str, said: str, mend: str) -> Finding:
    return Finding(check, State.FAIL, said, mend)
