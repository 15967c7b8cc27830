"""backscroll completion, and what it completes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.database import Sql
from tests.processes import BACKSCROLL, backscroll, environment


def completed(*words: str, **settings: str) -> list[str]:
    """What bash is offered for the last of these words."""
    answer = subprocess.run(
        BACKSCROLL,
        env=environment(
            _BACKSCROLL_COMPLETE="bash_complete",
            COMP_WORDS=" ".join(["backscroll", *words]),
            COMP_CWORD=str(len(words)),
            **settings,
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.stderr == ""
    return [line.partition(",")[2] for line in answer.stdout.split()]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_script(shell: str) -> None:
    printed = backscroll("completion", shell)

    assert printed.returncode == 0
    assert f"_BACKSCROLL_COMPLETE={shell}_complete" in printed.stdout


def test_commands_are_completed() -> None:
    assert completed("jobs", "re") == ["report", "resume", "retry"]


def test_ids_of_jobs_are_completed_from_the_database(database_url: str, own_sql: Sql) -> None:
    older, newer = (str(own_sql.create(jobType="time_based_batch", daysBack=7)) for _ in range(2))

    assert completed("jobs", "watch", "", DATABASE_URL=database_url) == [newer, older]
    assert completed("jobs", "pause", older[:8], DATABASE_URL=database_url) == [older]


def test_a_database_that_is_away_completes_nothing_and_says_nothing() -> None:
    away = "postgresql://127.0.0.1:1/nothing"

    assert completed("jobs", "watch", "", DATABASE_URL=away) == []


def test_no_postgresql_is_started_for_it(tmp_path: Path) -> None:
    assert completed("jobs", "watch", "", BACKSCROLL_HOME=str(tmp_path / "home")) == []
    assert not (tmp_path / "home").exists()
