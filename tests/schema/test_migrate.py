"""`backscroll migrate`: repeatable, all or nothing, and careful with what is not ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import yoyo

import app.migrate
from app.files import project_file
from app.migrate import CannotMigrate, checksum, migrate, sql_objects
from app.one_transaction import OneTransactionBackend
from tests.database import Sql, add_chat, beside, open_sql
from tests.scene import wait_until
from tests.schema.catalog import bodies, dump

OMNI = """
create table public.instances (
  id uuid primary key default gen_random_uuid(), name varchar(255) not null unique,
  channel varchar(50) not null, is_active boolean default true, profile_name varchar(255)
);
create table public.chats (
  id uuid primary key default gen_random_uuid(),
  instance_id uuid references public.instances (id) on delete cascade,
  external_id varchar(255) not null, canonical_id varchar(255), chat_type varchar(50) not null,
  channel varchar(50) not null, name varchar(255), labels text[],
  created_at timestamp not null default now(), updated_at timestamp not null default now(),
  unique (instance_id, external_id)
);
create table public.omni_events (id uuid primary key default gen_random_uuid());
create table public.batch_jobs (
  id uuid primary key default gen_random_uuid(), job_type varchar(50) not null,
  status varchar(20) not null default 'pending', total_cost_usd int
);
create table public.messages (
  id uuid primary key default gen_random_uuid(),
  chat_id uuid not null references public.chats (id) on delete cascade,
  external_id varchar(255) not null, source varchar(20) not null,
  sender_display_name varchar(255), is_from_me boolean not null default false,
  message_type varchar(50) not null, text_content text, transcription text,
  image_description text, video_description text, document_extraction text,
  has_media boolean not null default false, media_mime_type varchar(100), media_url text,
  media_local_path text, media_metadata jsonb, raw_payload jsonb, reactions jsonb,
  status varchar(20) not null default 'active', platform_timestamp timestamp not null,
  received_at timestamp not null default now(), created_at timestamp not null default now(),
  updated_at timestamp not null default now(), unique (chat_id, external_id)
);
create index messages_has_media_idx on public.messages (has_media);
create table public.media_content (
  id uuid primary key default gen_random_uuid(),
  event_id uuid references public.omni_events (id) on delete cascade, media_id uuid,
  processing_type varchar(20) not null, content text not null, model varchar(100),
  provider varchar(50), language varchar(10), duration int, tokens_used int, cost_usd int,
  batch_job_id uuid references public.batch_jobs (id) on delete set null,
  processing_time_ms int, created_at timestamp not null default now()
);
"""

Edit = Callable[[Path], None]


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of this release's sql/ and migrations/, for a test to spoil; `migrate` uses it."""
    for name in ("sql", "migrations"):
        shutil.copytree(project_file(name), tmp_path / name)
    monkeypatch.setattr(app.migrate, "project_file", lambda name: tmp_path / name)
    return tmp_path


def add_migration(release: Path, body: str, rollback: str = "select 1;") -> None:
    (release / "migrations/9000.later.sql").write_text(f"-- depends: 0002.batch-tables\n{body}\n")
    (release / "migrations/9000.later.rollback.sql").write_text(f"{rollback}\n")


def everything(url: str) -> tuple[str, str, dict[str, str], str]:
    """All that a migration could have changed, to compare."""
    with open_sql(url) as sql:
        sql.run("set search_path = ''")
        installed = sql.rows("select to_regclass('batch.installations')")[0][0]
        return (
            dump(sql, "public"),
            dump(sql, "batch") if installed else "",
            bodies(sql, "batch") if installed else {},
            str(sql.rows("select * from batch.installations") if installed else ""),
        )


def test_a_new_database_is_told_what_was_done(empty_database_url: str) -> None:
    done = migrate(empty_database_url).done

    assert "applied migration 0001.chat-tables" in done
    assert "applied migration 0002.batch-tables" in done
    assert any(line.startswith("installed procrastinate") for line in done)
    assert any(line.startswith(f"installed {len(sql_objects())} SQL objects") for line in done)


