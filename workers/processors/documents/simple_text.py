"""Small plain text, read in the worker itself: decoding it is no parsing.

What is taken for plain text here is what `documents.kind` and `documents.plain` take for it, and
gives the same text. Whatever needs a closer look is left to them, in a sandbox.
"""

from __future__ import annotations

from workers.processors.text import CHARSET, CONTROL_BYTES, cut, essence, tidy

CONTROLS = b"".join(CONTROL_BYTES.findall(bytes(range(256))))

MOST_BYTES = 32_000
"""Reading more takes long enough to hold up other items, and a sandbox's time is little then."""
MARKS = (b"{\\rtf", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
"""With these begin other formats, and text whose encoding is marked."""
MARKUP_TYPES = ("text/html", "application/xhtml+xml")


def simple_text(data: bytes, mime_type: str | None, characters: int) -> str | None:
    """The text of a whole file in UTF-8, cut as `text.join` does; None: look closer."""
    if not 0 < len(data) <= MOST_BYTES or data.startswith(MARKS) or b"%PDF-" in data[:1024]:
        return None
    if len(data.translate(None, CONTROLS)) < len(data) or (mime_type and CHARSET.search(mime_type)):
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    is_markup = text.lstrip("\ufeff").lstrip().startswith("<") or (
        "<" in text and essence(mime_type) in MARKUP_TYPES
    )
    if is_markup or "\\u" in text:
        return None
    return cut(tidy(text), characters)
