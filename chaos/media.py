"""Chats whose media are small, quick to read and partly broken."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from PIL import Image

from demo.documents import docx
from demo.pictures import png
from demo.sounds import bell, wav

CHATS = 4
MESSAGES = 200


def add_chats(connection: psycopg.Connection[Any], folder: Path, seed: int) -> list[UUID]:
    """Makes chats of one instance, with their files in `folder`. Returns the chats' ids."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (instance,) = connection.execute(
        "insert into public.instances (name, channel) values ('chaos', 'whatsapp-baileys')"
        " returning id"
    ).fetchone() or (None,)
    return [_add_chat(connection, folder, chance, instance, number) for number in range(CHATS)]


def _add_chat(
    connection: psycopg.Connection[Any],
    folder: Path,
    chance: random.Random,
    instance: UUID | None,
    number: int,
) -> UUID:
    row = connection.execute(
        "insert into public.chats (instance_id, external_id, chat_type, channel, name)"
        " values (%s, %s, 'group', 'whatsapp-baileys', %s) returning id",
        [instance, f"chaos-{number}@g.us", f"chat {number}"],
    ).fetchone()
    assert row is not None
    messages = [_message(folder, chance, f"{number}-{each}") for each in range(MESSAGES)]
    connection.execute(
        "insert into public.messages (chat_id, external_id, message_type, has_media,"
        " media_mime_type, media_local_path, platform_timestamp)"
        " select %s, m.name, 'document', true, m.mime, m.name,"
        "   timestamp '2026-06-01' + m.place * interval '1 minute'"
        " from rows from (jsonb_to_recordset(%s) as (name text, mime text)) with ordinality"
        " as m (name, mime, place)",
        [row[0], json.dumps(messages)],
    )
    chat: UUID = row[0]
    return chat


def _message(folder: Path, chance: random.Random, name: str) -> dict[str, str]:
    """Writes a medium, unless it is one that is missing. Its file name and MIME type."""
    kind = chance.choices(
        ["text", "picture", "sound", "forwarded", "broken picture", "broken document", "missing"],
        [34, 38, 12, 6, 4, 4, 2],
    )[0]
    content, mime = _medium(kind, chance, name)
    if content is not None:
        (folder / name).write_bytes(content)
    return {"name": name, "mime": mime}


def _medium(kind: str, chance: random.Random, name: str) -> tuple[bytes | None, str]:
    match kind:
        case "text":
            return f"letter {name}\n{chance.random()}\n".encode(), "text/plain"
        case "picture":
            return _picture(chance), "image/png"
        case "sound":
            return wav(bell, chance.uniform(0.5, 1.5), chance), "audio/wav"
        case "forwarded":
            return f"the same joke {chance.randrange(3)}\n".encode(), "text/plain"
        case "broken picture":
            return _picture(chance)[:60], "image/png"
        case "broken document":
            document = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            return docx(["a page that is torn"])[:300], document
        case _:
            return None, "text/plain"


def _picture(chance: random.Random) -> bytes:
    """A few hundred bytes, like no other."""
    few = Image.frombytes("RGB", (8, 8), chance.randbytes(192))
    return png(few.resize((48, 48)))
