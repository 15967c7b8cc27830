"""Texts of strangers on a terminal: names of files, messages of errors, what media say."""

from __future__ import annotations

from pathlib import PurePosixPath


def printable(text: str) -> str:
    """`text` in one line, without what a terminal would take for a command."""
    return "".join(_shown(letter) for letter in text)


def file_name(path: str) -> str:
    """The last part of a path or address, which is what people know a file by."""
    return printable(PurePosixPath(path).name or path)


def shortened(text: str, width: int) -> str:
    """`text`, its middle left out where it is too long: names differ at both ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def _shown(letter: str) -> str:
    if letter.isprintable():
        return letter
    return " " if letter.isspace() else "\N{REPLACEMENT CHARACTER}"