def test_migrating_again_changes_nothing(database_url: str) -> None:
    before = everything(database_url)

    done = migrate(database_url).done

    assert done == [f"re-installed {len(sql_objects())} SQL objects; nothing else to do"]
    assert everything(database_url) == before


def test_migrating_again_keeps_people_s_data_and_running_jobs(database_url: str) -> None:
    with open_sql(database_url) as sql:
        chat = add_chat(sql)
        chat.add_many(100)
        job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
        before = sql.slices(job_id), sql.tasks(job_id)

    migrate(database_url)

    with open_sql(database_url) as sql:
        assert (sql.slices(job_id), sql.tasks(job_id)) == before
        sql.work_off(job_id)
        assert sql.job(job_id)["status"] == "completed"


def test_two_processes_at_once_do_it_once(empty_database_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "app.cli", "migrate"],
            env={**os.environ, "DATABASE_URL": empty_database_url},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    assert sum("applied migration 0002" in text for text in said) == 1
    with open_sql(empty_database_url) as sql:
        assert sql.value("select count(*) from batch.installations") == 1


def test_migrating_again_does_not_wait_for_those_who_write_jobs(
    database_url: str, own_sql: Sql
) -> None:
    with own_sql.uncommitted():
        own_sql.run("lock table batch.jobs in row exclusive mode")
        with beside(lambda: migrate(database_url)) as migration:
            assert migration.result(60)


def test_a_migration_that_meets_a_deadlock_begins_again(
    database_url: str, own_sql: Sql, other_sql: Sql
) -> None:
    name = own_sql.value("select current_database()")
    own_sql.run("set deadlock_timeout = '60 s'")
    own_sql.run(f"alter database {name} set deadlock_timeout = '3 s'")
    with ExitStack() as working:
        working.enter_context(own_sql.uncommitted())
        own_sql.rows("select 1 from batch.batch_jobs")
        with beside(lambda: migrate(database_url)) as migration:
            wait_until(
                lambda: other_sql.value(
                    "select count(*) from pg_locks join pg_stat_activity using (pid)"
                    " where application_name = 'backscroll migrate' and locktype = 'advisory'"
                ),
                "the migration to have begun",
            )

            # Each then waits for the other, until PostgreSQL ends the migration. It looks once:
            # this one must wait by then.
            own_sql.run(app.migrate._LOCK)
            working.close()

            assert migration.result(60)


def test_a_migration_that_fails_leaves_the_old_state(database_url: str, release: Path) -> None:
    before = everything(database_url)
    add_migration(release, "create table batch.half (id int); select 1 / 0;")

    with pytest.raises(Exception, match="division by zero"):
        migrate(database_url)

    assert everything(database_url) == before


def test_an_sql_object_that_fails_leaves_the_old_state(database_url: str, release: Path) -> None:
    before = everything(database_url)
    add_migration(release, "create table batch.whole (id int);")
    clock = release / "sql/shared/clock.sql"
    clock.write_text(clock.read_text().replace("statement_timestamp", "clock_timestamp"))
    broken = release / "sql/pricing/estimate_job.sql"
    broken.write_text("create or replace function batch.estimate_job(nonsense")

    with pytest.raises(psycopg.Error) as caught:
        migrate(database_url)

    assert "while installing pricing/estimate_job.sql" in caught.value.__notes__
    assert everything(database_url) == before


def test_a_first_migration_that_fails_leaves_an_empty_database(
    empty_database_url: str, release: Path
) -> None:
    (release / "sql/shared/clock.sql").write_text("select 1 / 0;")

    with pytest.raises(psycopg.Error):
        migrate(empty_database_url)

    with open_sql(empty_database_url) as sql:
        schemas = sql.rows(
            "select nspname from pg_namespace where nspname in ('batch', 'procrastinate')"
        )
        assert schemas == []
        assert sql.value("select to_regclass('public.messages')") is None


