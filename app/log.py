"""How the log looks: on standard error, a line an event, the same for the API and workers."""

from __future__ import annotations

from typing import Any

# Their every step is more than an operator wants to read.
_QUIET = ("gunicorn.error", "procrastinate", "httpx", "httpcore", "yoyo", "psycopg.pool")


def log_config(level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`; `level` is DEBUG, INFO, WARNING or ERROR."""
    quiet = {"DEBUG": "DEBUG", "INFO": "WARNING"}.get(level, level)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "format": "%(asctime)s %(levelname)-7s %(name)s  %(message)s",
                "datefmt": "%H:%M:%S",
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {name: {"level": quiet, "handlers": [], "propagate": True} for name in _QUIET},
    }
