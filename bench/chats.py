"""Chats to work on, made by the database itself, and the files of their media."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from bench.server import Session

TEXT_LENGTH = 200


@dataclass(frozen=True)
class Chat:
    """A chat of one's own."""

    id: UUID
    instance_id: UUID


def add_chat(session: Session) -> Chat:
    """An empty chat, of a new instance."""
    chat = Chat(uuid4(), uuid4())
    session.run(
        "insert into public.instances (id, name, channel) values (%s, %s, 'whatsapp-baileys')",
        chat.instance_id,
        str(chat.instance_id),
    )
    session.run(
        "insert into public.chats (id, instance_id, external_id, chat_type, channel, name)"
        " values (%s, %s, %s, 'group', 'whatsapp-baileys', 'a chat')",
        chat.id,
        chat.instance_id,
        str(chat.id),
    )
    return chat


def add_messages(
    session: Session,
    chat: Chat,
    count: int,
    *,
    media_every: int = 1,
    days_ago: float = 0,
    mime_type: str = "text/plain",
    path: str = "'media/' || mod(n, 1000) || '/' || n || '.txt'",
) -> None:
    """Messages a second apart, the last of them `days_ago`; every so manyth carries a medium.

    `path` is an SQL expression of `n`, the number of the message from 1 on.
    """
    prefix = uuid4().hex
    # Ids as random as those of `gen_random_uuid`, which asks the kernel for each: half the time.
    session.run(
        f"""
        insert into public.messages (
          id, chat_id, external_id, source, message_type, text_content, has_media,
          media_mime_type, media_local_path, platform_timestamp
        )
        select
          md5(%s || n)::uuid, %s, %s || n, 'sync',
          case when is_medium then 'document' else 'text' end,
          case when not is_medium then 'a message of some words, number ' || n end,
          is_medium, case when is_medium then %s end, case when is_medium then {path} end,
          (now() at time zone 'utc') - make_interval(secs => n, hours => (%s * 24)::int)
        from generate_series(1, %s) as n
        cross join lateral (select mod(n, %s) = 0 as is_medium) as is_one
        """,
        prefix,
        chat.id,
        prefix[:8],
        mime_type,
        days_ago,
        count,
        media_every,
    )


@contextmanager
def without_indexes(session: Session) -> Iterator[None]:
    """Messages come in fast while this lasts; then the same indexes are made again."""
    constraints = session.rows(
        "select conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = 'public.messages'::regclass and contype in ('p', 'u', 'f')"
    )
    for name, _ in constraints:
        session.run(f"alter table public.messages drop constraint {name}")
    indexes = session.rows(
        "select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) from pg_index as i"
        " where i.indrelid = 'public.messages'::regclass"
    )
    for name, _ in indexes:
        session.run(f"drop index {name}")
    yield
    for name, definition in constraints:
        session.run(f"alter table public.messages add constraint {name} {definition}")
    for _, definition in indexes:
        session.run(definition)


def settle(session: Session) -> None:
    """What autovacuum would have done in an archive that has lain for a while."""
    session.run("vacuum (analyze) public.messages")
    session.run("checkpoint")


def write_files(folder: Path, count: int, first: int = 1) -> None:
    """A text of 200 characters for each of `count` messages, no two alike.

    They are named as `add_messages` names them.
    """
    for thousandth in range(min(1000, first + count)):
        (folder / "media" / str(thousandth)).mkdir(parents=True, exist_ok=True)
    for n in range(first, first + count):
        (folder / "media" / str(n % 1000) / f"{n}.txt").write_text(
            f"the file of message {n} ".ljust(TEXT_LENGTH, "x")
        )
