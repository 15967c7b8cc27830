"""backscroll jobs ...: what a person or a script sees."""

from __future__ import annotations

import json

import pytest

from tests.database import Sql, add_chat
from tests.processes import backscroll


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def test_a_job_is_created_listed_shown_and_cancelled_once(database_url: str, own_sql: Sql) -> None:
    chat = add_chat(own_sql)

    created = backscroll("jobs", "create", "--chat", chat.external_id, DATABASE_URL=database_url)
    job_id = created.stdout.strip()
    listed = backscroll("jobs", "list", DATABASE_URL=database_url)
    shown = backscroll("jobs", "status", job_id, DATABASE_URL=database_url)
    cancelled = backscroll("jobs", "cancel", job_id, DATABASE_URL=database_url)
    again = backscroll("jobs", "cancel", job_id, DATABASE_URL=database_url)

    assert (created.returncode, created.stderr) == (0, "")
    title, line = lines(listed.stdout)
    assert title.split()[:3] == ["job", "type", "status"]
    assert line.split()[:3] == [job_id, "targeted_chat_sync", "pending"]
    assert "status     pending" in shown.stdout
    assert "status     cancelled" in cancelled.stdout
    assert again.returncode == 2
    (refusal,) = lines(again.stderr)
    assert f"batch job {job_id} is cancelled" in refusal


def test_json_is_for_scripts(database_url: str) -> None:
    created = backscroll("jobs", "create", "--days-back", "7", "--json", DATABASE_URL=database_url)
    job = json.loads(created.stdout)
    listed = backscroll("jobs", "list", "--json", DATABASE_URL=database_url)
    estimated = backscroll(
        "jobs", "create", "--days-back=7", "--estimate", "--json", DATABASE_URL=database_url
    )

    assert json.loads(listed.stdout)["items"] == [job]
    assert json.loads(estimated.stdout)["totalItems"] == 0


def test_an_estimate_shows_a_line_a_content_type_and_creates_nothing(
    database_url: str, own_sql: Sql
) -> None:
    chat = add_chat(own_sql)
    chat.add("audio/ogg")
    chat.add("image/png")

    estimated = backscroll(
        "jobs", "create", "--chat", str(chat.id), "--content-type", "audio", "--content-type",
        "document", "--estimate", DATABASE_URL=database_url,
    )  # fmt: skip

    title, *table = lines(estimated.stdout)
    assert title.startswith("type")
    assert [line.split()[:4] for line in table[:2]] == [
        ["audio", "1", "0", "1"],
        ["document", "0", "0", "0"],
    ]
    assert "no worker is running" in estimated.stdout
    assert own_sql.value("select count(*) from batch.jobs") == 0


def test_wrong_values_are_named_by_their_options(database_url: str) -> None:
    refused = backscroll(
        "jobs", "create", "--days-back", "0", "--limit", "-1", "--content-type", "music",
        "--language", "?", "--instance", "x", DATABASE_URL=database_url,
    )  # fmt: skip

    assert refused.returncode == 2
    named = {line.partition(":")[0] for line in lines(refused.stderr)}
    assert named == {"--days-back", "--limit", "--content-type", "--language", "--instance"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create"], "give --chat for a chat, or --days-back"),
        (["create", "--chat", "nobody@g.us"], "no chat nobody@g.us"),
        (["create", "--chat", ""], "--chat: must be"),
        (["create", "--days-back", "soon"], "'--days-back': 'soon' is not a valid integer"),
        (["list", "--status", "running"], "--status: 'running' is not one of pending"),
        (["list", "--limit", "0"], "--limit: must be a whole number from 1 to 200"),
        (["status", "7"], "'7' is not a valid UUID"),
        (["status", "00000000-0000-0000-0000-000000000000"], "no batch job 00000000"),
        (["cancel", "00000000-0000-0000-0000-000000000000"], "no batch job 00000000"),
    ],
)
def test_what_cannot_be_is_said_without_a_traceback(
    shared_database_url: str, arguments: list[str], said: str
) -> None:
    refused = backscroll("jobs", *arguments, DATABASE_URL=shared_database_url)

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_empty_list_says_what_to_do_next(database_url: str) -> None:
    listed = backscroll("jobs", "list", DATABASE_URL=database_url)

    assert listed.returncode == 0
    assert "backscroll jobs create" in listed.stderr
