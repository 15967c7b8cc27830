"""Spreadsheets (xlsx, xlsm, xlsb, xls, ods)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from importlib.metadata import version
from pathlib import Path
from typing import IO
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from workers.processors.base import ProcessingFailed
from workers.processors.documents.tables import table_lines
from workers.processors.limits import MEGABYTE, DocumentLimits
from workers.processors.text import within

MODEL = f"python-calamine-{version('python-calamine')}"
XLSX_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
QUOTED_REFERENCE = re.compile(rb'\sr="([A-Z]{0,3})([0-9]{1,7})"')
LONGEST_QUOTED_REFERENCE = 16


def read(path: Path, limits: DocumentLimits) -> Iterator[str]:
    """Each sheet that has values, as a table under its name."""
    check_extents(path, limits)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        for sheet in workbook.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_name(sheet.name).iter_rows()
                lines = table_lines([cell_text(value) for value in row] for row in rows)
                text = "\n".join(within(lines, limits.characters))
                yield f"## {sheet.name}\n\n{text}" if text else ""
    except PasswordError as error:
        raise ProcessingFailed("file_encrypted", "the spreadsheet needs a password") from error
    except CalamineError as error:
        if "assword" in str(error) or "encrypt" in str(error):
            raise ProcessingFailed("file_encrypted", "the spreadsheet needs a password") from error
        raise ProcessingFailed("file_unreadable", "the spreadsheet is damaged") from error


def cell_text(value: object) -> str:
    """A value as the sheet would show it: whole numbers without a point, times in ISO 8601."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes" if value.second == 0 else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def check_extents(path: Path, limits: DocumentLimits) -> None:
    """Raises ProcessingFailed `file_too_large` for an xlsx whose cells lie too far apart.

    calamine allocates the whole rectangle: one value in XFD1048576 takes 17 billion cells, and
    the declared dimension need not be true.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        for name in filter(XLSX_SHEET.fullmatch, archive.namelist()):
            with archive.open(name) as sheet:
                if is_surely_within(sheet, limits.cells):
                    continue
                sheet.seek(0)
                extent = Extent()
                extent.read(sheet)
            if extent.cells > limits.cells:
                raise ProcessingFailed(
                    "file_too_large",
                    f"the values of a sheet span {extent.rows:,} rows and {extent.columns:,} "
                    f"columns; at most {limits.cells:,} cells are read",
                )


def is_surely_within(sheet: IO[bytes], cells: int) -> bool:
    """Whether all rows and cells, also those without values, fit in so many cells.

    Six times as fast as parsing, which is left for the odd sheet that this cannot clear.
    """
    columns: set[bytes] = set()
    last_row = 0
    tail = b""
    while chunk := sheet.read(MEGABYTE):
        references = QUOTED_REFERENCE.findall(tail + chunk)
        columns.update(column for column, _ in references)
        last_row = max(last_row, max((int(row) for _, row in references), default=0))
        tail = chunk[-LONGEST_QUOTED_REFERENCE:]
    names = [column.decode() for column in columns if column]
    return bool(names) and last_row * (max(map(column_number, names)) + 1) <= cells


class Extent:
    """The rectangle that the cells with values span in one sheet of an xlsx file."""

    def __init__(self) -> None:
        self._first_row = self._first_column = 2**31
        self._last_row = self._last_column = -1
        self._row = self._column = -1

    @property
    def rows(self) -> int:
        return max(0, self._last_row - self._first_row + 1)

    @property
    def columns(self) -> int:
        return max(0, self._last_column - self._first_column + 1)

    @property
    def cells(self) -> int:
        return self.rows * self.columns

    def read(self, xml: IO[bytes]) -> None:
        """Takes in a sheet's XML. What is not XML is left for calamine to refuse."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EntityDeclHandler = refuse_entities
        try:
            parser.ParseFile(xml)
        except expat.ExpatError:
            return

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
        elif name == "c":
            reference = REFERENCE.fullmatch(attributes.get("r", ""))
            if reference:
                self._column = column_number(reference[1])
                self._row = int(reference[2]) - 1
            else:
                self._column += 1
        elif name in ("v", "is"):
            self._first_row = min(self._first_row, self._row)
            self._last_row = max(self._last_row, self._row)
            self._first_column = min(self._first_column, self._column)
            self._last_column = max(self._last_column, self._column)


def column_number(letters: str) -> int:
    """0 for A, 25 for Z, 26 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def refuse_entities(*_declaration: object) -> None:
    raise ProcessingFailed("file_unreadable", "the document declares XML entities")
