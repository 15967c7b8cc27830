"""Reports of all items of a job, as the API and the command line write them.

Read and written a page at a time, so that a job of a million items takes the memory of one page,
and no transaction is held open while a slow reader reads.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

PAGE: LiteralString = "select seq, item::text from batch.report_items(%s, %s, %s, %s)"
"""Takes the job's id, the seq behind which to begin, PAGE_SIZE, and whether texts are wanted."""

PAGE_SIZE = 500

_COLUMNS = (
    "seq", "messageId", "externalId", "file", "chatId", "contentType", "status", "errorCode",
    "error", "provider", "model", "language", "costUsd", "tokens", "reused", "processingMs",
    "startedAt", "finishedAt",
)  # fmt: skip


def columns(with_text: bool) -> Sequence[str]:
    """The names of the columns of a CSV report."""
    return (*_COLUMNS, "text") if with_text else _COLUMNS


def csv_heading(with_text: bool) -> bytes:
    """The first line of a CSV report (RFC 4180)."""
    return _csv_lines([columns(with_text)])


def csv_lines(items: Iterable[str], with_text: bool) -> bytes:
    """A line an item, from their JSON. Costs are written out, never in exponents."""
    # Numbers stay as they are written: a cost is exact.
    facts = [json.loads(item, parse_float=str) for item in items]
    return _csv_lines([[fact[name] for name in columns(with_text)] for fact in facts])


def ndjson_lines(items: Iterable[str]) -> bytes:
    """A line an item, from their JSON."""
    return "".join(f"{_one_line(item)}\n" for item in items).encode()


def _csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows(
        [str(value).lower() if isinstance(value, bool) else value for value in row] for row in rows
    )
    return lines.getvalue().encode()


def _one_line(item: str) -> str:
    """PostgreSQL's json has no line breaks inside texts, and may have some between values."""
    return item.replace("\n", " ")
