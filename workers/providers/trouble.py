"""What it means when a provider does not answer as it should."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from workers.processors.base import Usage
from workers.providers.timing import retry_after


class Kind(StrEnum):
    """What to do about it."""

    BUSY = "busy"
    """Wait, then ask again."""
    DOWN = "down"
    """Ask again: the fault is the provider's, and nothing was billed."""
    LOST = "lost"
    """Ask again once: the request was sent and its answer did not come, so it may be billed."""
    GARBLED = "garbled"
    """Likewise, but an answer came that makes no sense."""
    KEY = "key"
    QUOTA = "quota"
    SETUP = "setup"
    """These three concern every request alike: ask the next provider."""
    REFUSED = "refused"
    """The medium's fault."""
    UNKNOWN = "unknown"


class Trouble(Exception):
    """A request came to nothing. `said` is for people; it holds no keys."""

    def __init__(
        self, kind: Kind, said: str, wait: float | None = None, usage: Usage | None = None
    ) -> None:
        super().__init__(said)
        self.kind = kind
        self.said = said
        self.usage = usage
        """What it used all the same, where the provider told."""
        self.wait = wait
        """Seconds that the provider wants to be left alone."""


KEY_CODES = {
    "invalid_api_key", "api_key_invalid", "authentication_error", "invalid_authentication",
    "unauthenticated", "permission_denied", "permission_error", "account_deactivated",
    "organization_restricted", "unsupported_country_region_territory", "api_key_service_blocked",
    "failed_precondition",
}  # fmt: skip
QUOTA_CODES = {
    "insufficient_quota", "quota_exceeded", "billing_hard_limit_reached", "billing_not_active",
    "insufficient_balance", "insufficient_credits", "payment_required", "blocked_api_access",
}  # fmt: skip
SETUP_CODES = {
    "model_not_found", "model_not_active", "model_decommissioned", "not_found",
    "unknown_parameter", "unsupported_parameter", "unsupported_value",
}  # fmt: skip
BUSY_CODES = {"rate_limit_exceeded", "rate_limit_error", "resource_exhausted"}
"""As OpenAI, Groq and Google call them in `error.code`, `.type`, `.status` and `.details`."""

KEY_WORDS = re.compile(
    r"\b(?:invalid|incorrect) api[ _]key\b|\bapi[ _]key not valid\b", re.IGNORECASE
)
"""What is said with a 400 by Google, and by imitators and proxies that leave out its codes."""

BUSY_STATUSES = {429, 498}
"""498: Groq's for `flex tier capacity exceeded`."""
DOWN_STATUSES = {408, 409, 425}
REFUSED_STATUSES = {400, 413, 415, 422}
SECRET = re.compile(r"\b(?:sk|gsk|AIza|AQ)[-_.A-Za-z0-9*]{6,}")
LONGEST_SAID = 240


@dataclass(frozen=True, slots=True)
class Rejection:
    """An answer other than 200, as OpenAI, Google and their imitators write it."""

    status: int
    codes: frozenset[str]
    message: str
    is_daily: bool
    """Whether Google says that it is the day's quota that is used up."""
    delay: float | None
    """Google's `retryDelay`, in seconds."""


def read_rejection(status: int, body: bytes) -> Rejection:
    """Understands `{"error": {...}}`, `{"error": "text"}`, `{"detail": ...}` and plain text."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, list) and document:  # Google wraps errors in a list when it streams
        document = document[0]
    if not isinstance(document, dict):
        text = body.decode(errors="replace")
        return Rejection(status, frozenset(), "" if "<" in text[:200] else text, False, None)
    error = document.get("error", document)
    if not isinstance(error, dict):
        error = {"message": error}
    details = [each for each in _list(error.get("details")) if isinstance(each, dict)]
    codes = [error.get("code"), error.get("type"), error.get("status")]
    codes += [each.get("reason") for each in details]
    message = error.get("message") or error.get("detail") or ""
    return Rejection(
        status=status,
        codes=frozenset(code.lower() for code in codes if isinstance(code, str)),
        message=message if isinstance(message, str) else json.dumps(message),
        is_daily=any("PerDay" in quota for quota in _quotas(details)),
        delay=next((delay for each in details if (delay := _seconds(each)) is not None), None),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _quotas(details: list[dict[str, Any]]) -> Iterator[str]:
    for each in details:
        for violation in _list(each.get("violations")):
            if isinstance(violation, dict):
                yield str(violation.get("quotaId"))


def _seconds(detail: dict[str, Any]) -> float | None:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(detail.get("retryDelay")))
    return float(found[1]) if found else None


def kind_of(rejection: Rejection) -> Kind:
    """What an answer other than 200 means."""
    status, codes = rejection.status, rejection.codes
    if status == 402 or codes & QUOTA_CODES or (status == 429 and rejection.is_daily):
        return Kind.QUOTA
    if status == 429 or status in BUSY_STATUSES or (status < 500 and codes & BUSY_CODES):
        return Kind.BUSY
    if status >= 500 or status in DOWN_STATUSES:
        return Kind.DOWN
    names_key = status == 400 and KEY_WORDS.search(rejection.message)
    if status in (401, 403) or codes & KEY_CODES or names_key:
        return Kind.KEY
    if status in (404, 405) or status < 400 or codes & SETUP_CODES:
        return Kind.SETUP
    return Kind.REFUSED if status in REFUSED_STATUSES else Kind.UNKNOWN


def trouble_from(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime, key: str | None
) -> Trouble:
    """The trouble that an answer other than 200 is."""
    rejection = read_rejection(status, body)
    said = said_by(f"{status} {rejection.message}", key)
    wait = retry_after(headers.get("retry-after"), now)
    return Trouble(kind_of(rejection), said, rejection.delay if wait is None else wait)


def said_by(text: str, key: str | None) -> str:
    """What a provider said, on one short line and without anything that may be a key."""
    if key:
        text = text.replace(key, "***")
    line = " ".join(SECRET.sub("***", text).split())
    return line if len(line) <= LONGEST_SAID else f"{line[:LONGEST_SAID]}..."
