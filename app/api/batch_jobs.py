"""The resources under `/api/v1/batch-jobs`. Each handler is one call of a SQL function."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from falcon import HTTP_201
from falcon.asgi import Request, Response

from app.api.requests import answer_json, job_id, json_body, query
from app.database import Database
from app.media_sample import mean_sizes


class BatchJobs:
    """All batch jobs: `/api/v1/batch-jobs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get(self, req: Request, resp: Response) -> None:
        """A page of jobs, newest first. 422 for a parameter that cannot be used."""
        answer_json(
            resp, await self._database.value("select batch.list_jobs(%s)::text", [query(req)])
        )

    on_head = on_get

    async def on_post(self, req: Request, resp: Response) -> None:
        """Creates a job; it is planned and run by a worker. 400, 404, 413, 415, 422."""
        request = await json_body(req)
        # In one transaction: a job that cannot be shown to its maker is not made.
        async with self._database.transaction() as transaction:
            created = await transaction.value("select batch.create_job_from_json(%s)", [request])
            job = await transaction.value("select batch.job_json(%s::uuid)::text", [created])
        answer_json(resp, job)
        resp.status = HTTP_201
        resp.location = f"/api/v1/batch-jobs/{created}"


class Estimate:
    """What a job would do: `/api/v1/batch-jobs/estimate`."""

    def __init__(self, database: Database, media_folder: Path | None) -> None:
        """`media_folder` is where files are looked at for their sizes; None: nowhere."""
        self._database = database
        self._media_folder = media_folder

    async def on_post(self, req: Request, resp: Response) -> None:
        """Counts, cost and duration of what the body asks for; creates nothing."""
        request = await json_body(req)
        sizes = await self._sizes(request)
        answer_json(
            resp,
            await self._database.value(
                "select batch.estimate_job(%s, %s)::text", [request, json.dumps(sizes)]
            ),
        )

    async def _sizes(self, request: str) -> dict[str, int]:
        if self._media_folder is None or not await asyncio.to_thread(self._media_folder.is_dir):
            return {}
        files = await self._database.rows("select * from batch.sample_media(%s)", [request])
        return await asyncio.to_thread(mean_sizes, self._media_folder, files)


class BatchJob:
    """One batch job: `/api/v1/batch-jobs/{job_id}`. 404 if there is no such job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get(self, req: Request, resp: Response, job: str) -> None:
        """The whole row of the view `batch_jobs`."""
        answer_json(
            resp,
            await self._database.value("select batch.job_json(%s::uuid)::text", [job_id(job)]),
        )

    async def on_get_status(self, req: Request, resp: Response, job: str) -> None:
        """Progress now; cheap enough to poll every two seconds."""
        answer_json(
            resp, await self._database.value("select batch.job_status(%s)::text", [job_id(job)])
        )

    async def on_get_details(self, req: Request, resp: Response, job: str) -> None:
        """A page of the processed and a page of the failed items."""
        answer_json(
            resp,
            await self._database.value(
                "select batch.job_details(%s, %s)::text", [job_id(job), query(req)]
            ),
        )

    on_head = on_get
    on_head_status = on_get_status
    on_head_details = on_get_details

    async def on_post_cancel(self, req: Request, resp: Response, job: str) -> None:
        """Cancels the job. 409 if it has ended."""
        cancelled = job_id(job)
        async with self._database.transaction() as transaction:
            await transaction.value("select batch.cancel_job(%s)", [cancelled])
            answer = await transaction.value("select batch.job_json(%s::uuid)::text", [cancelled])
        answer_json(resp, answer)
