"""What a worker has in hand: an item to work on, and the result it reports."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from workers.processors.base import Extraction, Usage
from workers.providers.told import SENSELESS


@dataclass(frozen=True, slots=True)
class Item:
    """One message of a slice, as `batch.take_slice` gives it."""

    seq: int
    message_id: UUID
    content_type: str
    mime_type: str | None
    local_path: str | None
    media_url: str | None
    external_id: str
    caption: str | None
    language: str | None
    is_forced: bool = False
    is_suspect: bool = False
    """A worker has died while it worked on it, perhaps of it."""
    wanted_since: float = float("-inf")
    """When its job began or was resumed, on this process's monotonic clock."""

    @property
    def label(self) -> str:
        """What people see as the current item: the file's name, or the message's id."""
        name = PurePosixPath(self.local_path).name if self.local_path else ""
        return name or self.external_id

    @property
    def is_remote(self) -> bool:
        """Whether its medium has to be fetched from somewhere."""
        return not self.local_path and self.media_url is not None


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one item. Times are of this process's monotonic clock, in seconds."""

    job_id: UUID
    first_seq: int
    seq: int
    started: float
    finished: float = 0.0
    extraction: Extraction | None = None
    error_code: str | None = None
    error: str | None = None
    usage: Sequence[Usage] = ()
    """What was billed, or may have been, also for an item that failed."""
    sha256: str | None = None
    """With the language asked for, the key under which its text is found again."""
    asked_language: str | None = None
    medium_bytes: int | None = None
    is_reused: bool = False
    is_unasked: bool = False
    """Made at once: nobody was asked whether it may be worked on (see `base.Instant`)."""
    is_skipped: bool = False
    """Left alone: another job has made its text meanwhile."""

    def processed(self, extraction: Extraction, usage: Sequence[Usage]) -> Result:
        """Ended now, with a text."""
        return replace(self, extraction=extraction, usage=usage, finished=time.monotonic())

    def skipped(self) -> Result:
        """Ended now, left alone."""
        return replace(self, is_skipped=True, finished=time.monotonic())

    def failed(self, code: str, error: str, usage: Sequence[Usage] = ()) -> Result:
        """Ended now, without one."""
        return replace(
            self,
            extraction=None,
            error_code=code,
            error=error,
            usage=usage,
            finished=time.monotonic(),
        )

    def as_json(self, now: float) -> dict[str, Any]:
        """As `batch.record_results` takes it; `now` is the monotonic clock's time."""
        record: dict[str, Any] = {
            "jobId": str(self.job_id),
            "firstSeq": self.first_seq,
            "seq": self.seq,
            "processingMs": round((self.finished - self.started) * 1000),
            "ageMs": round((now - self.finished) * 1000),
            "usage": [usage_json(each) for each in self.usage],
            "bytes": self.medium_bytes,
        }
        if self.is_skipped:
            return record | {"status": "skipped"}
        if self.extraction is None:
            return record | {
                "status": "failed",
                "errorCode": self.error_code,
                "error": storable(self.error or ""),
            }
        made = self.extraction
        duration = made.duration_seconds
        return record | {
            "status": "processed",
            "text": storable(made.text),
            "provider": made.provider,
            "model": made.model,
            "language": made.language,
            "durationSeconds": None if duration is None else str(duration),
            "pages": made.pages,
            "sha256": self.sha256,
            "askedLanguage": self.asked_language,
            "isReused": self.is_reused,
            "isUnasked": self.is_unasked,
        }


def usage_json(usage: Usage) -> dict[str, Any]:
    """As the database takes it: see `batch.cost_of_usage`."""
    return {
        "provider": usage.provider,
        "model": usage.model,
        "inputTokens": _told(usage.input_tokens),
        "cachedTokens": _told(usage.cached_tokens),
        "audioTokens": _told(usage.audio_tokens),
        "outputTokens": _told(usage.output_tokens),
        "audioSeconds": _told(usage.audio_seconds),
    }


def _told(number: int | Decimal) -> int | str:
    """As JSON holds it exactly; processors of other packages may give anything."""
    if isinstance(number, int):
        return number
    return str(number) if Decimal(number).is_finite() else SENSELESS


def storable(text: str) -> str:
    """`text` without what PostgreSQL's text and jsonb cannot hold: NUL and lone surrogates."""
    if text.isascii():
        return text.replace("\x00", "")
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
