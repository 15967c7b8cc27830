"""All items of a job in one answer: `/api/v1/batch-jobs/{job_id}/report.csv` and `.ndjson`.

Read and sent a page at a time, so that a job of a million items takes the memory of one page
and holds no transaction open while a slow client reads.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

from falcon.asgi import Request, Response

from app.api.access import caller_of
from app.api.requests import flag, job_id
from app.database import Database

_PAGE = 500
_COLUMNS = (
    "seq", "messageId", "externalId", "chatId", "contentType", "status", "errorCode", "error",
    "provider", "model", "language", "costUsd", "tokens", "reused", "processingMs", "startedAt",
    "finishedAt",
)  # fmt: skip


class Report:
    """The items of one job in its order; `text=true` adds their texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get_csv(self, req: Request, resp: Response, job: str) -> None:
        """RFC 4180 with a heading. Costs are written out, never in exponents."""
        found, with_text = await self._asked(req, job)
        resp.content_type = "text/csv; charset=utf-8"
        resp.set_header("Content-Disposition", f'attachment; filename="{found}.csv"')
        resp.stream = self._csv(found, with_text)

    async def on_get_ndjson(self, req: Request, resp: Response, job: str) -> None:
        """An item a line, as `/items` writes it."""
        found, with_text = await self._asked(req, job)
        resp.content_type = "application/x-ndjson"
        resp.set_header("Content-Disposition", f'attachment; filename="{found}.ndjson"')
        resp.stream = self._ndjson(found, with_text)

    async def _asked(self, req: Request, job: str) -> tuple[UUID, bool]:
        # Looked up before the first byte: after that there is no way to answer 404.
        visible = await self._database.value(
            "select batch.job_json(batch.visible_job(%s, %s)) ->> 'id'",
            [job_id(job), caller_of(req).instances],
        )
        return UUID(visible), flag(req, "text")

    async def _ndjson(self, job: UUID, with_text: bool) -> AsyncIterator[bytes]:
        async for items in self._pages(job, with_text):
            yield "".join(f"{_one_line(item)}\n" for item in items).encode()

    async def _csv(self, job: UUID, with_text: bool) -> AsyncIterator[bytes]:
        columns = (*_COLUMNS, "text") if with_text else _COLUMNS
        yield _csv_lines([columns])
        async for items in self._pages(job, with_text):
            # Numbers stay as they are written: a cost is exact.
            facts = [json.loads(item, parse_float=str) for item in items]
            yield _csv_lines([[fact[name] for name in columns] for fact in facts])

    async def _pages(self, job: UUID, with_text: bool) -> AsyncIterator[list[str]]:
        after = 0
        while True:
            rows = await self._database.rows(
                "select seq, item::text from batch.report_items(%s, %s, %s, %s)",
                [job, after, _PAGE, with_text],
            )
            yield [item for _, item in rows]
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]


def _csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines).writerows(
        [str(value).lower() if isinstance(value, bool) else value for value in row] for row in rows
    )
    return lines.getvalue().encode()


def _one_line(item: str) -> str:
    """PostgreSQL's json has no line breaks inside texts, and may have some between values."""
    return item.replace("\n", " ")
