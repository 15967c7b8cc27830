"""What a worker sends to the database as JSON."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from workers.results import as_text


@pytest.mark.parametrize("tokens", [3, 2**63, 10**30])
def test_uuids_and_numbers_of_any_size_can_be_sent(tokens: int) -> None:
    job_id = uuid4()

    sent = as_text([{"jobId": job_id, "usage": [{"inputTokens": tokens}], "text": "ẞ"}])

    assert json.loads(sent) == [
        {"jobId": str(job_id), "usage": [{"inputTokens": tokens}], "text": "ẞ"}
    ]
