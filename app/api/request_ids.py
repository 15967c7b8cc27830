"""The id of a request: the client's own in X-Request-Id if it is sane, or a new one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import uuid4

HEADER = b"x-request-id"

# It is written to logs and into headers: nothing that could break either.
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The id that the only X-Request-Id among `headers` gives, else one that nobody has had."""
    given = [value for name, value in headers if name == HEADER]
    if len(given) == 1 and _SANE.fullmatch(given[0]):
        return given[0].decode("ascii")
    return uuid4().hex
