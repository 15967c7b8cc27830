"""Webhooks that Backscroll sends, and the log of their deliveries."""

from __future__ import annotations

from typing import Literal

from app.api.models.base import Shape, Time
from app.api.models.jobs import Job


class WebhookPayload(Shape):
    """What is posted to a job's `callbackUrl`, as the Standard Webhooks specification has it."""

    type: Literal[
        "batch_job.completed", "batch_job.failed", "batch_job.cancelled", "batch_job.paused"
    ]
    timestamp: Time
    """When it happened; a later delivery of the same event has the same."""
    data: Job
    """The job as it was then."""
