"""HTML as Markdown, however deep it is nested."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import lxml.html
from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from lxml import etree
from markdownify import ATX, MarkdownConverter

from workers.processors.limits import MEGABYTE, DocumentLimits
from workers.processors.text import (
    declared_encoding,
    decode,
    lenient_encoding_of,
    tidy,
    without_controls,
)

MODEL = f"markdownify-{version('markdownify')}"
NOT_TEXT = ("script", "style", "noscript", "template", "svg", "object", "iframe")
LARGE_BYTES = 3 * MEGABYTE
"""From here on text is enough: Markdown can take 4 s for a megabyte, the text 0.1 s."""
MOST_TAGS = 300_000
"""Likewise: Markdown takes 1 KB of memory for each, the text 0.1 KB."""


class Converter(MarkdownConverter):
    """Escapes only what would end a table's cell: `a\\_b` is not found by who looks for `a_b`."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        return text.replace("|", "\\|") if parent_tags & {"td", "th"} else text


def read(path: Path, _limits: DocumentLimits, mime_type: str | None = None) -> Iterator[str]:
    """The page's title, then its text. The charset of `mime_type` comes before the page's own."""
    data = path.read_bytes()
    encoding = lenient_encoding_of(data, mime_type) or "utf-8"
    if not encoding.startswith("utf") and not declared_encoding(data, mime_type):
        encoding = EncodingDetector.find_declared_encoding(data, is_html=True) or encoding
    text = without_controls(decode(data, encoding))
    is_large = len(data) >= LARGE_BYTES or text.count("<") > MOST_TAGS
    yield plain(text) if is_large else markdown(text)


def markdown(html: str) -> str:
    """Markdown of an HTML page or fragment: pictures give their alternative text."""
    soup = BeautifulSoup(html, "lxml")
    for element in soup(NOT_TEXT):
        element.decompose()
    for picture in soup("img"):
        picture.replace_with(str(picture.get("alt", "")))
    for link in soup("a", href=True):
        if not str(link["href"]).startswith(("http:", "https:", "mailto:", "tel:")):
            link.unwrap()
    title = soup.title.extract().get_text() if soup.title else ""
    try:
        text = Converter(heading_style=ATX, table_infer_header=True).convert_soup(soup)
    except RecursionError:
        text = "\n".join(soup.stripped_strings)
    return tidy(f"{title.strip()}\n\n{text}")


def plain(html: str) -> str:
    """The text of an HTML page, each piece of it on a line."""
    page = lxml.html.document_fromstring(html)
    etree.strip_elements(page, etree.Comment, *NOT_TEXT, with_tail=False)
    return "\n".join(filter(None, (text.strip() for text in page.itertext())))
