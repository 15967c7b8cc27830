"""What the stand-in has billed, and how much of it may be lost with a process that died.

Each life of a worker has a key of its own, so that requests tell whose they are.
"""

from __future__ import annotations

import threading
import time

from chaos.world import PLACES, Member
from demo.stand_in import StandIn

_UNRECORDED_SECONDS = 4.0
_REQUESTS_AN_ITEM = 2


class Bills:
    """Counts requests, and those that nobody can be asked to have recorded.

    When a process is killed, frozen or stopped, what it had in hand may be billed and not
    recorded: the requests under way, and those answered since it could last record.
    """

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._lock = threading.Lock()
        self._database_seen_at = time.monotonic()
        self._in_hand = self._excused = 0

    def database_is_there(self) -> None:
        self._database_seen_at = time.monotonic()

    def excuse(self, *members: Member) -> None:
        """What these lives have in hand, and have asked and not recorded, may be lost."""
        with self._lock:
            since = self._database_seen_at - _UNRECORDED_SECONDS
            for member in members:
                self._in_hand += PLACES * _REQUESTS_AN_ITEM
                self._excused += self._answered(member.life, since)

    def _answered(self, life: str, since: float) -> int:
        return sum(1 for bill in self._stand_in.billed if bill.key == life and bill.at >= since)

    @property
    def asked(self) -> int:
        """All requests there were: none other can have been recorded."""
        return len(self._stand_in.received)

    @property
    def billed(self) -> int:
        return len(self._stand_in.billed)

    @property
    def may_be_lost(self) -> int:
        """How many of those billed may be missing in the database."""
        with self._lock:
            return self._in_hand + self._excused
