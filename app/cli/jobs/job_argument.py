"""The argument JOB: an id or its first characters, completed from the database by the shell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click
import psycopg
from click.shell_completion import CompletionItem

from app.cli.environment import call
from app.connecting import connection_string
from app.embedded import EmbeddedPostgres
from app.settings import load_settings

# A person waits for it with a finger on the key.
_CONNECT_SECONDS = 2
_STATEMENT_MS = 1000

_RECENT = """
select v.id::text, v.status || ', ' || v.total_items || ' items, ' || v.job_type
from batch.batch_jobs as v
where v.id::text like lower(%s) || '%%'
order by v.created_at desc
limit 30
"""


class _Job(click.ParamType[str]):
    name = "job"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Recent jobs; none where the database does not answer at once."""
        if set(incomplete.lower()) - set("0123456789abcdef-"):
            return []
        try:
            return [CompletionItem(job, help=what) for job, what in _recent_jobs(incomplete)]
        except Exception:
            # A completion that complains would write into the line that somebody is typing.
            return []


def _recent_jobs(incomplete: str) -> list[tuple[str, str]]:
    """(id, what it is); an embedded PostgreSQL that does not run is not started for it."""
    settings = load_settings()
    url = settings.database_url or EmbeddedPostgres(settings.home, settings.embedded_postgres).url
    with psycopg.connect(
        connection_string(url, "backscroll completion"),
        connect_timeout=_CONNECT_SECONDS,
    ) as connection:
        connection.execute(f"set local statement_timeout = {_STATEMENT_MS}")
        return connection.execute(_RECENT, [incomplete]).fetchall()


JOB = click.argument("job", type=_Job(), metavar="JOB")


def find_job(connection: psycopg.Connection[Any], job: str) -> UUID:
    """The id that JOB stands for. Raises psycopg.Error, which `session` turns into Refused."""
    found: UUID = call(connection, "select batch.find_job(%s)", [job])
    return found
