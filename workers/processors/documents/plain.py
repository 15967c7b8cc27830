"""Plain text of any encoding: txt, md, csv, tsv, json, xml, log; kept as it is written.

Only the escapes of a JSON document are resolved: nobody searches for `Gr\\u00fc\\u00dfe`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from workers.processors.base import ProcessingFailed
from workers.processors.limits import DocumentLimits
from workers.processors.text import (
    decode,
    encoding_of,
    is_textual,
    lenient_encoding_of,
    without_controls,
)

MODEL = "text"
JSON_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\[^u]"
)
JOINERS = "\u200c\u200d"
"""Parts of words and of emoji, though not printable by themselves."""


def read(path: Path, limits: DocumentLimits, mime_type: str | None = None) -> Iterator[str]:
    """The text, once. No more of the file is read than can be kept."""
    with path.open("rb") as file:
        data = file.read(limits.characters * 4 + 4)  # no encoding takes more bytes a character
    look = lenient_encoding_of if is_textual(mime_type) else encoding_of
    encoding = look(data, mime_type)
    if encoding is None:
        raise ProcessingFailed("file_unreadable", "the text is in no known encoding")
    text = without_controls(decode(data, encoding))
    yield without_json_escapes(text) if is_json_with_escapes(text) else text


def is_json_with_escapes(text: str) -> bool:
    """Whether the text is valid JSON and has a `\\u` in it."""
    if "\\u" not in text or text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "[", '"'):
        return False
    try:
        json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError, MemoryError):
        return False
    return True


def without_json_escapes(text: str) -> str:
    """Valid JSON with the characters that are printable in place of their `\\u` escapes."""
    return JSON_ESCAPE.sub(_unescaped, text)


def _unescaped(escape: re.Match[str]) -> str:
    first, second, alone = escape.groups()
    if first:
        character = chr(0x10000 + ((int(first, 16) - 0xD800) << 10) + int(second, 16) - 0xDC00)
    elif alone:
        character = chr(int(alone, 16))
    else:
        return escape[0]
    if character in '"\\':
        return f"\\{character}"
    is_shown = character.isprintable() or unicodedata.category(character) == "Zs"
    return character if is_shown or character in JOINERS else escape[0]
