"""How the log looks: on standard error, a line an event, the same for the API and workers.

For people on a terminal a line is plain; for programs it is a JSON object. Both carry the ids of
the request and the job that the line is about.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from app.log_context import about
from app.repeats import Repeats

_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")
_VISIBLE = {number: f"\\x{number:02x}" for number in [*range(32), 127]}
# Their every step is more than an operator wants to read.
_QUIET = ("gunicorn.error", "procrastinate", "httpx", "httpcore", "yoyo", "psycopg.pool")


def log_config(level: str, form: str = "auto") -> dict[str, Any]:
    """For `logging.config.dictConfig`; `level` is DEBUG, INFO, WARNING or ERROR.

    `form` is `plain`, `json`, or `auto`: plain on a terminal, JSON elsewhere.
    """
    quiet = {"DEBUG": "DEBUG", "INFO": "WARNING"}.get(level, level)
    is_plain = form == "plain" or (form == "auto" and sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"repeats": {"()": Repeats}},
        "formatters": {"line": {"()": PlainLines if is_plain else JsonLines}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["repeats"],
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {name: {"level": quiet, "handlers": [], "propagate": True} for name in _QUIET},
    }


def facts(**values: Any) -> dict[str, Any]:
    """For `extra` of a log call: members of their own in JSON, where a plain line has its text."""
    return {"facts": values}


class PlainLines(logging.Formatter):
    """`12:30:00 INFO    app.api  message  [request 1f.., job 77..]`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        notes = [f"{name} {value}" for name, value in about().items()]
        if repeats := getattr(record, "repeats", 0):
            notes.append(f"and {repeats} times since it was last said")
        line = super().formatMessage(record) + (f"  [{', '.join(notes)}]" if notes else "")
        # Paths and messages of others may hold line breaks, and so could forge lines.
        return _LINE_BREAKS.sub(" ", line).rstrip().translate(_VISIBLE)


class JsonLines(logging.Formatter):
    """An object a line: `time, level, logger, message`, ids and facts, `exception`.

    `repeats` is how many of the same were kept back since the last that was logged.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{f"{name}_id": value for name, value in about().items()},
            **getattr(record, "facts", {}),
        }
        if repeats := getattr(record, "repeats", 0):
            line["repeats"] = repeats
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return json.dumps(line, default=str)
