"""What streams send: the data of server-sent events, by their names."""

from __future__ import annotations

from typing import Any

from app.api.models.base import Id, Shape
from app.api.models.jobs import JobEvent, JobStatus


class JobUpdate(JobStatus):
    """Event `job`: where a job stands. Sent first for every job in view, then at every change."""

    instance_id: Id | None


class LifeEvent(JobEvent):
    """Event `life`: something happened to a job. Its id is the position to resume from."""


class StreamNotice(Shape):
    """Events `degraded` (the database is away; what is shown may be old), `recovered` (all is up
    to date again) and `end` (nothing more will come)."""

    model_config = {"extra": "allow"}

    reason: Any = None
    """Why, for people."""
