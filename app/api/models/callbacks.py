"""Webhooks that Backscroll sends, and the log of their deliveries."""

from __future__ import annotations

from enum import StrEnum

from app.api.models.base import Count, Cursor, Id, Request, Shape, Time
from app.api.models.jobs import Job


class CallbackType(StrEnum):
    COMPLETED = "batch_job.completed"
    FAILED = "batch_job.failed"
    CANCELLED = "batch_job.cancelled"
    PAUSED = "batch_job.paused"


class CallbackState(StrEnum):
    QUEUED = "queued"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class WebhookPayload(Shape):
    """What is posted to a job's `callbackUrl`, as the Standard Webhooks specification has it."""

    type: CallbackType
    timestamp: Time
    """When it happened; a later delivery of the same event has the same."""
    data: Job
    """The job as it was then."""


class CallbackAttempt(Shape):
    """One try to deliver a callback."""

    number: Count
    started_at: Time
    duration_ms: Count | None
    """`null`: it was never heard how it ended."""
    status_code: int | None
    """What the receiver answered; `null`: nothing."""
    error: str | None
    """Why it does not count as delivered."""
    response: str | None
    """The beginning of the body that was answered."""


class Callback(Shape):
    """What a job's `callbackUrl` is told of one event."""

    id: Id
    """The header `webhook-id`, the same in every delivery."""
    job_id: Id
    type: CallbackType
    url: str
    state: CallbackState
    created_at: Time
    next_attempt_at: Time | None
    """`null`: it is not sent again."""
    ended_at: Time | None
    attempt_count: Count
    attempts: list[CallbackAttempt]
    """The last twenty."""
    payload: WebhookPayload


class CallbackList(Shape):
    """A page of a job's callbacks, in the order of its events."""

    items: list[Callback]
    next_cursor: Cursor | None
    """Hand it back as `cursor` for the next page; `null`: this is the last for now."""


class RedeliverRequest(Request):
    """Which callbacks to send once more."""

    id: Id | None = None
    """Only this one; absent: all of the job."""


class Redelivered(Shape):
    """The callbacks that are sent once more."""

    items: list[Callback]
