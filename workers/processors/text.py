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

CHARSETS = {"iso8859-1": "cp1252", "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030"}
"""What is meant by what is declared, as browsers have it: encodings that hold a little more."""
NOT_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
"""Python's other encodings of text, which no text is stored in."""
CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE | re.ASCII)
TEXTUAL = re.compile(
    r"text/.+|application/([\w.-]+\+)?(json|xml)|application/(csv|(x-)?ndjson|yaml)"
)
"""Declared types whose files are text, even if a byte of it is damaged."""
SHORT_BYTES = 1000
"""Of so little, a rare encoding cannot be told from a common one."""
FEW_BYTES = 8
KANA_BYTES = re.compile(rb"[\x81-\x83\x8d\x8f\x90\x9d]")
"""Common in Japanese, and rare or undefined in the encoding of Western Europe."""

CONTROL_BYTES = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f-\x9f]")
CONTROLS = re.compile(CONTROL_BYTES.pattern.decode())
"""The same in a text: what is above them may be a byte that an encoding leaves undefined."""
MANY_LINES = re.compile(r"\n{3,}")
TRAILING_BLANKS = re.compile(r"(?<![ \t])[ \t]+\n")
"""Each run is looked at once: without the first part, from each of its blanks."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL's text has no NUL, UTF-8 no surrogates."""


def tidy(text: str) -> str:
    """`text` with `\\n` as line end, without blank edges, trailing blanks, runs of blank lines."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\x00", "") if text.isascii() else UNSTORABLE.sub("", text)
    if " \n" in text or "\t\n" in text:
        text = TRAILING_BLANKS.sub("\n", text)
    if "\n\n\n" in text:
        text = MANY_LINES.sub("\n\n", text)
    return text.strip("\n ")


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


def essence(mime_type: str | None) -> str:
    """A MIME type in lower case and without parameters; '' for none."""
    return (mime_type or "").partition(";")[0].strip().lower()


def is_textual(mime_type: str | None) -> bool:
    """Whether files of this MIME type are text."""
    return TEXTUAL.fullmatch(essence(mime_type)) is not None


def declared_encoding(data: bytes, mime_type: str | None) -> str | None:
    """The charset of the MIME type, in Python's name, if `data` is text in it."""
    declared = CHARSET.search(mime_type or "")
    if declared is None or any(data.startswith(mark) for mark, _ in BYTE_ORDER_MARKS):
        return None
    try:
        encoding = codecs.lookup(declared[1]).name
        encoding = CHARSETS.get(encoding, encoding)
        if encoding in NOT_CHARSETS:
            return None
        text = data[:SAMPLE_BYTES].decode(
            encoding, ONE_TO_ONE if encoding == "cp1252" else "strict"
        )
    except UnicodeDecodeError as error:
        is_cut_off = len(data) > SAMPLE_BYTES and error.start > SAMPLE_BYTES - 8
        return encoding if is_cut_off else None
    except (LookupError, ValueError):  # no such encoding, or not one of text
        return None
    return encoding if len(CONTROLS.findall(text)) <= len(text) // 500 else None


def encoding_of(data: bytes, mime_type: str | None = None) -> str | None:
    """Python's name of the encoding that `data` is text in; None if it is not text.

    A sample will do, also one that ends within a character. A charset in `mime_type` comes first.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return encoding
    if declared := declared_encoding(data, mime_type):
        return declared
    sample = data[:SAMPLE_BYTES]
    if b"\x00" in sample:
        return unmarked_utf_16(sample)
    if len(CONTROL_BYTES.findall(sample)) > len(sample) // 500:
        return None
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(sample)
        if len(sample) < SAMPLE_BYTES and text.isascii():
            sample.decode("ascii")  # nothing but its last bytes could be the start of a character
    except UnicodeDecodeError:
        return "utf-8" if is_nearly_utf_8(sample) else older_encoding(sample)
    return "utf-8"


def lenient_encoding_of(data: bytes, mime_type: str | None = None) -> str | None:
    """The same for a file declared as text, in which some bytes may be damaged."""
    encoding = encoding_of(data, mime_type)
    if encoding is not None:
        return encoding
    sample = data[:SAMPLE_BYTES]
    rest = CONTROL_BYTES.sub(b"", sample)
    controls = len(sample) - len(rest)
    if controls > max(2, len(sample) // 20) or controls * 3 > len(sample):
        return None
    if is_nearly_utf_8(rest):
        return "utf-8"
    return encoding_of(rest, mime_type) or "cp1252" if controls <= len(sample) // 100 else None


def is_nearly_utf_8(sample: bytes) -> bool:
    """Whether all is UTF-8 but for a few bytes, of which there are ten times as few as others.

    What speaks for UTF-8 are its characters of several bytes: in other encodings they are rare.
    """
    text = sample.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd") - sample.count("\ufffd".encode())
    return damaged == 0 or sum(character > "\x7f" for character in text) > damaged * 11


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
    """The likeliest of OLDER_ENCODINGS; of those that fit equally well, the first.

    A short text in Latin letters says too little to tell, and is taken for one of Western Europe.
    """
    import charset_normalizer

    high = sum(byte > 0x7F for byte in sample)
    letters = sum(map(is_ascii_letter, sample))
    if high < FEW_BYTES and letters >= high and not KANA_BYTES.search(sample):
        return "cp1252"
    fitting = charset_normalizer.from_bytes(sample, cp_isolation=list(OLDER_ENCODINGS))
    ranked = sorted(
        (match.chaos, -match.coherence, OLDER_ENCODINGS.index(match.encoding)) for match in fitting
    )
    if ranked:
        return OLDER_ENCODINGS[ranked[0][2]]
    return "cp1252" if len(sample) < SHORT_BYTES else None


def is_ascii_letter(byte: int) -> bool:
    return 0x41 <= byte & ~0x20 <= 0x5A


def _one_to_one(error: UnicodeError) -> tuple[str, int]:
    """The five bytes that cp1252 leaves undefined, as latin-1 has them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


ONE_TO_ONE = "backscroll.one_to_one"
codecs.register_error(ONE_TO_ONE, _one_to_one)


def without_controls(text: str) -> str:
    """`text` without the control characters that no text has on purpose."""
    return CONTROLS.sub("", text)


def decode(data: bytes, encoding: str) -> str:
    """`data` as text; a damaged character becomes U+FFFD, as does all of an unknown encoding's."""
    if encoding == "cp1252":
        return data.decode(encoding, errors=ONE_TO_ONE)
    try:
        return data.decode(encoding, errors="replace")
    except LookupError:
        return data.decode("utf-8", errors="replace")
