"""`/docs` and `/openapi.json`: open, cacheable, and without a word to anybody outside."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest

from app.api.docs import _ASSETS
from tests.api.conftest import JOBS, assert_problem
from tests.browser import CHROMIUM, browser

LOADED = ["/docs", "/docs/swagger-ui.css", "/docs/page.css", "/docs/swagger-ui-bundle.js",
          "/docs/page.js", "/docs/icon.svg", "/openapi.json"]  # fmt: skip


@pytest.mark.parametrize("path", LOADED)
def test_everything_of_the_page_is_open_and_asked_for_once(api: httpx.Client, path: str) -> None:
    without_key = {"x-api-key": ""}

    first = api.get(path, headers=without_key)
    again = api.get(path, headers={"If-None-Match": first.headers["etag"]} | without_key)
    head = api.head(path, headers=without_key)

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(first.content))
    assert head.headers["content-type"] == first.headers["content-type"]


def test_another_release_is_not_taken_for_this_one(api: httpx.Client) -> None:
    answer = api.get("/openapi.json", headers={"If-None-Match": '"another", W/"older"'})

    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")


@pytest.mark.parametrize(
    "path", ["/docs/nothing.js", "/docs/README.md", "/docs/..%2F__init__.py", "/docs/index.html/x"]
)
def test_nothing_else_lies_below_the_page(api: httpx.Client, path: str) -> None:
    assert_problem(api.get(path), 404)


def test_the_page_may_load_and_run_only_what_lies_below_it(api: httpx.Client) -> None:
    page = api.get("/docs")

    policy = page.headers["content-security-policy"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:", policy)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert set(loaded) == set(LOADED) - {"/docs"}


def test_the_viewer_has_its_licence_beside_it() -> None:
    viewer = _ASSETS / "swagger-ui"

    assert "Apache License" in (viewer / "LICENSE").read_text()
    assert sum(path.stat().st_size for path in viewer.iterdir()) < 2_500_000


@pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium here to look at the page with: apt-get install chromium"
)
def test_a_browser_shows_every_operation_and_tries_one_with_a_key(api: httpx.Client) -> None:
    document = api.get("/openapi.json").json()
    base = str(api.base_url).rstrip("/")
    operations = [each["operationId"] for path in document["paths"].values()
                  for each in path.values()]  # fmt: skip

    with browser() as page:
        page.open(f"{base}/docs")
        page.awaited(f"document.querySelectorAll('.opblock').length > {len(operations)}")
        shown = page.value("[...document.querySelectorAll('.opblock')].map(each => each.id)")
        page.click("button.authorize")
        page.type("#auth-bearer-value, input#api_key_value", api.headers["x-api-key"])
        page.click(".auth-container button[type=submit]")
        page.click(".auth-container button.btn-done")
        page.click("#operations-Jobs-listBatchJobs button.opblock-summary-control")
        # The viewer fills in the first values a moment after it shows the button.
        page.awaited(
            "document.querySelector('#operations-Jobs-listBatchJobs .parameters textarea')?.value"
        )
        page.click("#operations-Jobs-listBatchJobs button.execute")
        answered = page.awaited(
            "document.querySelector('.live-responses-table .response .response-col_status')"
            "?.innerText"
        )

    assert {name.rpartition("-")[2] for name in shown} == {*operations, "batchJobWebhook"}
    assert answered.startswith("200")
    assert page.complaints == []
    assert {urlsplit(url).path for url in page.requested if url.startswith(base)} == {
        *LOADED, JOBS,
    }  # fmt: skip
    assert [url for url in page.requested if not url.startswith((f"{base}/", "data:"))] == []
