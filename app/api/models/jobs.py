"""Jobs, where they stand, and their lives."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from app.api.models.base import (
    Count,
    Cursor,
    Id,
    JobState,
    JobType,
    PauseReason,
    Percent,
    Shape,
    Time,
    Usd,
)


class ResultsSummary(Shape):
    """Ended items by what they were and how they ended."""

    audio_processed: Count
    images_processed: Count
    videos_processed: Count
    documents_processed: Count
    download_failed: Count
    """The medium could not be had."""
    processing_failed: Count
    """The medium was there, and no text could be made of it."""


class Job(Shape):
    """A batch job: a row of the view `batch_jobs`."""

    id: Id
    job_type: JobType
    instance_id: Id | None
    """The only instance whose messages it is about; `null`: all."""
    chat_id: Id | None
    """The only chat that it is about; `null`: all."""
    request_params: dict[str, Any]
    """What was asked for, as it was sent."""
    status: JobState
    """`failed` means that the job itself could not go on; if all its items failed it is still
    `completed`."""
    total_found: Count
    """Messages in scope, before any filter on earlier content or limit."""
    total_items: Count
    """Items to work on; 0 until the job is planned."""
    processed_items: Count
    failed_items: Count
    skipped_items: Count
    """Left alone because their text existed, also when another job made it meanwhile."""
    current_item: str | None
    """What a worker has in hand just now."""
    progress_percent: Percent
    """Ended items of `totalItems`."""
    total_cost_usd: Usd
    """US dollars, exact: read it as a decimal."""
    total_tokens: Count
    results_summary: ResultsSummary
    reused_items: Count
    """Given the text that was made before for the same bytes, at no cost."""
    unpriced_items: Count
    """Made with a model whose price is not known: `totalCostUsd` is without them."""
    max_cost_usd: Usd | None
    """The job pauses before it costs more; `null`: no limit."""
    failure_threshold: float | None = Field(gt=0, le=1)
    """The share of failed items above which the job pauses; `null`: none."""
    priority: int = Field(ge=-100, le=100)
    lanes: int = Field(ge=1, le=64)
    callback_url: str | None
    metadata: dict[str, str]
    retry_of: Id | None
    """The job whose failed items this one is about."""
    pause_reason: PauseReason | None
    """Why Backscroll paused it; `null` on a paused job: a user did."""
    error_message: str | None
    """Why it failed or was paused, and what to do."""
    estimated_completion: Time | None
    created_at: Time
    started_at: Time | None
    completed_at: Time | None


class JobList(Shape):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: Cursor | None
    """Hand it back as `cursor` for the next page; `null`: this is the last."""


class JobStatus(Shape):
    """Where a job stands; the fields mean what they mean in `Job`."""

    job_id: Id
    instance_id: Id | None
    status: JobState
    is_final: bool
    """Nothing about the job will change any more; a little later than its status says so."""
    total_items: Count
    processed_items: Count
    failed_items: Count
    skipped_items: Count
    progress_percent: Percent
    current_item: str | None
    total_cost_usd: Usd
    total_tokens: Count
    estimated_completion: Time | None
    started_at: Time | None
    completed_at: Time | None


class JobEvent(Shape):
    """Something that happened to a job."""

    id: int
    """Grows from event to event."""
    job_id: Id
    instance_id: Id | None
    type: str = Field(
        examples=["created", "planned", "changed", "paused", "resumed", "completed", "cancelled"]
    )
    """`created`, `planned`, `changed`, `paused`, `resumed`, `completed`, `failed`,
    `cancelled`, `callback_given_up` or `callbacks_redelivered`; more may follow."""
    actor: str
    """Who did it: a key's name, a database session, a worker."""
    details: Any
    """What belongs to it, such as the parameters of `created`; may be `null`."""
    created_at: Time


class JobEventList(Shape):
    """A page of a job's life, in its order."""

    items: list[JobEvent]
    next_cursor: Cursor | None
    """Hand it back as `cursor` for the next page; `null`: this is the last for now."""
