"""Text as Backscroll stores it, and the text in bytes of unknown encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with the mark of UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 64_000
"""Enough to tell an encoding; looking at more takes seconds for a large file."""

OLDER_ENCODINGS = (
    "cp1252",
    "cp1251",
    "cp1250",
    "koi8_r",
    "cp932",
    "gb18030",
    "big5",
    "euc_jp",
    "cp949",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
)
"""Those still met in chats. Among all 80, a short text is often taken for a rare one."""

CONTROL_BYTES = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL's text has no NUL, UTF-8 no surrogates."""


def tidy(text: str) -> str:
    """`text` with `\\n` as line end, without blank edges, trailing blanks, runs of blank lines."""
    text = UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n ")


def cut(text: str, characters: int) -> str:
    """The first `characters` of `text`, with a line that says so if there was more."""
    if len(text) <= characters:
        return text
    return f"{text[:characters]}\n[cut: only the first {characters:,} characters are kept]"


def within(parts: Iterable[str], characters: int) -> Iterator[str]:
    """The parts up to the one with which there are more than `characters`; takes no more."""
    length = 0
    for part in parts:
        yield part
        length += len(part)
        if length > characters:
            return


def join(parts: Iterable[str], characters: int) -> str:
    """The parts that have text, as paragraphs, cut after `characters`."""
    tidied = filter(None, map(tidy, parts))
    return cut("\n\n".join(within(tidied, characters)), characters)


def encoding_of(data: bytes) -> str | None:
    """Python's name of the encoding that `data` is text in; None if it is not text.

    A sample will do, also one that ends within a character.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return encoding
    sample = data[:SAMPLE_BYTES]
    if b"\x00" in sample:
        return unmarked_utf_16(sample)
    if len(CONTROL_BYTES.findall(sample)) > len(sample) // 500:
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return older_encoding(sample)
    return "utf-8"


def unmarked_utf_16(sample: bytes) -> str | None:
    """UTF-16 of a European text has its zero bytes on one side of the pairs only."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) > len(sample) / 200 or max(even, odd) < len(sample) / 6:
        return None
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return None
    return encoding if len(CONTROL_CHARACTERS.findall(text)) <= len(text) // 500 else None


def older_encoding(sample: bytes) -> str | None:
    """The likeliest of OLDER_ENCODINGS; of those that fit equally well, the first."""
    import charset_normalizer

    fitting = charset_normalizer.from_bytes(sample, cp_isolation=list(OLDER_ENCODINGS))
    ranked = sorted(
        (match.chaos, -match.coherence, OLDER_ENCODINGS.index(match.encoding)) for match in fitting
    )
    return OLDER_ENCODINGS[ranked[0][2]] if ranked else None


def decode(data: bytes, encoding: str) -> str:
    """`data` as text; a damaged character becomes U+FFFD, as does all of an unknown encoding's."""
    try:
        return data.decode(encoding, errors="replace")
    except LookupError:
        return data.decode("utf-8", errors="replace")
