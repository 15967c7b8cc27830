"""What a worker has in hand: an item to work on, and the result it reports."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from workers.processors.base import Extraction, Usage
from workers.providers.told import SENSELESS

# Not frozen, since thousands are made a second and a frozen one takes five times as long to make.


@dataclass(slots=True)
class Item:
    """One message of a slice, as `batch.take_slice` gives it."""

    seq: int
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
    is_alone: bool = False
    """Two have: no other is in hand beside it."""
    wanted_since: float = float("-inf")
    """When its job began or was resumed, on this process's monotonic clock."""

    @property
    def label(self) -> str:
        """What people see as the current item: the file's name, or the message's id."""
        return (self.local_path or "").rpartition("/")[2] or self.external_id

    @property
    def is_remote(self) -> bool:
        """Whether its medium has to be fetched from somewhere."""
        return not self.local_path and self.media_url is not None


@dataclass(slots=True)
class Result:
    """The outcome of one item, which comes about step by step.

    Times are of this process's monotonic clock, in seconds.
    """

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
    """With the language asked for, the key under which its text is found again; None: it is not,
    as to make it again is quicker, or nobody knows of which bytes it was made."""
    asked_language: str | None = None
    medium_bytes: int | None = None
    is_reused: bool = False
    is_unasked: bool = False
    """Nobody was asked whether it may be worked on (see `base.Instant` and `pace`)."""
    is_skipped: bool = False
    """Left alone: another job has made its text meanwhile."""

    def processed(self, extraction: Extraction, usage: Sequence[Usage]) -> Result:
        """Ended now, with a text."""
        self.extraction, self.usage, self.finished = extraction, usage, time.monotonic()
        return self

    def skipped(self) -> Result:
        """Ended now, left alone."""
        self.is_skipped, self.finished = True, time.monotonic()
        return self

    def failed(self, code: str, error: str, usage: Sequence[Usage] = ()) -> Result:
        """Ended now, without one."""
        self.extraction, self.error_code, self.error = None, code, error
        self.usage, self.finished = usage, time.monotonic()
        return self

    def as_json(self, now: float) -> dict[str, Any]:
        """As `batch.record_results` takes it, without what says nothing; `now` is the monotonic
        clock's time."""
        record: dict[str, Any] = {
            "jobId": self.job_id,
            "firstSeq": self.first_seq,
            "seq": self.seq,
            "processingMs": round((self.finished - self.started) * 1000),
            "ageMs": round((now - self.finished) * 1000),
        }
        if self.usage:
            record["usage"] = [usage_json(each) for each in self.usage]
        if self.medium_bytes is not None:
            record["bytes"] = self.medium_bytes
        if self.is_unasked:
            record["isUnasked"] = True
        if self.is_skipped:
            record["status"] = "skipped"
        elif self.extraction is None:
            record["status"] = "failed"
            record["errorCode"] = self.error_code
            record["error"] = storable(self.error or "")
        else:
            self._add_made(record, self.extraction)
        return record

    def _add_made(self, record: dict[str, Any], made: Extraction) -> None:
        record["status"] = "processed"
        record["text"] = storable(made.text)
        record["provider"] = made.provider
        record["model"] = made.model
        if self.sha256 is not None:
            record["sha256"] = self.sha256
        if made.language is not None:
            record["language"] = made.language
        if made.duration_seconds is not None:
            record["durationSeconds"] = str(made.duration_seconds)
        if made.pages is not None:
            record["pages"] = made.pages
        if self.asked_language is not None:
            record["askedLanguage"] = self.asked_language
        if self.is_reused:
            record["isReused"] = True


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


def as_text(records: Sequence[dict[str, Any]]) -> str:
    """JSON for PostgreSQL of records that may hold UUIDs."""
    try:
        return orjson.dumps(records).decode()
    except TypeError:  # an integer of more than 64 bits, from another package's processor
        return json.dumps(records, default=str)


def storable(text: str) -> str:
    """`text` without what PostgreSQL's text and jsonb cannot hold: NUL and lone surrogates."""
    if text.isascii():
        return text.replace("\x00", "")
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
