"""batch.visible_job: what a caller may not see does not exist for it."""

from __future__ import annotations

from uuid import UUID, uuid4

from tests.database import Sql, add_chat

VISIBLE = "select batch.visible_job(%s, %s)"


def job_of(sql: Sql) -> tuple[UUID, UUID]:
    chat = add_chat(sql)
    return sql.create(jobType="targeted_chat_sync", chatId=str(chat.id)), chat.instance_id


def test_a_job_is_seen_by_who_may_see_its_instance(sql: Sql) -> None:
    job_id, instance_id = job_of(sql)

    for instances in (None, [instance_id], [uuid4(), instance_id]):
        assert sql.value(VISIBLE, job_id, instances) == job_id


def test_a_job_of_another_instance_or_of_all_does_not_exist(sql: Sql) -> None:
    job_id, _ = job_of(sql)
    of_all = sql.create(jobType="time_based_batch", daysBack=7)

    for hidden in (job_id, of_all, uuid4()):
        with sql.refused("BJ404") as caught:
            sql.run(VISIBLE, hidden, [uuid4()])
        assert str(caught[0]).startswith(f"no batch job {hidden}")


def test_no_job_stays_no_job(sql: Sql) -> None:
    assert sql.value(VISIBLE, None, [uuid4()]) is None
