"""What becomes of a job's items."""

from __future__ import annotations

from pydantic import Field

from app.api.models.base import (
    ContentType,
    Count,
    Cursor,
    Id,
    ItemStatus,
    JobState,
    Seconds,
    Shape,
    Time,
    Usd,
)
from app.api.models.jobs import ResultsSummary


class Item(Shape):
    """A message of a job and what became of it."""

    seq: int = Field(ge=1)
    """Its number in the job."""
    message_id: Id
    external_id: str | None
    """The message's id on its platform; `null`: the message is gone."""
    file: str | None
    """Where its medium was to be had: a path in the media folder, or an address without what may
    be secret in it. `null`: the message names neither, or is gone."""
    chat_id: Id | None
    content_type: ContentType
    status: ItemStatus
    error_code: str | None
    """Why it failed; see the list of error codes."""
    error: str | None
    """The same for people."""
    provider: str | None
    model: str | None
    language: str | None
    cost_usd: Usd | None
    """US dollars, exact; `null`: not known, or it has not ended."""
    tokens: Count | None
    reused: bool | None
    """Whether its text was made before, for the same bytes."""
    processing_ms: Count | None
    started_at: Time | None
    finished_at: Time | None
    text: str | None = None
    """The text that was made; only with `text=true`."""


class ItemList(Shape):
    """A page of a job's items, in its order."""

    items: list[Item]
    next_cursor: Cursor | None
    """Hand it back as `cursor` for the next page; `null`: this is the last."""


class PlannedCost(Shape):
    """What was expected when the job was planned."""

    low_cost_usd: Usd
    estimated_cost_usd: Usd
    high_cost_usd: Usd
    estimated_duration_seconds: Seconds
    unpriced_items: Count
    """Items of a model whose price is not known: the costs are without them."""
    providers: dict[str, str]
    """By content type, the provider and model that were to be asked first."""


class ActualCost(Shape):
    """What it has come to."""

    cost_usd: Usd
    unpriced_items: Count
    reused_items: Count
    duration_seconds: Seconds | None
    """Since it was started; `null`: it was not."""


class JobDetails(Shape):
    """What became of a job: the processed and the failed items, each paged on its own."""

    job_id: Id
    status: JobState
    processed_items: list[Item]
    failed_items: list[Item]
    next_processed_cursor: Cursor | None
    """Hand it back as `processedCursor`; `null`: there are no more."""
    next_failed_cursor: Cursor | None
    """Hand it back as `failedCursor`; `null`: there are no more."""
    results_summary: ResultsSummary
    estimate: PlannedCost | None
    """`null` until the job is planned."""
    actual: ActualCost
