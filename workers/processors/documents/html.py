"""HTML as Markdown, however deep it is nested."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.dammit import EncodingDetector
from markdownify import ATX, MarkdownConverter

from workers.processors.limits import MEGABYTE, DocumentLimits
from workers.processors.text import decode, encoding_of, tidy

MODEL = f"markdownify-{version('markdownify')}"
NOT_TEXT = ("script", "style", "noscript", "template", "svg", "object", "iframe")
MAX_BYTES = 20 * MEGABYTE
"""Read of a file: a tree of it takes some ten times as much."""


class Converter(MarkdownConverter):
    """Escapes only what would end a table's cell: `a\\_b` is not found by who looks for `a_b`."""

    def escape(self, text: str, parent_tags: set[str]) -> str:
        return text.replace("|", "\\|") if parent_tags & {"td", "th"} else text


def read(path: Path, _limits: DocumentLimits) -> Iterator[str]:
    """The page's title, then its text."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES)
    encoding = encoding_of(data) or "utf-8"
    if not encoding.startswith("utf"):
        encoding = EncodingDetector.find_declared_encoding(data, is_html=True) or encoding
    yield markdown(decode(data, encoding))


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
