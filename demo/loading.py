"""Loads the sample chat into the chat tables of a Backscroll or an Omni database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from typing import Any

    from psycopg import Connection

    from demo.sample_chat import SampleChat, SampleMessage

INSERT_INSTANCE = """
insert into public.instances (id, name, channel, is_active)
values (%(id)s, %(name)s, %(channel)s, true)
on conflict (id) do nothing
"""

INSERT_CHAT = """
insert into public.chats
  (id, instance_id, external_id, canonical_id, chat_type, channel, name, created_at)
values
  (%(id)s, %(instance_id)s, %(external_id)s, %(external_id)s, %(chat_type)s, %(channel)s,
   %(name)s, %(created_at)s)
on conflict (id) do nothing
"""

UPSERT_MESSAGES = """
insert into public.messages as kept
  (id, chat_id, external_id, source, sender_display_name, is_from_me, message_type, text_content,
   has_media, media_mime_type, media_local_path, media_metadata, status, platform_timestamp)
select
  sample.id, %(chat_id)s, sample.external_id, 'sync', sample.sender_name, sample.is_from_me,
  sample.message_type, sample.caption, sample.has_media, sample.mime_type, sample.local_path,
  sample.metadata, sample.status, sample.platform_timestamp
from jsonb_to_recordset(%(messages)s) as sample (
  id uuid, external_id text, sender_name text, is_from_me boolean, message_type text,
  caption text, has_media boolean, mime_type text, local_path text, metadata jsonb,
  status text, platform_timestamp timestamp
)
on conflict (id) do update
set
  sender_display_name = excluded.sender_display_name,
  is_from_me = excluded.is_from_me,
  message_type = excluded.message_type,
  text_content = excluded.text_content,
  has_media = excluded.has_media,
  media_mime_type = excluded.media_mime_type,
  media_local_path = excluded.media_local_path,
  media_metadata = excluded.media_metadata,
  status = excluded.status,
  platform_timestamp = excluded.platform_timestamp
"""


def load_sample_chat(connection: Connection[Any], chat: SampleChat) -> None:
    """Inserts the instance, the chat and its messages in one transaction, a statement each.

    Loading again sets the sample's messages to what `chat` says (a later `now` moves files and
    times) and keeps the texts made of them. No other row is touched.
    """
    with connection.transaction():
        connection.execute(
            INSERT_INSTANCE,
            {
                "id": chat.instance.id,
                "name": chat.instance.name,
                "channel": chat.instance.channel,
            },
        )
        connection.execute(
            INSERT_CHAT,
            {
                "id": chat.id,
                "instance_id": chat.instance.id,
                "external_id": chat.external_id,
                "chat_type": chat.chat_type,
                "channel": chat.instance.channel,
                "name": chat.name,
                "created_at": chat.messages[0].platform_timestamp,
            },
        )
        connection.execute(
            UPSERT_MESSAGES,
            {"chat_id": chat.id, "messages": Jsonb([_row(m) for m in chat.messages])},
        )


def _row(message: SampleMessage) -> dict[str, object]:
    return {
        "id": str(message.id),
        "external_id": message.external_id,
        "sender_name": message.sender_name,
        "is_from_me": message.is_from_me,
        "message_type": message.message_type,
        "caption": message.caption,
        "has_media": message.has_media,
        "mime_type": message.mime_type,
        "local_path": message.local_path,
        "metadata": _metadata(message),
        "status": message.status,
        "platform_timestamp": message.platform_timestamp.isoformat(),
    }


def _metadata(message: SampleMessage) -> dict[str, object] | None:
    known = {"size": message.size_bytes, "duration": message.duration_seconds}
    return {name: value for name, value in known.items() if value is not None} or None


def unload_sample_chat(connection: Connection[Any], chat: SampleChat) -> None:
    """Deletes the sample's instance, chat and messages, and the texts made of them."""
    with connection.transaction():
        connection.execute(
            "delete from public.media_content where media_id = any (%s)",
            [[message.id for message in chat.messages]],
        )
        connection.execute("delete from public.instances where id = %s", [chat.instance.id])
