"""Media in object stores, read through obstore from a server on this machine that stands in."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from app.settings import Settings, SettingsError, load_settings
from tests.workers.fetching_scene import MEGABYTE, MediaServer, answer, failure, fetch, serving

SCHEMES = ["s3", "gs", "az"]


@pytest.fixture(autouse=True)
def _no_stores_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith(("AWS_", "GOOGLE_", "AZURE_")):
            monkeypatch.delenv(variable)


@pytest.fixture
def server() -> Iterator[MediaServer]:
    with serving() as server:
        yield server


@pytest.fixture
def stores(server: MediaServer, monkeypatch: pytest.MonkeyPatch) -> MediaServer:
    """Stores of all kinds, at `server`, with credentials."""
    for variable, value in {
        "AWS_ACCESS_KEY_ID": "our-key",
        "AWS_SECRET_ACCESS_KEY": "our-secret",
        "AWS_ENDPOINT_URL": server.url,
        "GOOGLE_BASE_URL": server.url,
        "GOOGLE_BEARER_TOKEN": "our-secret",
        "AZURE_STORAGE_ACCOUNT_NAME": "ours",
        "AZURE_STORAGE_SAS_KEY": "sv=2023&sig=our-secret",
        "AZURE_STORAGE_ENDPOINT": server.url,
    }.items():
        monkeypatch.setenv(variable, value)
    return server


def stored(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    return answer(
        body, status, etag='"1"', last_modified="Wed, 21 Oct 2015 07:28:00 GMT", **headers
    )


def put(server: MediaServer, path: str, script: object) -> None:
    """Azure adds its signature to the path."""
    server.scripts[path] = script  # type: ignore[assignment]
    server.scripts[f"{path}?sv=2023&sig=our-secret"] = script  # type: ignore[assignment]


@pytest.mark.parametrize("scheme", [*SCHEMES, "S3"])
def test_an_object_is_read_with_the_workers_credentials(stores: MediaServer, scheme: str) -> None:
    put(stores, "/media/audio", stored(b"sound"))

    assert fetch(f"{scheme}://media/audio") == b"sound"
    assert "our-" in stores.requests[0]


def test_a_key_is_taken_as_it_stands(stores: MediaServer) -> None:
    put(stores, "/media/a%20b%2520c/%C3%BC%3Fd%23e", stored(b"sound"))

    assert fetch("s3://media/a b%20c/ü?d#e") == b"sound"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_object_of_just_the_limit_is_read(stores: MediaServer, scheme: str) -> None:
    put(stores, "/media/a", stored(b"x" * MEGABYTE))

    assert len(fetch(f"{scheme}://media/a")) == MEGABYTE


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_object_of_one_byte_more_is_too_large(stores: MediaServer, scheme: str) -> None:
    put(stores, "/media/a", stored(b"x" * (MEGABYTE + 1)))

    assert failure(f"{scheme}://media/a").code == "media_too_large"


def test_an_object_that_is_known_to_be_too_large_is_not_waited_for(stores: MediaServer) -> None:
    def announce(connection: socket.socket) -> None:
        connection.sendall(stored(b"").replace(b"Length: 0", b"Length: 2000000"))
        connection.recv(1)

    put(stores, "/media/a", announce)

    assert failure("s3://media/a").code == "media_too_large"


def test_an_object_has_an_end_however_slowly_it_comes(stores: MediaServer) -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(stored(b"x" * 1000)[:-1000])
        while True:
            connection.sendall(b"x")
            time.sleep(0.02)

    put(stores, "/media/a", trickle)

    failed = failure("s3://media/a", timeout=0.3)

    assert failed.code == "download_failed"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("script", "says"),
    [
        (stored(b"<Error/>", "404 Not Found"), "there is no such object in {scheme}://media"),
        (stored(b"<Error/>", "403 Forbidden"), "{scheme}://media refuses the worker's credentials"),
        (stored(b"<Error/>", "401 No"), "{scheme}://media refuses the worker's credentials"),
        (stored(b"<Error/>", "409 No"), "the store of {scheme}://media answered 409"),
        (stored(b""), "the answer has no content"),
        (stored(b"x", content_encoding="gzip"), "compressed"),
        (b"", "the store of {scheme}://media did not answer"),
        (b"SSH-2.0\r\n", "the store of {scheme}://media did not answer"),
    ],
    ids=["missing", "forbidden", "unauthorized", "conflict", "empty", "gzip", "silence", "ssh"],
)
def test_an_object_that_cannot_be_read_says_why(
    stores: MediaServer,
    scheme: str,
    script: bytes,
    says: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    put(stores, "/media/a", script)

    failed = failure(f"{scheme}://media/a")

    assert failed.code == "download_failed"
    assert says.format(scheme=scheme) in failed.message
    assert "our-" not in failed.message + caplog.text
    assert "127.0.0.1" not in failed.message


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_credentials_nothing_is_asked_for(scheme: str) -> None:
    failed = failure(f"{scheme}://media/a")

    assert failed.code == "download_failed"
    assert f"there are no credentials for {scheme}://" in failed.message


@pytest.mark.parametrize(
    "rest",
    ["", "/", "media", "media/", "/a", "m/a", "user@media/a", "user:word@media/a", "media:80/a",
     "../a", "a b/c", "media?x/a", "media\\x/a", "169.254.169.254:80/a", "[::1]/a",
     "x" * 300 + "/a", "media/../other/a", "media//a", "media/a/", "media/./a"],
)  # fmt: skip
def test_an_address_that_names_no_object_is_refused(stores: MediaServer, rest: str) -> None:
    for scheme in SCHEMES:
        assert failure(f"{scheme}://{rest}").code == "download_failed"
    assert stores.accepted() == 0


def test_only_named_buckets_are_read_if_any_are(stores: MediaServer) -> None:
    put(stores, "/media/a", stored(b"sound"))
    buckets = frozenset({"s3://media"})

    assert fetch("s3://media/a", buckets=buckets) == b"sound"
    for address in ("s3://media2/a", "s3://Media/a", "gs://media/a"):
        assert "BACKSCROLL_MEDIA_BUCKETS" in failure(address, buckets=buckets).message


def test_variables_that_make_no_store_are_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")

    failed = failure("az://media/a")

    assert failed.code == "download_failed"
    assert "its log says why" in failed.message
    assert "az://media cannot be opened" in caplog.text
    assert "c2VjcmV0" not in caplog.text


@pytest.mark.usefixtures("stores")
def test_without_the_package_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)

    failed = failure("s3://media/a")

    assert failed.code == "download_failed"
    assert "obstore" in failed.message


def test_a_store_is_opened_once_a_bucket(stores: MediaServer) -> None:
    from workers.fetching.object_stores import ObjectStores

    reader = ObjectStores(frozenset(), 10)

    assert reader._store("s3", "a", "s3://a") is reader._store("s3", "a", "s3://a")
    for number in range(200):
        reader._store("s3", f"b{number}", f"s3://b{number}")
    assert len(reader._stores) < 100


def test_the_settings_say_what_may_be_reached() -> None:
    settings = Settings.model_validate(
        {
            "BACKSCROLL_MEDIA_ALLOW_HOSTS": "media.example, 10.0.0.0/8:9000",
            "BACKSCROLL_MEDIA_BUCKETS": "s3://a , gs://b,",
        }
    )

    assert settings.allowed_hosts.names == {("media.example", None)}
    assert len(settings.allowed_hosts.networks) == 1
    assert settings.allowed_buckets == {"s3://a", "gs://b"}
    assert Settings.model_validate({}).allowed_buckets == frozenset()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BACKSCROLL_MEDIA_ALLOW_HOSTS", "http://media.example"),
        ("BACKSCROLL_MEDIA_BUCKETS", "media"),
        ("BACKSCROLL_MEDIA_BUCKETS", "s3://media/prefix"),
    ],
)
def test_settings_that_cannot_be_meant_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError, match=f"^{variable} must be "):
        load_settings()
