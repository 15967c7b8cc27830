"""What the how-to tells receivers of webhooks to do, done: it takes ours and nobody else's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.webhook_secrets import WebhookSecrets

GUIDE = Path(__file__).resolve().parent.parent / "docs/how-to/webhooks.md"
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OLD = "whsec_Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA="
BODY = '{"type" : "batch_job.completed", "data" : {"name" : "ünïcödé"}}'.encode()

Verify = Callable[[str, dict[str, str], bytes], Any]
"""The payload, or None if it is refused."""


def code(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
    return str(found)


def with_python(secret: str, headers: dict[str, str], body: bytes) -> Any:
    defined: dict[str, Any] = {}
    exec(code("python"), defined)
    try:
        return defined["verified"](secret, headers, body)
    except ValueError:
        return None


def with_node(secret: str, headers: dict[str, str], body: bytes) -> Any:
    given = json.dumps([secret, headers, body.decode()])
    ran = subprocess.run(
        [
            "node", "-e",
            f"{code('javascript')}\nconst [secret, headers, body] = {given};\n"
            "try { console.log(JSON.stringify(verified(secret, headers, Buffer.from(body)))); }"
            "catch (error) { console.error(error.message); process.exit(7); }",
        ],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode in (0, 7), ran.stderr
    return json.loads(ran.stdout) if ran.returncode == 0 else None


RECIPES = [
    pytest.param(with_python, id="python"),
    pytest.param(
        with_node,
        id="node",
        marks=pytest.mark.skipif(not shutil.which("node"), reason="there is no node here"),
    ),
]


def signed(secrets: str = SECRET, age: int = 0) -> dict[str, str]:
    sent = int(time.time()) - age
    return {
        "webhook-id": "0b0d6c5e-4f5c-4c0a-9f3e-0d1f5f1f7a55",
        "webhook-timestamp": str(sent),
        "webhook-signature": WebhookSecrets.parse(secrets).signatures(
            "0b0d6c5e-4f5c-4c0a-9f3e-0d1f5f1f7a55", sent, BODY
        ),
    }


@pytest.mark.parametrize("verify", RECIPES)
def test_the_recipe_takes_what_we_send(verify: Verify) -> None:
    assert verify(SECRET, signed(), BODY) == json.loads(BODY)
    assert verify(OLD, signed(f"{SECRET} {OLD}"), BODY) == json.loads(BODY)


@pytest.mark.parametrize("verify", RECIPES)
def test_the_recipe_refuses_everything_else(verify: Verify) -> None:
    assert verify(OLD, signed(), BODY) is None
    assert verify(SECRET, signed(), BODY + b" ") is None
    assert verify(SECRET, signed() | {"webhook-id": "another"}, BODY) is None
    assert verify(SECRET, signed() | {"webhook-signature": "v1,AAAA"}, BODY) is None
    assert verify(SECRET, signed(age=600), BODY) is None
