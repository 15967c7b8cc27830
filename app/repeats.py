"""A warning that comes again and again is logged once in a while, with how often it came."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass

from app.log_context import about

_SECONDS = 30.0
_MOST_KNOWN = 1000
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
"""Of an object that is shown, each time another one."""


@dataclass(slots=True)
class _Said:
    at: float
    kept_back: int = 0


class Repeats(logging.Filter):
    """Keeps back warnings and errors that were logged half a minute ago or less, word for word.

    While a database is away a worker would say so five times a second. The first that is logged
    after that time has `repeats`: how many were kept back. What is about another request, job or
    exception is another one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[object, ...], _Said] = {}
        self._turn = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is logged now."""
        if record.levelno < logging.WARNING:
            return True
        try:
            error = record.exc_info[1] if record.exc_info else None
            text = _ADDRESS.sub("", record.getMessage())
            key = (record.name, text, repr(error), *about().items())
        except Exception:
            return True  # a faulty call, of which the handler tells
        with self._turn:
            said = self._said.get(key)
            if said is not None and 0 <= record.created - said.at < _SECONDS:
                said.kept_back += 1
                return False
            if said is not None and said.kept_back:
                record.repeats = said.kept_back
            if len(self._said) >= _MOST_KNOWN:
                self._forget_old(record.created)
            self._said[key] = _Said(record.created)
            return True

    def _forget_old(self, now: float) -> None:
        new = {key: said for key, said in self._said.items() if now - said.at < _SECONDS}
        # Of so many different ones in half a minute none needs to be kept back.
        self._said = new if len(new) < _MOST_KNOWN else {}
