"""The resources under `/api/v1/batch-jobs`. Each handler is one call of a SQL function.

A caller whose key is limited to instances finds the jobs of these alone: every id in a path goes
through `batch.visible_job`, which answers 404 for the others.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

from falcon import HTTP_200, HTTP_201
from falcon.asgi import Request, Response

from app.api.access import READ, caller_of
from app.api.requests import (
    answer_json,
    job_id,
    json_body,
    optional_json_body,
    query,
    refuse_unknown,
)
from app.database import Database, Transaction
from app.files import is_folder
from app.media_sample import mean_sizes


class BatchJobs:
    """All batch jobs: `/api/v1/batch-jobs`."""

    def __init__(self, database: Database, media_folder: Path | None) -> None:
        """`media_folder` is where estimates look for the sizes of files; None: nowhere."""
        self._database = database
        self._media_folder = media_folder

    async def on_get(self, req: Request, resp: Response) -> None:
        """A page of jobs, newest first. 422 for a parameter that cannot be used."""
        page = await self._database.value(
            "select batch.list_jobs(%s, %s)::text", [query(req), caller_of(req).instances]
        )
        answer_json(resp, page)

    on_head = on_get

    async def on_post(self, req: Request, resp: Response) -> None:
        """Creates a job; it is planned and run by a worker. 400, 404, 413, 415, 422.

        With `dryRun` only estimates what it would do. With an Idempotency-Key, the same request
        again gives the same job again.
        """
        request = await json_body(req)
        if is_dry_run(request):
            await answer_estimate(self._database, self._media_folder, req, resp, request)
        else:
            await create_once(self._database, req, resp, request)


class Estimate:
    """What a job would do: `/api/v1/batch-jobs/estimate`."""

    scope = READ

    def __init__(self, database: Database, media_folder: Path | None) -> None:
        """`media_folder` is where estimates look for the sizes of files; None: nowhere."""
        self._database = database
        self._media_folder = media_folder

    async def on_post(self, req: Request, resp: Response) -> None:
        """Counts, cost and duration of what the body asks for; creates nothing."""
        request = await json_body(req)
        await answer_estimate(self._database, self._media_folder, req, resp, request)


class BatchJob:
    """One batch job: `/api/v1/batch-jobs/{job_id}`. 404 if there is no such job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get(self, req: Request, resp: Response, job: str) -> None:
        """The whole row of the view `batch_jobs`."""
        refuse_unknown(req)
        await self._answer(req, resp, "select batch.job_json(batch.visible_job(%s, %s))::text", job)

    async def on_get_status(self, req: Request, resp: Response, job: str) -> None:
        """Progress now; cheap enough to poll every two seconds."""
        refuse_unknown(req)
        await self._answer(
            req, resp, "select batch.job_status(batch.visible_job(%s, %s))::text", job
        )

    async def on_get_details(self, req: Request, resp: Response, job: str) -> None:
        """A page of the processed and a page of the failed items."""
        await self._answer(
            req, resp, "select batch.job_details(batch.visible_job(%s, %s), %s)::text", job,
            query(req),
        )  # fmt: skip

    async def on_get_items(self, req: Request, resp: Response, job: str) -> None:
        """A page of the items, filtered."""
        await self._answer(
            req, resp, "select batch.list_items(batch.visible_job(%s, %s), %s)::text", job,
            query(req),
        )  # fmt: skip

    async def on_get_events(self, req: Request, resp: Response, job: str) -> None:
        """A page of the job's life: who did what, and when."""
        await self._answer(
            req, resp, "select batch.list_events(batch.visible_job(%s, %s), %s)::text", job,
            query(req),
        )  # fmt: skip

    on_head = on_get
    on_head_status = on_get_status
    on_head_details = on_get_details
    on_head_items = on_get_items
    on_head_events = on_get_events

    async def on_patch(self, req: Request, resp: Response, job: str) -> None:
        """Changes priority, lanes or maxCostUsd while the job runs. 409 if it has ended."""
        await self._change(
            req, resp, "select batch.change_job(batch.visible_job(%s, %s), %s)", job,
            await json_body(req),
        )  # fmt: skip

    async def on_post_cancel(self, req: Request, resp: Response, job: str) -> None:
        """Cancels the job. 409 if it has ended."""
        await self._change(req, resp, "select batch.cancel_job(batch.visible_job(%s, %s))", job)

    async def on_post_pause(self, req: Request, resp: Response, job: str) -> None:
        """Pauses the job. 409 if it is not processing."""
        await self._change(req, resp, "select batch.pause_job(batch.visible_job(%s, %s))", job)

    async def on_post_resume(self, req: Request, resp: Response, job: str) -> None:
        """Resumes the job. 409 if it is not paused."""
        await self._change(req, resp, "select batch.resume_job(batch.visible_job(%s, %s))", job)

    async def on_post_retry(self, req: Request, resp: Response, job: str) -> None:
        """Creates a job of this one's failed items. 409 if it has not ended or none failed."""
        await create_once(
            self._database, req, resp, await optional_json_body(req), retry_of=job_id(job)
        )

    async def _answer(
        self, req: Request, resp: Response, call: LiteralString, job: str, *more: Any
    ) -> None:
        answer = await self._database.value(call, [job_id(job), caller_of(req).instances, *more])
        answer_json(resp, answer)

    async def _change(
        self, req: Request, resp: Response, call: LiteralString, job: str, *more: Any
    ) -> None:
        caller = caller_of(req)
        async with self._database.transaction(caller.actor) as transaction:
            await transaction.value(call, [job_id(job), caller.instances, *more])
            answer_json(resp, await _job(transaction, job_id(job)))


async def create_once(
    database: Database, req: Request, resp: Response, request: str, retry_of: UUID | None = None
) -> None:
    """Makes `resp` the created job, or the one that the same Idempotency-Key has created."""
    caller = caller_of(req)
    # In one transaction: a job that cannot be shown to its maker is not made.
    async with database.transaction(caller.actor) as transaction:
        created, is_replayed = await transaction.row(
            "select * from batch.create_job_once("
            " %s, %s, %s, %s, batch.visible_job(%s, %s))",
            [
                request, caller.instances, caller.key_id, req.get_header("Idempotency-Key"),
                retry_of, caller.instances,
            ],
        )  # fmt: skip
        answer_json(resp, await _job(transaction, created))
    resp.status = HTTP_200 if is_replayed else HTTP_201
    resp.location = f"/api/v1/batch-jobs/{created}"
    if is_replayed:
        resp.set_header("Idempotency-Replayed", "true")


async def answer_estimate(
    database: Database, media_folder: Path | None, req: Request, resp: Response, request: str
) -> None:
    """Makes `resp` the estimate of what `request` asks for.

    Some of the files in `media_folder` are looked at for their sizes; None: of none.
    """
    sizes: dict[str, int] = {}
    if media_folder is not None and await asyncio.to_thread(is_folder, media_folder):
        files = await database.rows(
            "select * from batch.sample_media(%s, %s)", [request, caller_of(req).instances]
        )
        sizes = await asyncio.to_thread(mean_sizes, media_folder, files)
    estimate = await database.value(
        "select batch.estimate_job(%s, %s, %s)::text",
        [request, caller_of(req).instances, json.dumps(sizes)],
    )
    answer_json(resp, estimate)


def is_dry_run(request: str) -> bool:
    """Whether a body asks for no more than an estimate; what else is in it SQL judges."""
    body = json.loads(request)
    return isinstance(body, dict) and body.get("dryRun") is True


async def _job(transaction: Transaction, job: UUID) -> Any:
    return await transaction.value("select batch.job_json(%s::uuid)::text", [job])
