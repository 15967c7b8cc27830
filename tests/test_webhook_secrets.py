"""app.webhook_secrets: which secrets can be used, and the signature that others expect."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from app.webhook_secrets import WebhookSecrets


def secret(size: int) -> str:
    return f"whsec_{base64.b64encode(bytes(range(size))).decode()}"


def test_the_signature_is_the_specifications() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    text = '{"type": "ünïcödé"}'

    signed = WebhookSecrets.parse(secret(32)).signatures(
        "msg_1", int(now.timestamp()), text.encode()
    )

    assert signed == Webhook(secret(32)).sign("msg_1", now, text)


def test_every_secret_signs_in_the_order_given() -> None:
    both = WebhookSecrets.parse(f" {secret(24)}  {secret(64)}\n")

    assert both.signatures("a", 1, b"").split(" ") == [
        WebhookSecrets.parse(each).signatures("a", 1, b"") for each in (secret(24), secret(64))
    ]


def test_base64_without_padding_is_the_same_secret() -> None:
    assert WebhookSecrets.parse(secret(32).rstrip("=")) == WebhookSecrets.parse(secret(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "whsec_",
        "secret",
        secret(32).removeprefix("whsec_"),
        secret(23),
        secret(65),
        "whsec_" + "é" * 40,
        "whsec_" + "*" * 40,
        "whpk_" + "A" * 44,
        f"{secret(32)},{secret(32)}",
        f"{secret(32)} x",
    ],
)
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"^whsec_ and 24 to 64 bytes in base64"):
        WebhookSecrets.parse(text)
