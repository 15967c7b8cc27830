"""batch.find_job: a job by its id, or by the first characters of it."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.database import Sql

FIND = "select batch.find_job(%s)"
ID = UUID("5f0e1a00-0000-4000-8000-00000000000a")
NEAR = UUID("5f0e1a00-0000-4000-8000-00000000000b")
FAR = UUID("5f0eff00-0000-4000-8000-000000000000")


@pytest.fixture(autouse=True)
def _three_jobs(sql: Sql) -> None:
    for job_id in (ID, NEAR, FAR):
        made = sql.create(jobType="time_based_batch", daysBack=7)
        sql.run("delete from batch.job_events where job_id = %s", made)
        sql.run("update batch.jobs set id = %s where id = %s", job_id, made)


@pytest.mark.parametrize("text", [str(ID), str(ID).upper(), ID.hex, f" {ID} "])
def test_a_job_is_found_by_its_id_however_it_is_written(sql: Sql, text: str) -> None:
    assert sql.value(FIND, text) == ID


@pytest.mark.parametrize("text", ["5f0eff", "5F0EFF00-", "5f0eff00-0000-4000-8"])
def test_the_first_characters_will_do_if_no_other_begins_so(sql: Sql, text: str) -> None:
    assert sql.value(FIND, text) == FAR


@pytest.mark.parametrize("text", ["5f0e", "5f0e1a00", str(ID)[:-1]])
def test_what_fits_several_jobs_is_refused_and_names_two(sql: Sql, text: str) -> None:
    with sql.refused("BJ422") as caught:
        sql.value(FIND, text)

    hint = caught[0].diag.message_hint or ""
    assert str(ID) in hint
    assert "two of them" in hint


@pytest.mark.parametrize("text", ["5f0f", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_job_is_not_found(sql: Sql, text: str) -> None:
    with sql.refused("BJ404"):
        sql.value(FIND, text)


@pytest.mark.parametrize("text", ["", None, "5f0", "-----", "family", "%", str(ID) + "0"])
def test_what_cannot_be_an_id_is_refused(sql: Sql, text: str | None) -> None:
    with sql.refused("BJ422"):
        sql.value(FIND, text)
