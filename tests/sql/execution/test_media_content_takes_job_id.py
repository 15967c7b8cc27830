"""batch.media_content_takes_job_id: not where the column refers to another table."""

from __future__ import annotations

from tests.database import Sql

TAKES = "select batch.media_content_takes_job_id()"


def test_our_own_table_takes_it(sql: Sql) -> None:
    assert sql.value(TAKES)


def test_a_column_that_refers_to_omni_s_jobs_does_not(sql: Sql) -> None:
    sql.run("create table public.batch_jobs (id uuid primary key)")
    sql.run(
        "alter table public.media_content"
        " add foreign key (batch_job_id) references public.batch_jobs (id)"
    )

    assert not sql.value(TAKES)


def test_a_foreign_key_of_another_column_does_not_matter(sql: Sql) -> None:
    sql.run("create table public.omni_events (id uuid primary key)")
    sql.run(
        "alter table public.media_content"
        " add foreign key (event_id) references public.omni_events (id)"
    )

    assert sql.value(TAKES)
