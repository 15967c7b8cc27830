"""What a line of the log is about: the request, and the job, that this task works for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
job_id: ContextVar[str | None] = ContextVar("job_id", default=None)


@contextmanager
def about_job(job: UUID | str) -> Iterator[None]:
    """Marks what is logged in the block, and by the tasks begun in it, with the job's id."""
    token = job_id.set(str(job))
    try:
        yield
    finally:
        job_id.reset(token)


def about() -> dict[str, str]:
    """The ids that a line logged now is about, by name: `request`, `job`."""
    ids = {"request": request_id.get(), "job": job_id.get()}
    return {name: value for name, value in ids.items() if value is not None}
