"""All items of a job in one answer: `/api/v1/batch-jobs/{job_id}/report.csv` and `.ndjson`.

Read and sent a page at a time, so that a job of a million items takes the memory of one page
and holds no transaction open while a slow client reads.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from falcon.asgi import Request, Response

from app.api.access import caller_of
from app.api.requests import flag, job_id, refuse_unknown
from app.database import Database
from app.reports import PAGE, PAGE_SIZE, csv_heading, csv_lines, ndjson_lines


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
        refuse_unknown(req, "text")
        # Looked up before the first byte: after that there is no way to answer 404.
        visible = await self._database.value(
            "select batch.job_json(batch.visible_job(%s, %s)) ->> 'id'",
            [job_id(job), caller_of(req).instances],
        )
        return UUID(visible), flag(req, "text")

    async def _ndjson(self, job: UUID, with_text: bool) -> AsyncIterator[bytes]:
        async for items in self._pages(job, with_text):
            yield ndjson_lines(items)

    async def _csv(self, job: UUID, with_text: bool) -> AsyncIterator[bytes]:
        yield csv_heading(with_text)
        async for items in self._pages(job, with_text):
            yield csv_lines(items, with_text)

    async def _pages(self, job: UUID, with_text: bool) -> AsyncIterator[list[str]]:
        after = 0
        while True:
            rows = await self._database.rows(PAGE, [job, after, PAGE_SIZE, with_text])
            yield [item for _, item in rows]
            if len(rows) < PAGE_SIZE:
                return
            after = rows[-1][0]
