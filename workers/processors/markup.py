"""What XML or HTML a text is, by its first tag."""

from __future__ import annotations

import re

# one piece at a time: a single expression for all of them could backtrack without end
PROLOGUE_PIECE = re.compile(
    r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)", re.DOTALL | re.IGNORECASE
)
FIRST_TAG = re.compile(r"\s*<(?:[\w.-]+:)?([a-z][\w.-]*)[\s/>]", re.IGNORECASE)


def root_element(text: str) -> str | None:
    """The name of the outermost element, lower case and without prefix; None if there is none."""
    position = 0
    while piece := PROLOGUE_PIECE.match(text, position):
        position = piece.end()
    tag = FIRST_TAG.match(text, position)
    return tag[1].lower() if tag else None
