"""What schemathesis is told in addition to the document, by SCHEMATHESIS_HOOKS."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Every request comes under a key of its own: another one under the same is refused."""
    given = (case.headers or {}).get("Idempotency-Key")
    if given is not None and re.fullmatch("[!-~]{1,255}", str(given)):
        case.headers["Idempotency-Key"] = str(uuid4())
