"""What webhooks are signed with: `whsec_` and base64, as the Standard Webhooks specification says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

PREFIX = "whsec_"
FORM = "whsec_ and 24 to 64 bytes in base64; several, with spaces between, while one is replaced"


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """The keys in force. A receiver accepts what is signed with any one of them."""

    keys: Sequence[bytes]

    @classmethod
    def parse(cls, text: str) -> WebhookSecrets:
        """Of texts with spaces between. Raises ValueError, whose text says what is allowed."""
        keys = [_key(part) for part in text.split()]
        if not keys:
            raise ValueError(FORM)
        return cls(keys)

    def signatures(self, message_id: str, timestamp: int, body: bytes) -> str:
        """The header `webhook-signature`. `timestamp`: of the attempt, in seconds since 1970."""
        signed = f"{message_id}.{timestamp}.".encode() + body
        return " ".join(
            f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
            for key in self.keys
        )


def _key(text: str) -> bytes:
    try:
        if not text.startswith(PREFIX):
            raise ValueError
        encoded = text.removeprefix(PREFIX)
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise ValueError(FORM) from None
    if not 24 <= len(key) <= 64:
        raise ValueError(FORM)
    return key
