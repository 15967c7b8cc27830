"""batch.create_job: jobs from psql, as people type it there."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Chat, Sql, add_chat


@pytest.fixture
def chat(sql: Sql) -> Chat:
    return add_chat(sql, "5511999999999@s.whatsapp.net")


@pytest.mark.parametrize(
    "typed",
    [
        "batch.create_job('targeted_chat_sync', '5511999999999@s.whatsapp.net')",
        "create_job('targeted_chat_sync', '5511999999999@s.whatsapp.net')",
        "create_job('targeted_chat_sync', p_chat_id => '5511999999999@s.whatsapp.net')",
        "create_job(p_chat_id => '5511999999999@s.whatsapp.net', p_job_type => "
        "'targeted_chat_sync')",
        "create_job('targeted_chat_sync', (select id from chats))",
        "create_job('targeted_chat_sync', (select id::text from chats))",
        "create_job('targeted_chat_sync', (select external_id from chats))",
        "create_job('targeted_chat_sync', p_chat_id => (select id from chats))",
        "create_job('targeted_chat_sync', id) from chats",
        "create_job('targeted_chat_sync', external_id, instance_id) from chats",
        "create_job('targeted_chat_sync', id, instance_id, p_force => true) from chats",
    ],
)
def test_a_chat_is_named_in_whatever_form(sql: Sql, chat: Chat, typed: str) -> None:
    job_id = sql.value(f"select {typed}")

    assert isinstance(job_id, UUID)
    job = sql.job(job_id)
    assert (job["status"], job["job_type"]) == ("pending", "targeted_chat_sync")
    assert (job["chat_id"], job["instance_id"]) == (chat.id, chat.instance_id)


def test_every_argument_reaches_the_job(sql: Sql, chat: Chat) -> None:
    job_id = sql.value(
        "select create_job('time_based_batch', p_instance_id => (select id from instances),"
        " p_days_back => 30, p_limit => 100, p_content_types => '{image,document}',"
        " p_force => true, p_language => 'pt')"
    )

    assert sql.job(job_id)["request_params"] == {
        "jobType": "time_based_batch",
        "instanceId": str(chat.instance_id),
        "daysBack": 30,
        "limit": 100,
        "contentTypes": ["image", "document"],
        "force": True,
        "language": "pt",
    }


def test_content_types_may_be_an_array(sql: Sql) -> None:
    job_id = sql.value(
        "select create_job('time_based_batch', p_days_back => 7, p_content_types => array['audio'])"
    )

    assert sql.value("select content_types::text from batch.jobs where id = %s", job_id) == (
        "{audio}"
    )


def test_what_is_left_out_narrows_nothing(sql: Sql) -> None:
    job_id = sql.value("select create_job('time_based_batch', p_days_back => 7)")

    assert sql.job(job_id)["request_params"] == {
        "jobType": "time_based_batch", "daysBack": 7, "force": False,
    }  # fmt: skip


def test_what_is_wrong_is_named_as_in_the_rest_api(sql: Sql) -> None:
    problems = sql.problems(
        "select create_job('time_based_batch', p_limit => -1, p_content_types => '{gif}')"
    )

    assert sorted(field for field, _ in problems) == ["contentTypes", "daysBack", "limit"]