def test_a_later_release_brings_its_migrations_and_its_sql(
    database_url: str, release: Path
) -> None:
    add_migration(release, "create table batch.later (id int);")
    clock = release / "sql/shared/clock.sql"
    clock.write_text(clock.read_text().replace("statement_timestamp", "clock_timestamp"))

    done = migrate(database_url).done

    assert "applied migration 9000.later" in done
    with open_sql(database_url) as sql:
        assert sql.value("select to_regclass('batch.later') is not null")
        assert "clock_timestamp" in bodies(sql, "batch")["clock()"]
        assert (
            sql.value("select checksum from batch.installations order by id desc limit 1")
            == checksum()
        )


def test_omni_s_tables_are_left_as_they_are(empty_database_url: str) -> None:
    with open_sql(empty_database_url) as sql:
        sql.connection.execute(OMNI.encode())
    before = everything(empty_database_url)[0]

    migrate(empty_database_url)

    assert everything(empty_database_url)[0] == before


def test_jobs_run_on_omni_s_own_database(empty_database_url: str) -> None:
    with open_sql(empty_database_url) as sql:
        sql.connection.execute(OMNI.encode())
    migrate(empty_database_url)

    with open_sql(empty_database_url) as sql:
        chat = add_chat(sql)
        message = chat.add("audio/ogg; codecs=opus")
        chat.add("image/webp", image_description="by Omni")
        job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
        sql.work_off(job_id)

        job = sql.job(job_id)
        assert (job["status"], job["processed_items"], job["skipped_items"]) == ("completed", 1, 1)
        assert sql.rows("select media_id, cost_usd, batch_job_id from public.media_content") == [
            (message, 0, None)
        ]


def test_tables_that_are_there_in_part_are_completed(empty_database_url: str) -> None:
    with open_sql(empty_database_url) as sql:
        sql.connection.execute(OMNI.partition("create table public.messages")[0].encode())

    migrate(empty_database_url)

    with open_sql(empty_database_url) as sql:
        chat = add_chat(sql)
        chat.add()
        sql.work_off(sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
        assert sql.value("select count(*) from public.media_content") == 1


def test_somebody_else_s_procrastinate_is_refused_and_left_alone(
    empty_database_url: str,
) -> None:
    with open_sql(empty_database_url) as sql:
        sql.run("create schema procrastinate")
        sql.run("create table procrastinate.procrastinate_jobs (id int)")

    with pytest.raises(CannotMigrate, match="procrastinate exists but was not made by Backscroll"):
        migrate(empty_database_url)

    with open_sql(empty_database_url) as sql:
        assert sql.value("select count(*) from pg_namespace where nspname = 'batch'") == 0
        assert sql.value("select to_regclass('procrastinate.procrastinate_jobs') is not null")


def test_a_newer_procrastinate_is_refused(database_url: str) -> None:
    with open_sql(database_url) as sql:
        sql.run("update batch.installations set procrastinate_version = '99.1.0'")

    with pytest.raises(CannotMigrate, match=r"newer than the"):
        migrate(database_url)


def roll_back(url: str, only: str | None = None) -> None:
    """What `yoyo rollback` does."""
    with psycopg.connect(url) as connection:
        backend = OneTransactionBackend(connection, schema="batch")
        migrations = yoyo.read_migrations(str(app.migrate.project_file("migrations")))
        if only is not None:
            migrations = migrations.filter(lambda migration: migration.id == only)
        backend.rollback_migrations(backend.to_rollback(migrations))


def test_every_migration_can_be_rolled_back_and_applied_again(database_url: str) -> None:
    before = everything(database_url)[:3]

    roll_back(database_url)
    with open_sql(database_url) as sql:
        assert sql.value("select to_regclass('batch.jobs')") is None
    migrate(database_url)

    assert everything(database_url)[:3] == before


def test_rolling_back_keeps_the_chats(own_sql: Sql, database_url: str) -> None:
    message = add_chat(own_sql).add(image_description="text")

    roll_back(database_url)

    assert own_sql.value(
        "select image_description from public.messages where id = %s", message
    ) == ("text")


def test_one_migration_can_be_rolled_back_alone(database_url: str, release: Path) -> None:
    before = everything(database_url)
    add_migration(release, "create table batch.later (id int);", "drop table batch.later;")
    migrate(database_url)

    roll_back(database_url, "9000.later")

    assert everything(database_url) == before
