"""batch.select_media: which messages are in scope, and whether their text exists."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.database import Chat, Sql, add_chat, share_out_all_that_may_be

ALL = "{audio,image,video,document}"


def select(
    sql: Sql,
    *,
    instance: UUID | None = None,
    chat: Chat | None = None,
    since: str | None = None,
    types: str = ALL,
) -> set[UUID]:
    return {
        message_id
        for (message_id,) in sql.rows(
            "select message_id from batch.select_media(%s, %s, %s, %s)",
            instance, chat.id if chat else None, since, types,
        )
    }  # fmt: skip


def has_content(sql: Sql, message_id: UUID) -> bool:
    return bool(
        sql.value(
            "select has_content from batch.select_media(null, null, null, %s)"
            " where message_id = %s",
            ALL, message_id,
        )
    )  # fmt: skip


def test_the_media_of_one_chat_are_those_of_no_other(sql: Sql) -> None:
    chat, other = add_chat(sql), add_chat(sql)
    mine = chat.add()
    other.add()

    assert select(sql, chat=chat) == {mine}


def test_an_instance_means_all_its_chats(sql: Sql) -> None:
    chat = add_chat(sql)
    second = add_chat(sql, instance_id=chat.instance_id)
    foreign = add_chat(sql)
    mine = {chat.add(), second.add()}
    foreign.add()

    assert select(sql, instance=chat.instance_id) == mine


def test_no_scope_means_every_instance(sql: Sql) -> None:
    messages = {add_chat(sql).add(), add_chat(sql).add()}

    assert select(sql) == messages


def test_messages_without_media_are_out_of_scope(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add(has_media=False)

    assert select(sql, chat=chat) == set()


@pytest.mark.parametrize(
    ("status", "is_selected"),
    [("active", True), ("edited", True), ("deleted", False), ("expired", False)],
)
def test_deleted_and_expired_messages_are_out_of_scope(
    sql: Sql, status: str, is_selected: bool
) -> None:
    chat = add_chat(sql)
    message = chat.add(status=status)

    assert select(sql, chat=chat) == ({message} if is_selected else set())


def test_media_of_unknown_types_are_out_of_scope(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add("application/octet-stream")
    chat.add(None, message_type="location")

    assert select(sql, chat=chat) == set()


def test_a_medium_without_a_mime_type_is_taken_by_its_message_type(sql: Sql) -> None:
    chat = add_chat(sql)
    voice = chat.add(None, message_type="ptt")

    assert select(sql, chat=chat, types="{audio}") == {voice}


@pytest.mark.parametrize("wanted", ["audio", "image", "video", "document"])
def test_only_the_wanted_content_types_are_in_scope(sql: Sql, wanted: str) -> None:
    chat = add_chat(sql)
    messages = {
        "audio": chat.add("audio/ogg; codecs=opus"),
        "image": chat.add("image/webp"),
        "video": chat.add("video/mp4; codecs=avc1"),
        "document": chat.add("application/vnd.ms-excel"),
    }

    assert select(sql, chat=chat, types=f"{{{wanted}}}") == {messages[wanted]}


def test_time_goes_by_the_platform_and_not_by_when_a_message_was_stored(sql: Sql) -> None:
    chat = add_chat(sql)
    chat.add(sent="2020-01-01", created_at="2026-06-29", received_at="2026-06-29")
    recent = chat.add(sent="2026-06-29", created_at="2020-01-01", received_at="2020-01-01")

    assert select(sql, chat=chat, since="2026-06-01") == {recent}


def test_the_first_instant_of_the_time_belongs_to_it(sql: Sql) -> None:
    chat = add_chat(sql)
    first = chat.add(sent="2026-06-01 00:00:00")
    chat.add(sent="2026-05-31 23:59:59.999999")

    assert select(sql, chat=chat, since="2026-06-01") == {first}


@pytest.mark.parametrize(
    ("mime_type", "column"),
    [
        ("audio/ogg", "transcription"),
        ("image/jpeg", "image_description"),
        ("video/mp4", "video_description"),
        ("application/pdf", "document_extraction"),
    ],
)
def test_text_in_the_column_of_its_content_type_is_content(
    sql: Sql, mime_type: str, column: str
) -> None:
    chat = add_chat(sql)

    assert has_content(sql, chat.add(mime_type, **{column: "seen before"}))


def test_an_empty_text_is_content_too(sql: Sql) -> None:
    chat = add_chat(sql)

    assert has_content(sql, chat.add("image/jpeg", image_description=""))


def test_text_in_the_column_of_another_content_type_is_none(sql: Sql) -> None:
    chat = add_chat(sql)

    assert not has_content(sql, chat.add("video/mp4", image_description="misplaced"))


@pytest.mark.parametrize(
    ("mime_type", "processing_type", "counts"),
    [
        ("audio/ogg", "transcription", True),
        ("image/jpeg", "description", True),
        ("video/mp4", "description", True),
        ("application/pdf", "extraction", True),
        ("application/pdf", "description", False),
        ("audio/ogg", "description", False),
    ],
)
def test_a_media_content_row_of_the_right_kind_is_content(
    sql: Sql, mime_type: str, processing_type: str, counts: bool
) -> None:
    chat = add_chat(sql)
    message = chat.add(mime_type)
    for media_id in (message, uuid4()):
        sql.run(
            "insert into public.media_content (media_id, processing_type, content)"
            " values (%s, %s, 'by another program')",
            media_id, processing_type,
        )  # fmt: skip

    assert has_content(sql, message) is counts


def test_a_message_with_several_media_content_rows_is_selected_once(sql: Sql) -> None:
    chat = add_chat(sql)
    message = chat.add()
    for _ in range(2):
        sql.run(
            "insert into public.media_content (media_id, processing_type, content)"
            " values (%s, 'description', 'again')",
            message,
        )

    assert sql.rows(
        "select message_id, has_content from batch.select_media(null, %s, null, %s)", chat.id, ALL
    ) == [(message, True)]


def test_a_large_selection_is_shared_out_whole(sql: Sql) -> None:
    add_chat(sql).add_many(1000)
    share_out_all_that_may_be(sql)

    plan = sql.rows(
        "explain (costs off) select message_id from batch.select_media(null, null, null, %s)", ALL
    )

    lines = [line.strip().removeprefix("->  ") for (line,) in plan]
    assert "Gather" in lines
    assert lines.index("Gather") < lines.index("Subquery Scan on classified")
