"""Bodies that create, estimate, retry and change jobs.

Limits are those of `batch.field_problems`, which judges; a test holds the two together.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from app.api.models.base import ContentType, Id, Request

# PostgreSQL's texts cannot hold a NUL character.
Text = Annotated[str, StringConstraints(pattern=r"^[^\u0000]*$")]

ChatName = Annotated[Text, StringConstraints(min_length=1, max_length=255)]
DaysBack = Annotated[int, Field(ge=1, le=3650)]
ItemLimit = Annotated[int, Field(ge=0, le=2_147_483_647)]
ContentTypes = Annotated[list[ContentType], Field(min_length=1)]
Language = Annotated[
    str, StringConstraints(max_length=10, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
]
Budget = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0, "maximum": 99_999_999})]
Priority = Annotated[int, Field(ge=-100, le=100)]
Lanes = Annotated[int, Field(ge=1, le=64)]
FailureThreshold = Annotated[
    Decimal, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1})
]
CallbackUrl = Annotated[
    str,
    StringConstraints(
        max_length=2000, pattern=r'^[Hh][Tt][Tt][Pp][Ss]?://[!-"$-.0->A-~]+([/?#][!-~]*)?$'
    ),
]
Metadata = Annotated[
    dict[str, str],
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": 16,
            "propertyNames": {"minLength": 1, "maxLength": 64, "pattern": r"^[^\u0000]*$"},
            "additionalProperties": {
                "type": "string",
                "maxLength": 512,
                "pattern": r"^[^\u0000]*$",
            },
        }
    ),
]


class _Choices(Request):
    """What every request for a job may say beside the messages it is about."""

    content_types: ContentTypes | None = None
    """Only media of these types; absent: all."""
    limit: ItemLimit | None = None
    """At most so many items, the newest; 0 or absent: no limit."""
    force: bool | None = None
    """Also what has content already: the new text replaces the old."""
    language: Language | None = None
    """What is spoken or written, such as `en` or `pt-BR`; absent: detected."""
    max_cost_usd: Budget | None = None
    """The job pauses before it costs more; absent: no limit."""
    failure_threshold: FailureThreshold | None = None
    """The share of failed items above which the job pauses, once 100 have ended."""
    priority: Priority | None = None
    """Jobs with a higher one go first; absent: 0."""
    lanes: Lanes | None = None
    """How many slices of the job are worked on at once; absent: 8."""
    callback_url: CallbackUrl | None = None
    """Called when the job has completed, failed, been cancelled or paused; see the webhooks."""
    metadata: Metadata | None = None
    """Names and texts of yours, kept with the job; lists can be filtered by them."""
    dry_run: bool | None = None
    """Only estimate what the job would do, and create nothing."""


class TargetedChatSync(_Choices):
    """All media of one chat, or those of its past days."""

    job_type: Literal["targeted_chat_sync"]
    chat_id: ChatName
    """The chat's uuid or its external id."""
    instance_id: Id | None = None
    """The chat's instance; needed where several have a chat of that external id."""
    days_back: DaysBack | None = None
    """Only the past days, by the platform's time of the message; absent: all."""


class TimeBasedBatch(_Choices):
    """All media of the past days, of all chats or of one instance or one chat."""

    job_type: Literal["time_based_batch"]
    days_back: DaysBack
    """The past days, by the platform's time of the message."""
    instance_id: Id | None = None
    """Only this instance; absent: all that the key may see."""
    chat_id: ChatName | None = None
    """Only this chat: its uuid or its external id."""


class RetryRequest(Request):
    """What a retry shall do otherwise than the job it retries; `null` takes a parameter back."""

    content_types: ContentTypes | None = None
    """Of the failed items only those of these types."""
    limit: ItemLimit | None = None
    """At most so many of the failed items, the newest; 0 or absent: all."""
    language: Language | None = None
    max_cost_usd: Budget | None = None
    failure_threshold: FailureThreshold | None = None
    priority: Priority | None = None
    lanes: Lanes | None = None
    callback_url: CallbackUrl | None = None
    metadata: Metadata | None = None


class ChangeRequest(Request):
    """What changes about a job while it runs; what is absent stays as it is."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    priority: Priority = 0
    """Jobs with a higher one go first."""
    lanes: Lanes = 8
    """How many slices of the job are worked on at once."""
    max_cost_usd: Budget | None = None
    """The job pauses before it costs more; `null`: no limit any more."""


JobRequest = Annotated[TargetedChatSync | TimeBasedBatch, Field(discriminator="job_type")]
