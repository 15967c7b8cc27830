"""Plain text that the worker reads itself: the same as a sandbox would make of it, or none."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from workers.processors.base import ProcessingFailed
from workers.processors.documents.read import read_document
from workers.processors.documents.simple_text import MOST_BYTES, simple_text
from workers.processors.limits import DocumentLimits

READ = [
    b"word",
    b"two lines  \r\n\r\n\r\n\r\nand another\t\n",
    "Größe, 価格 und 👍\n".encode(),
    b"   \n \t\n",
    b'{"a": [1, 2]}',
    b"BM begins a text about a car",
    b"a < b and <html> further on",
    b"name;price\ntea;3.5\n",
]
LEFT = [
    b"",
    b"%PDF-1.4 and what follows",
    b"words before %PDF-",
    b"{\\rtf1 text}",
    b"PK\x03\x04 rest",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xef\xbb\xbfmarked",
    "marked".encode("utf-16"),
    b"Gr\xf6\xdfe",
    b"cut off in a character \xc3",
    b"a\x00b",
    b"a\x01b",
    b"\n <!doctype html><p>text",
    b"<html><p>text</html>",
    b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    b'{"a": "Gr\\u00fc\\u00dfe"}',
    b"x" * (MOST_BYTES + 1),
]
TYPES = [None, "text/plain", "application/pdf", "text/html", "image/png", "text/plain; charset=x"]


@pytest.mark.parametrize("mime_type", TYPES)
@pytest.mark.parametrize("data", READ + LEFT)
def test_what_is_read_here_is_what_a_sandbox_reads(
    data: bytes, mime_type: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)

    here = simple_text(data, mime_type, 2_000_000)

    if here is not None:
        document = read_document(str(file), mime_type, DocumentLimits())
        assert (document["texts"], document["model"]) == ([here], "text")


@pytest.mark.parametrize("data", READ)
def test_plain_text_is_read_here(data: bytes) -> None:
    assert simple_text(data, "text/plain", 100) is not None


@pytest.mark.parametrize("data", LEFT)
def test_what_needs_a_closer_look_is_left(data: bytes) -> None:
    assert simple_text(data, "text/plain", 100) is None


def test_a_long_text_is_cut_as_in_a_sandbox(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"word " * 100)

    document = read_document(str(file), None, DocumentLimits(characters=50))

    assert document["texts"] == [simple_text(file.read_bytes(), None, 50)]


@pytest.mark.parametrize("piece", [b" ", b"\t\n ", b"\n", b"\r", b"<", b"\\", b"{"])
def test_no_small_text_takes_long(piece: bytes) -> None:
    data = b"a" + piece * ((MOST_BYTES - 2) // len(piece)) + b"b"
    began = time.process_time()

    simple_text(data, "text/plain", 2_000_000)

    assert time.process_time() - began < 0.2


def test_the_kinds_that_fail_are_left_to_say_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")

    with pytest.raises(ProcessingFailed, match="no content"):
        read_document(str(file), None, DocumentLimits())
    assert simple_text(b"", None, 100) is None
