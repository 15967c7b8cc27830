"""OpenDocument texts and presentations (odt, odp)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from workers.processors.base import ProcessingFailed
from workers.processors.documents.tables import table
from workers.processors.limits import DocumentLimits

MODEL = "opendocument"

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"

SPACES = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
LEFT_OUT = {f"{TEXT}tracked-changes", f"{TEXT}sequence-decls", f"{OFFICE}forms"}


def read(path: Path, _limits: DocumentLimits) -> Iterator[str]:
    """The body's headings, paragraphs, lists, tables and notes, in their order."""
    with zipfile.ZipFile(path) as archive:
        if is_encrypted(archive):
            raise ProcessingFailed("file_encrypted", "the document needs a password")
        content = parse(archive.read("content.xml"))
    body = content.find(f"{OFFICE}body")
    if body is None:
        raise ProcessingFailed("file_unreadable", "the document has no body")
    yield from block_texts(body)


def is_encrypted(archive: zipfile.ZipFile) -> bool:
    name = "META-INF/manifest.xml"
    return name in archive.namelist() and b"encryption-data" in archive.read(name)


def parse(xml: bytes) -> Any:
    """The root element. No real document declares entities, and a bomb has to."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(xml, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise ProcessingFailed("file_unreadable", "the document declares XML entities")
    return root


def block_texts(parent: Any) -> Iterator[str]:
    """The texts of the blocks under `parent`; lxml has bounded how deep they can be."""
    for element in parent.iterchildren(tag=etree.Element):
        if element.tag in LEFT_OUT:
            continue
        if element.tag == f"{TEXT}h":
            level = int(element.get(f"{TEXT}outline-level", "1"))
            yield f"{'#' * min(max(level, 1), 6)} {inline_text(element)}"
        elif element.tag == f"{TEXT}p":
            yield inline_text(element)
        elif element.tag == f"{TEXT}list-item":
            yield f"- {' '.join(filter(None, block_texts(element)))}"
        elif element.tag == f"{TABLE}table":
            yield table(table_rows(element))
        elif element.tag == f"{PRESENTATION}notes":
            yield f"Notes: {' '.join(filter(None, block_texts(element)))}"
        else:
            yield from block_texts(element)


def table_rows(element: Any) -> Iterator[list[str]]:
    """The cells of each row, repeated cells once: they are blanks to the sheet's edge."""
    for row in element.iter(f"{TABLE}table-row"):
        yield [
            " ".join(filter(None, block_texts(cell)))
            for cell in row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell")
        ]


def inline_text(element: Any) -> str:
    """The text of a paragraph; a footnote follows in brackets, a text box on lines of its own."""
    parts = [element.text or ""]
    for child in element.iterchildren(tag=etree.Element):
        if child.tag == f"{TEXT}s":
            parts.append(" " * min(int(child.get(f"{TEXT}c", "1")), 100))
        elif child.tag == f"{TEXT}note":
            body = child.find(f"{TEXT}note-body")
            note = "" if body is None else " ".join(filter(None, block_texts(body)))
            parts.append(f" [{note}]")
        elif child.tag == f"{DRAW}frame":
            parts.append("\n".join(["", *block_texts(child)]))
        else:
            parts.append(SPACES.get(child.tag) or inline_text(child))
        parts.append(child.tail or "")
    return "".join(parts)
