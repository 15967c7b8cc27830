"""batch.find_chat: a chat by its uuid or its external id."""

from __future__ import annotations

from uuid import uuid4

from tests.database import Sql, add_chat

FIND = "select id from batch.find_chat(%s, %s)"


def test_a_chat_is_found_by_its_uuid(sql: Sql) -> None:
    chat = add_chat(sql)
    add_chat(sql)

    assert sql.value(FIND, str(chat.id), None) == chat.id
    assert sql.value(FIND, str(chat.id).upper(), None) == chat.id


def test_a_chat_is_found_by_its_external_id(sql: Sql) -> None:
    chat = add_chat(sql, "5511999999999@s.whatsapp.net")
    add_chat(sql)

    assert sql.value(FIND, "5511999999999@s.whatsapp.net", None) == chat.id


def test_a_chat_is_found_within_its_instance(sql: Sql) -> None:
    chat = add_chat(sql)

    assert sql.value(FIND, str(chat.id), chat.instance_id) == chat.id
    assert sql.value(FIND, chat.external_id, chat.instance_id) == chat.id


def test_an_external_id_may_look_like_a_uuid(sql: Sql) -> None:
    external_id = str(uuid4())
    chat = add_chat(sql, external_id)

    assert sql.value(FIND, external_id, None) == chat.id


def test_a_uuid_goes_before_an_external_id_that_looks_like_it(sql: Sql) -> None:
    chat = add_chat(sql)
    add_chat(sql, str(chat.id))

    assert sql.value(FIND, str(chat.id), None) == chat.id


def test_an_unknown_chat_is_not_found(sql: Sql) -> None:
    for name in ("nobody@s.whatsapp.net", str(uuid4()), ""):
        with sql.refused("BJ404") as caught:
            sql.rows(FIND, name, None)

        assert caught[0].diag.message_primary == f"no chat {name}"
        assert caught[0].diag.message_hint


def test_a_chat_of_another_instance_is_not_found(sql: Sql) -> None:
    chat, other = add_chat(sql), add_chat(sql)

    for name in (chat.external_id, str(chat.id)):
        with sql.refused("BJ404") as caught:
            sql.rows(FIND, name, other.instance_id)

        assert str(other.instance_id) in (caught[0].diag.message_primary or "")


def test_an_external_id_of_several_instances_must_be_made_clear(sql: Sql) -> None:
    chat = add_chat(sql, "status@broadcast")
    add_chat(sql, "status@broadcast")

    problems = sql.problems(FIND, "status@broadcast", None)

    assert problems == [
        (
            "chatId",
            "2 chats have the external id status@broadcast:"
            " give instanceId too, or the chat's uuid",
        )
    ]
    assert sql.value(FIND, "status@broadcast", chat.instance_id) == chat.id
