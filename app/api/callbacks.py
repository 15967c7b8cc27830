"""What a job's callbackUrl was told: `/api/v1/batch-jobs/{job_id}/callbacks`."""

from __future__ import annotations

from falcon.asgi import Request, Response

from app.api.access import caller_of
from app.api.requests import answer_json, job_id, optional_json_body, query
from app.database import Database


class Callbacks:
    """The callbacks of a job, each with its attempts. 404 if there is no such job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_get(self, req: Request, resp: Response, job: str) -> None:
        """A page of them, in the order of the events."""
        page = await self._database.value(
            "select batch.list_callbacks(batch.visible_job(%s, %s), %s)::text",
            [job_id(job), caller_of(req).instances, query(req)],
        )
        answer_json(resp, page)

    on_head = on_get

    async def on_post_redeliver(self, req: Request, resp: Response, job: str) -> None:
        """Sends all of them again, or the one that `id` names. 409 if there is nothing to send."""
        caller = caller_of(req)
        request = await optional_json_body(req)
        async with self._database.transaction(caller.actor) as transaction:
            queued = await transaction.value(
                "select batch.redeliver_callbacks(batch.visible_job(%s, %s), %s)::text",
                [job_id(job), caller.instances, request],
            )
            answer_json(resp, queued)
