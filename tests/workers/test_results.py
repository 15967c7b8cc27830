"""What a worker sends to the database as JSON."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from workers.processors.base import Extraction
from workers.results import Result, as_text


@pytest.mark.parametrize("tokens", [3, 2**63, 10**30])
def test_uuids_and_numbers_of_any_size_can_be_sent(tokens: int) -> None:
    job_id = uuid4()

    sent = as_text([{"jobId": job_id, "usage": [{"inputTokens": tokens}], "text": "ẞ"}])

    assert json.loads(sent) == [
        {"jobId": str(job_id), "usage": [{"inputTokens": tokens}], "text": "ẞ"}
    ]


@pytest.mark.parametrize("sha256", [None, "00" * 32])
def test_the_digest_is_said_of_a_text_that_is_to_be_remembered(sha256: str | None) -> None:
    made = Extraction(text="", provider="local", model="quick")
    result = Result(uuid4(), 1, 1, started=0, sha256=sha256).processed(made, ())

    assert result.as_json(now=1.0).get("sha256") == sha256


@pytest.mark.parametrize("is_unasked", [False, True])
def test_that_nobody_was_asked_is_said_of_failures_too(is_unasked: bool) -> None:
    result = Result(uuid4(), 1, 1, started=0, is_unasked=is_unasked).failed("file_unreadable", "")

    assert result.as_json(now=1.0).get("isUnasked", False) == is_unasked
