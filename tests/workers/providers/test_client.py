"""How requests leave: bodies in pieces, through the proxies of the environment, with our key."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from workers.providers.bodies import Body, DataUrl, FormBody, JsonBody, Sending
from workers.providers.client import Client

LARGE = 500_000
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound"
    path.write_bytes(bytes(range(250)) * (LARGE // 250))
    return path


def bodies(file: Path) -> list[Body]:
    return [
        FormBody({"model": "whisper-1", "prompt": "Zoë"}, file, "sound.ogg", "audio/ogg"),
        JsonBody({"film": file, "picture": DataUrl("image/jpeg", file), "after": "it"}),
    ]


async def collected(chunks: AsyncIterator[bytes]) -> list[bytes]:
    return [chunk async for chunk in chunks]


def test_a_form_holds_fields_and_file_and_goes_out_in_pieces(sound: Path) -> None:
    body = bodies(sound)[0]

    with body.opened() as sending:
        chunks = asyncio.run(collected(sending.chunks))

    mark = sending.mime_type.partition("boundary=")[2].encode()
    _, model, prompt, file, end = b"".join(chunks).split(b"--" + mark)
    assert model == b'\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    assert prompt.endswith("\r\n\r\nZoë\r\n".encode())
    assert file.partition(b"\r\n\r\n")[2] == sound.read_bytes() + b"\r\n"
    assert b'name="file"; filename="sound.ogg"\r\nContent-Type: audio/ogg' in file
    assert end == b"--\r\n"
    assert max(map(len, chunks)) < LARGE / 2


def test_a_document_holds_its_files_in_base64(sound: Path) -> None:
    body = bodies(sound)[1]

    with body.opened() as sending:
        chunks = asyncio.run(collected(sending.chunks))

    encoded = base64.b64encode(sound.read_bytes()).decode()
    assert json.loads(b"".join(chunks)) == {
        "film": encoded,
        "picture": f"data:image/jpeg;base64,{encoded}",
        "after": "it",
    }
    assert max(map(len, chunks)) < LARGE


@pytest.mark.parametrize("number", [0, 1])
def test_what_is_sent_is_as_long_as_was_said_each_time(sound: Path, number: int) -> None:
    body = bodies(sound)[number]

    for _ in range(2):
        with body.opened() as sending:
            assert len(b"".join(asyncio.run(collected(sending.chunks)))) == sending.size


@pytest.mark.parametrize("number", [0, 1])
def test_of_a_file_that_is_cut_meanwhile_nothing_else_is_made(sound: Path, number: int) -> None:
    with bodies(sound)[number].opened() as sending:
        with sound.open("r+b") as file:
            file.truncate(1000)

        with pytest.raises(OSError, match="shorter"):
            asyncio.run(collected(sending.chunks))


def head_sent(base_url: str, *, through_proxies: bool = False, listens_as: str = "") -> str:
    """The head of a request, as a server on this machine gets it.

    `PORT` in `base_url` and in the environment's variable `listens_as` is the server's.
    """

    async def run() -> str:
        heads: list[str] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await reader.readexactly(4)
            writer.write(OK)
            await writer.drain()
            writer.close()

        async def four() -> AsyncIterator[bytes]:
            yield b"four"

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.MonkeyPatch.context() as patch:
                if listens_as:
                    patch.setenv(listens_as, f"http://127.0.0.1:{port}")
                client = Client(
                    base_url.replace("PORT", str(port)),
                    {"authorization": "Bearer ours"},
                    through_proxies=through_proxies,
                )
            try:
                async with client.post("a/b:c", Sending(4, "text/plain", four())) as answer:
                    await answer.read()
            finally:
                await client.close()
        return heads[0]

    return asyncio.run(run())


def test_a_request_has_the_key_and_says_how_long_it_is() -> None:
    head = head_sent("http://127.0.0.1:PORT/v1").lower()

    assert head.startswith("post /v1/a/b:c http/1.1\r\n")
    assert "authorization: bearer ours\r\n" in head
    assert "content-length: 4\r\n" in head
    assert "user-agent: backscroll\r\n" in head
    assert "transfer-encoding" not in head


def test_what_netrc_says_does_not_take_the_place_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    assert "Bearer ours" in head_sent("http://127.0.0.1:PORT/v1", through_proxies=True)


def test_a_user_in_the_address_stands_for_the_key() -> None:
    head = head_sent("http://me:secret@127.0.0.1:PORT/v1")

    assert f"Basic {base64.b64encode(b'me:secret').decode()}" in head
    assert "ours" not in head


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_a_proxy_of_the_environment_is_asked(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)

    head = head_sent("http://provider.example/v1", through_proxies=True, listens_as=variable)

    assert head.startswith("POST http://provider.example/v1/a/b:c HTTP/1.1\r\n")


def test_no_proxy_is_asked_where_none_is_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert head_sent("http://127.0.0.1:PORT/v1", through_proxies=True).startswith("POST /v1/")
    assert head_sent("http://127.0.0.1:PORT/v1").startswith("POST /v1/")
