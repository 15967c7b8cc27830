"""What streams send beside `JobStatus` (event `job`) and `JobEvent` (event `life`)."""

from __future__ import annotations

from typing import Literal

from app.api.models.base import Shape


class StreamNotice(Shape):
    """Events `degraded` (the database is away: what you saw may be old) and `recovered` (it is
    back, and what was missed follows)."""

    detail: str
    """The same for people."""


class StreamEnd(Shape):
    """Event `end`: the stream is over."""

    reason: Literal["job_ended", "job_gone", "key_ended", "server_stopping"]
    """After `server_stopping` connect again; after the others there is nothing to come."""
    detail: str
    """The same for people."""
