"""What all shapes have in common, and the kinds of values they are made of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """An answer, or a part of one. More fields may be added to it; none is taken away."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True, frozen=True
    )


class Request(BaseModel):
    """A body that is sent. A field that it does not have is refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        frozen=True,
        extra="forbid",
    )


class JobType(StrEnum):
    TARGETED_CHAT_SYNC = "targeted_chat_sync"
    TIME_BASED_BATCH = "time_based_batch"


class JobState(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ContentType(StrEnum):
    AUDIO = "audio"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"


class ItemStatus(StrEnum):
    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"
    SKIPPED = "skipped"


class PauseReason(StrEnum):
    BUDGET = "budget"
    PROVIDERS = "providers"
    FAILURES = "failures"


Id = UUID
Count = Annotated[int, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
# Written by PostgreSQL as a JSON number with all its digits: parse it as a decimal.
Usd = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0})]
Seconds = Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0})]
Time = Annotated[
    datetime,
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Cursor = Annotated[str, StringConstraints(min_length=1)]
