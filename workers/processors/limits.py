"""How much of a file the readers take in before they call it too large."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Bounds for one document."""

    file_bytes: int = 100 * MEGABYTE
    unpacked_bytes: int = 300 * MEGABYTE
    """Of all members of a zip-based document (docx, xlsx, pptx, odt ...) together."""
    cells: int = 5_000_000
    """Of the rectangle that a sheet's filled cells span, which is allocated whole."""
    characters: int = 2_000_000
    """Of the resulting text; what follows is cut, and a last line says so."""
    ocr_pages: int = 100
    """Pages of one pdf that are read as pictures; a line says which were not."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Bounds for one picture."""

    file_bytes: int = 100 * MEGABYTE
    pixels: int = 100_000_000
