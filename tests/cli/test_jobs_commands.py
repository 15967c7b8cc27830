"""backscroll jobs ...: what a person or a script sees."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from uuid import UUID

import pytest

from tests.database import Sql, add_chat, failed, processed
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
        (["status", "7"], "'7' is not the id of a job"),
        (["status", "0000"], "no batch job 0000"),
        (["watch", "chat"], "'chat' is not the id of a job"),
        (["items", "0000", "--status", "done"], "no batch job 0000"),
        (["report", "00000000"], "no batch job 00000000"),
        (["change", "00000000"], "give --priority, --lanes, --max-cost or --no-max-cost"),
        (["change", "00000000", "--max-cost", "2", "--no-max-cost"], "not both"),
        (["change", "00000000", "--max-cost", "nan"], "'nan' is not a number"),
        (["create", "--days-back", "7", "--metadata", "team"], "'team' is not NAME=VALUE"),
        (["create", "--days-back", "7", "--lanes", "99"], "--lanes: must be a whole number"),
        (["create", "--days-back", "7", "--callback-url", "x"], "--callback-url: must be"),
        (["list", "--cursor", "x"], "--cursor: is not a cursor"),
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


def test_a_job_is_named_by_the_first_characters_of_its_id(database_url: str, own_sql: Sql) -> None:
    job_id = str(own_sql.create(jobType="time_based_batch", daysBack=7))

    shown = backscroll("jobs", "status", job_id[:6].upper(), DATABASE_URL=database_url)

    assert f"job        {job_id}" in shown.stdout


def test_a_job_is_paused_changed_and_resumed_and_its_events_tell(
    database_url: str, own_sql: Sql
) -> None:
    chat = add_chat(own_sql)
    chat.add_many(3)
    job_id = str(own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))

    paused = backscroll("jobs", "pause", job_id, DATABASE_URL=database_url)
    changed = backscroll(
        "jobs", "change", job_id, "--priority", "5", "--lanes=2", "--max-cost", "0.00000001",
        "--json", DATABASE_URL=database_url,
    )  # fmt: skip
    lifted = backscroll("jobs", "change", job_id, "--no-max-cost", DATABASE_URL=database_url)
    resumed = backscroll("jobs", "resume", job_id, DATABASE_URL=database_url)
    told = backscroll("jobs", "events", job_id, DATABASE_URL=database_url)

    assert "status     paused" in paused.stdout
    assert '"priority": 5' in changed.stdout
    assert '"lanes": 2' in changed.stdout
    assert '"maxCostUsd": 0.00000001' in changed.stdout
    assert lifted.returncode == 0
    assert "status     processing" in resumed.stdout
    _, *events = lines(told.stdout)
    assert [event.split()[1] for event in events] == [
        "created", "planned", "paused", "changed", "changed", "resumed",
    ]  # fmt: skip
    assert "postgres (backscroll jobs)" in events[2]


def test_the_earlier_name_of_a_changed_budget_still_works(database_url: str, own_sql: Sql) -> None:
    job_id = str(own_sql.create(jobType="time_based_batch", daysBack=7))

    backscroll("jobs", "budget", job_id, "2.5", DATABASE_URL=database_url)
    limited = own_sql.job(UUID(job_id))["max_cost_usd"]
    backscroll("jobs", "budget", job_id, DATABASE_URL=database_url)

    assert (limited, own_sql.job(UUID(job_id))["max_cost_usd"]) == (Decimal("2.5"), None)


@pytest.fixture
def ended_job(own_sql: Sql) -> str:
    """A completed job of 250 items, of which every hundredth has failed."""
    chat = add_chat(own_sql)
    chat.add_many(250)
    job_id = own_sql.in_one_slice(own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id)))
    worker = own_sql.worker()
    taken = own_sql.take(job_id, 1, worker)
    own_sql.record(
        worker,
        *(
            failed(job_id, 1, seq) if seq % 100 == 0
            else processed(job_id, 1, seq, text="a lantern,\nlit")
            for seq in taken
        ),
    )  # fmt: skip
    own_sql.finish(job_id, 1, worker)
    return str(job_id)


def test_items_are_listed_a_page_or_all_and_filtered(database_url: str, ended_job: str) -> None:
    def items(*options: str) -> CompletedProcess[str]:
        return backscroll("jobs", "items", ended_job, *options, DATABASE_URL=database_url)

    page = items("--limit", "3")
    everything = items("--all", "--json")
    bad = items("--status", "failed")
    first = json.loads(items("--limit=2", "--json").stdout)
    second = json.loads(items("--limit=2", "--json", "--cursor", first["nextCursor"]).stdout)

    assert len(lines(page.stdout)) == 1 + 3
    assert "--all" in page.stderr
    assert [json.loads(line)["seq"] for line in lines(everything.stdout)] == [*range(1, 251)]
    assert [line.split()[0] for line in lines(bad.stdout)[1:]] == ["100", "200"]
    assert "file_unreadable: for a test" in bad.stdout
    assert [item["seq"] for item in first["items"] + second["items"]] == [1, 2, 3, 4]
    assert "a lantern," in items("--text", "--limit=1").stdout
    assert f"  {first['items'][0]['externalId']}  " in page.stdout
    assert "no such items" in items("--error-code", "file_empty").stderr


def test_a_report_is_written_whole_and_costs_stay_exact(
    database_url: str, ended_job: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.csv"

    written = backscroll(
        "jobs", "report", ended_job, "--text", "--output", str(file), DATABASE_URL=database_url
    )
    printed = backscroll("jobs", "report", ended_job, "--format=ndjson", DATABASE_URL=database_url)

    assert (written.returncode, written.stdout) == (0, "")
    with file.open(newline="") as report:
        rows = list(csv.DictReader(report))
    assert [int(row["seq"]) for row in rows] == [*range(1, 251)]
    assert (rows[0]["costUsd"], rows[0]["text"]) == ("0.00000001", "a lantern,\nlit")
    assert [json.loads(line)["seq"] for line in lines(printed.stdout)] == [*range(1, 251)]
    assert [*tmp_path.iterdir()] == [file]


def test_a_report_that_cannot_be_written_is_one_line(database_url: str, ended_job: str) -> None:
    refused = backscroll(
        "jobs", "report", ended_job, "--output", "/proc/report.csv", DATABASE_URL=database_url
    )

    assert refused.returncode == 1
    assert "/proc/report.csv cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_failed_items_are_retried_with_what_is_given(
    database_url: str, own_sql: Sql, ended_job: str
) -> None:
    made = backscroll(
        "jobs", "retry", ended_job[:8], "--priority=3", "--metadata", "why=again", "--json",
        DATABASE_URL=database_url,
    )  # fmt: skip

    job = json.loads(made.stdout)
    assert (job["retryOf"], job["priority"], job["metadata"]) == (ended_job, 3, {"why": "again"})
    own_sql.run("select batch.plan_job(%s)", job["id"])
    assert own_sql.job(job["id"])["total_items"] == 2


def test_options_of_a_job_reach_it_and_its_metadata_finds_it(database_url: str) -> None:
    created = backscroll(
        "jobs", "create", "--days-back=7", "--priority=-3", "--lanes=2", "--max-cost=0.1",
        "--failure-threshold=0.25", "--callback-url=https://example.org/hooks",
        "--metadata", "team=a", "--metadata", "note=x=y", "--json", DATABASE_URL=database_url,
    )  # fmt: skip
    found = backscroll("jobs", "list", "--metadata", "team=a", DATABASE_URL=database_url)
    other = backscroll("jobs", "list", "--metadata", "team=b", DATABASE_URL=database_url)

    job = json.loads(created.stdout, parse_float=str)
    assert (job["priority"], job["lanes"], job["maxCostUsd"]) == (-3, 2, "0.10000000")
    assert (job["failureThreshold"], job["callbackUrl"]) == ("0.25", "https://example.org/hooks")
    assert job["metadata"] == {"team": "a", "note": "x=y"}
    assert job["id"] in found.stdout
    assert other.stdout == ""
