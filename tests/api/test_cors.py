"""CORS: off unless set, and then for those origins alone; and the headers that guard answers."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import JOBS, served

OURS, THEIRS = "https://app.example", "https://evil.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}


def preflight(client: httpx.Client, origin: str) -> httpx.Response:
    """As browsers ask: without the page's key."""
    return httpx.options(
        client.base_url.join(JOBS), headers={"Origin": origin, **PREFLIGHT}, trust_env=False
    )


def test_without_a_setting_no_page_may_call(api: httpx.Client) -> None:
    for answer in (preflight(api, OURS), api.get(JOBS, headers={"Origin": OURS})):
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_pages_of_the_origins_that_are_set_may_call(database_url: str) -> None:
    with served(database_url, BACKSCROLL_CORS_ORIGINS=f"{OURS}, http://localhost:3000") as (api, _):
        asked = preflight(api, OURS)
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == OURS
        assert "POST" in asked.headers["access-control-allow-methods"]
        assert "x-api-key" in asked.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in asked.headers

        answer = api.get(JOBS, headers={"Origin": OURS})
        assert answer.headers["access-control-allow-origin"] == OURS
        assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
        assert answer.headers["vary"] == "Origin"

        # A page must be able to read why it was refused.
        refused = api.get(JOBS, headers={"Origin": OURS, "x-api-key": "wrong"})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == OURS

        for other in (THEIRS, "null", f"{OURS}.evil.example", "http://app.example"):
            assert "access-control-allow-origin" not in preflight(api, other).headers


def test_a_star_lets_every_page_call(database_url: str) -> None:
    with served(database_url, BACKSCROLL_CORS_ORIGINS="*") as (api, _):
        assert preflight(api, THEIRS).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", [JOBS, "/healthz", "/nothing"])
def test_answers_run_nowhere_and_tell_nobody_where_they_were_read(
    api: httpx.Client, path: str
) -> None:
    headers = api.get(path).headers

    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in headers


def test_behind_a_proxy_with_tls_browsers_are_told_to_stay_with_it(api: httpx.Client) -> None:
    answer = api.get("/healthz", headers={"X-Forwarded-Proto": "https"})

    assert answer.headers["strict-transport-security"] == "max-age=31536000"
