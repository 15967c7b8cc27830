"""PDF: the text of each page, and which pages are pictures of text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

from workers.processors.base import ProcessingFailed
from workers.processors.limits import DocumentLimits

MODEL = f"pypdfium2-{pypdfium2.version.PYPDFIUM_INFO.version}"
MOST_DAMAGED_PAGES = 100
"""A page tree that leads in circles may claim a million."""
STAMP_CHARACTERS = 60
"""A scan may carry a stamp of this many, such as a page number, and still be a scan."""


@dataclass(slots=True)
class Pages:
    """The texts of the pages in order, and the indexes (from 0) of those to read as pictures."""

    texts: list[str] = field(default_factory=list)
    scanned: list[int] = field(default_factory=list)


def read(path: Path, limits: DocumentLimits) -> Pages:
    """The pages, as far as the text that is kept goes.

    Raises ProcessingFailed: `file_encrypted`, `file_unreadable`.
    """
    pages = Pages()
    document = open_document(path)
    try:
        length = damaged = 0
        for index in range(len(document)):
            text, is_scanned = read_page(document, index)
            damaged += text is None
            if damaged > MOST_DAMAGED_PAGES:
                raise ProcessingFailed(
                    "file_unreadable",
                    f"more than {MOST_DAMAGED_PAGES} pages are damaged",
                )
            text = f"[page {index + 1} is damaged]" if text is None else text
            pages.texts.append(text[: limits.characters])
            if is_scanned:
                pages.scanned.append(index)
            length += len(text)
            if length > limits.characters:
                break
    finally:
        document.close()
    return pages


def open_document(path: Path) -> pypdfium2.PdfDocument:
    """Raises ProcessingFailed: `file_encrypted`, `file_unreadable`."""
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise ProcessingFailed("file_encrypted", "the pdf needs a password") from error
        raise ProcessingFailed("file_unreadable", "the pdf is cut off or damaged") from error
    if len(document) == 0:
        document.close()
        raise ProcessingFailed("file_unreadable", "the pdf has no pages that can be found")
    return document


def read_page(document: pypdfium2.PdfDocument, index: int) -> tuple[str | None, bool]:
    """A page's text, None if it is damaged, and whether it is to be read as a picture."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        return None, False
    try:
        text_page = page.get_textpage()
        text = text_page.get_text_range().strip()
        text_page.close()
        return text, len(text) <= STAMP_CHARACTERS and is_picture(page, has_text=bool(text))
    finally:
        page.close()


def is_picture(page: pypdfium2.PdfPage, *, has_text: bool) -> bool:
    """Whether something is drawn on a page without text, or half of the page is an image."""
    if not has_text:
        return bool(raw.FPDFPage_CountObjects(page) > 0)
    page_area = page.get_width() * page.get_height()
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = image.get_bounds()
        if (right - left) * (top - bottom) > page_area / 2:
            return True
    return False
