"""What kind of document a file is, by its content; what was declared only breaks a tie."""

from __future__ import annotations

import re
import zipfile
from enum import StrEnum
from pathlib import Path

import filetype

from workers.processors.base import ProcessingFailed
from workers.processors.documents import ole
from workers.processors.documents.archive import check_archive
from workers.processors.limits import MEGABYTE, DocumentLimits
from workers.processors.markup import root_element
from workers.processors.text import (
    SAMPLE_BYTES,
    decode,
    encoding_of,
    essence,
    is_textual,
    lenient_encoding_of,
    without_controls,
)


class Kind(StrEnum):
    PDF = "pdf"
    WORD = "docx"
    SHEETS = "spreadsheet"
    SLIDES = "pptx"
    OPEN_DOCUMENT = "odt"
    RTF = "rtf"
    HTML = "html"
    PLAIN = "text"


OPEN_DOCUMENT_PREFIX = "application/vnd.oasis.opendocument."
HTML_DOCTYPE = re.compile(r"\s*<!doctype html", re.IGNORECASE)
BINARY_MIME_TYPES = re.compile(r"application/(pdf|vnd\.|msword)")
"""Declared types whose files are never text, so other content means damage."""


def kind_of(path: Path, mime_type: str | None, limits: DocumentLimits) -> Kind:
    """The kind of the document.

    Raises ProcessingFailed: `file_empty`, `file_too_large`, `file_encrypted`, `file_unreadable`
    for what is damaged, `unsupported_format` for what no reader here understands.
    """
    size = path.stat().st_size
    if size == 0:
        raise ProcessingFailed("file_empty", "the file has no content (0 bytes)")
    if size > limits.file_bytes:
        raise ProcessingFailed(
            "file_too_large",
            f"{size / MEGABYTE:,.1f} MB; at most {limits.file_bytes / MEGABYTE:,.0f} MB are read",
        )
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)

    if b"%PDF-" in head[:1024]:
        return Kind.PDF
    if head.startswith(b"{\\rtf"):
        return Kind.RTF
    if head.startswith(b"PK\x03\x04"):
        return kind_of_archive(path, limits)
    if head.startswith(ole.MAGIC):
        return kind_of_compound_file(path)
    encoding = encoding_of(head, mime_type)
    if encoding is not None:
        return kind_of_text(decode(head, encoding), mime_type)

    # last, because its two-letter signatures take a text about a BMW for a bitmap
    known = filetype.guess(head)
    if known is not None:
        raise ProcessingFailed("unsupported_format", f"{known.mime} is not a document")
    if is_textual(mime_type):
        encoding = lenient_encoding_of(head, mime_type)
        if encoding is not None:
            return kind_of_text(without_controls(decode(head, encoding)), mime_type)
    if is_textual(mime_type) or BINARY_MIME_TYPES.match(essence(mime_type)):
        raise ProcessingFailed(
            "file_unreadable", f"declared as {essence(mime_type)}, but its content is not"
        )
    raise ProcessingFailed("unsupported_format", "the content is of no known kind")


def kind_of_archive(path: Path, limits: DocumentLimits) -> Kind:
    """The kind of a document that is a zip file."""
    names = check_archive(path, limits)
    if "mimetype" in names:
        with zipfile.ZipFile(path) as archive, archive.open("mimetype") as member:
            declared = member.read(100).decode("ascii", errors="replace").strip()
        if declared.startswith(OPEN_DOCUMENT_PREFIX):
            kind = declared.removeprefix(OPEN_DOCUMENT_PREFIX).removesuffix("-template")
            if kind == "spreadsheet":
                return Kind.SHEETS
            if kind in ("text", "presentation"):
                return Kind.OPEN_DOCUMENT
        raise ProcessingFailed("unsupported_format", f"{declared} cannot be read")
    for folder, kind_of_folder in (
        ("word/", Kind.WORD),
        ("xl/", Kind.SHEETS),
        ("ppt/", Kind.SLIDES),
    ):
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return kind_of_folder
    raise ProcessingFailed("unsupported_format", "a zip archive that is not a document")


def kind_of_compound_file(path: Path) -> Kind:
    """The kind of a document that is an OLE compound file."""
    try:
        names = ole.root_names(path)
    except ValueError as error:
        raise ProcessingFailed("file_unreadable", "the file is cut off or damaged") from error
    if "EncryptedPackage" in names:
        raise ProcessingFailed("file_encrypted", "the document needs a password")
    if names & {"Workbook", "Book"}:
        return Kind.SHEETS
    for stream, name in (
        ("WordDocument", "Word documents (.doc)"),
        ("PowerPoint Document", "PowerPoint presentations (.ppt)"),
    ):
        if stream in names:
            raise ProcessingFailed(
                "unsupported_format",
                f"{name} from before 2007 cannot be read; save as .docx, .pptx",
            )
    raise ProcessingFailed("unsupported_format", "a compound file that is not a document")


def kind_of_text(text: str, mime_type: str | None) -> Kind:
    """HTML or plain text, by how the text begins."""
    beginning = text.lstrip("\ufeff")
    root = root_element(beginning)
    if root == "svg":
        raise ProcessingFailed("unsupported_format", "an SVG picture is not a document")
    if root in ("html", "head", "body") or HTML_DOCTYPE.match(beginning):
        return Kind.HTML
    if essence(mime_type) in ("text/html", "application/xhtml+xml") and "<" in beginning:
        return Kind.HTML
    return Kind.PLAIN
