"""What a job would do, cost and take."""

from __future__ import annotations

from app.api.models.base import Count, Id, JobType, Seconds, Shape, Usd


class ContentTypeEstimate(Shape):
    """The share of one content type. A cost is `null` where the price is not known."""

    found: Count
    already_done: Count
    to_process: Count
    known_seconds: Seconds | None
    """The length of the sound and film whose length the platform has told."""
    known_pages: Count | None
    known_bytes: Count | None
    provider: str
    """Whom a running worker asks first."""
    model: str | None
    low_cost_usd: Usd | None
    """A tenth of such items take less."""
    estimated_cost_usd: Usd | None
    high_cost_usd: Usd | None
    low_duration_seconds: Seconds | None
    estimated_duration_seconds: Seconds | None
    high_duration_seconds: Seconds | None


class Estimate(Shape):
    """What a request would do. Costs are without the items whose price is not known."""

    job_type: JobType
    instance_id: Id | None
    chat_id: Id | None
    total_found: Count
    skipped_items: Count
    """Would be left alone because their text exists."""
    total_items: Count
    audio_count: Count
    image_count: Count
    video_count: Count
    document_count: Count
    content_types: dict[str, ContentTypeEstimate]
    """By content type; only those that were asked for."""
    low_cost_usd: Usd
    estimated_cost_usd: Usd
    high_cost_usd: Usd
    low_duration_seconds: Seconds | None
    estimated_duration_seconds: Seconds | None
    high_duration_seconds: Seconds | None
    estimated_duration_minutes: Seconds | None
    warnings: list[str]
    """What would go wrong, for people: no price, no provider, no worker."""
