"""backscroll jobs watch: what people, logs and programs see of a job while it runs."""

from __future__ import annotations

import json
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path
from threading import Thread

from app.embedded import EmbeddedPostgres
from tests.database import Sql, open_sql
from tests.processes import BACKSCROLL, PATIENCE_SECONDS, awaited, backscroll, environment, running
from tests.scene import Scene, Workers

NO_WORKER = "no worker is running"


class Terminal:
    """A program on a terminal of its own, and everything that was drawn on it."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self._screen = screen
        self._drawn = b""
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def drawn(self) -> str:
        return self._drawn.decode(errors="replace")

    def wait_until_it_shows(self, text: str) -> None:
        awaited(lambda: text in self.drawn() or self.process.poll() is not None)
        assert text in self.drawn(), self.drawn()

    def press_ctrl_c(self) -> None:
        os.write(self._screen, b"\x03")

    def wait(self) -> int:
        status = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return status

    def _read(self) -> None:
        # The last one to leave a terminal makes reading from it fail.
        while chunk := self._chunk():
            self._drawn += chunk

    def _chunk(self) -> bytes:
        try:
            return os.read(self._screen, 65536)
        except OSError:
            return b""


@contextmanager
def on_a_terminal(*arguments: str, columns: int = 80, **settings: str) -> Iterator[Terminal]:
    screen, end = pty.openpty()
    ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    without_size = {k: v for k, v in environment(**settings).items() if k != "COLUMNS"}
    process = subprocess.Popen(
        [*BACKSCROLL, *arguments],
        env={**without_size, "TERM": "xterm"},
        stdin=end, stdout=end, stderr=end,
        start_new_session=True,
        # Ctrl-C reaches those alone whose terminal it is.
        preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )  # fmt: skip
    os.close(end)
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)


def states(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_job_is_watched_as_it_is_created_until_it_is_completed(
    scene: Scene, database_url: str
) -> None:
    scene.add("text words", count=3)
    scene.workers.start()

    watched = backscroll(
        "jobs", "create", "--chat", scene.chat.external_id, "--watch", DATABASE_URL=database_url
    )

    assert watched.returncode == 0
    title, *lines = watched.stdout.splitlines()
    job_id = scene.sql.value("select id from batch.jobs")
    assert title == f"job {job_id}"
    assert "completed   3 of 3 items (100.0 %); 3 processed, 0 failed" in lines[-1]
    assert watched.stderr == ""


def test_programs_get_every_state_as_a_line_of_json(scene: Scene, database_url: str) -> None:
    scene.add("text words\nhold go", count=3)
    scene.workers.start()
    job_id = scene.create()

    with running([*BACKSCROLL, "jobs", "watch", str(job_id), "--json"],
                 DATABASE_URL=database_url) as program:  # fmt: skip
        program.wait_until_it_says('"status" : "processing"')
        scene.workers.release("go")
        status = program.process.wait(PATIENCE_SECONDS)
        seen = states(program.said())

    assert status == 0
    assert seen[-1]["hasEnded"] is True
    assert seen[-1]["endedItems"] == 3
    assert not any(state["hasEnded"] for state in seen[:-1])


def test_failed_items_count_as_a_failure_only_if_that_is_asked_for(
    scene: Scene, database_url: str
) -> None:
    scene.add("text words")
    scene.add("fail file_unreadable")
    scene.workers.start()
    job_id = scene.create()
    scene.wait_for(job_id, status="completed")

    as_usual = backscroll("jobs", "watch", str(job_id), DATABASE_URL=database_url)
    strict = backscroll(
        "jobs", "watch", str(job_id), "--fail-on-failed-items", DATABASE_URL=database_url
    )

    assert (as_usual.returncode, strict.returncode) == (0, 6)
    assert f"backscroll jobs retry {str(job_id)[:8]}" in as_usual.stdout


def test_the_exit_status_tells_how_a_job_ended(own_sql: Sql, database_url: str) -> None:
    cancelled, failed = (own_sql.create(jobType="time_based_batch", daysBack=7) for _ in range(2))
    own_sql.run("select batch.cancel_job(%s)", cancelled)
    own_sql.run("select batch.fail_job(%s, 'the chat is gone')", failed)

    of_cancelled = backscroll("jobs", "watch", str(cancelled), DATABASE_URL=database_url)
    of_failed = backscroll("jobs", "watch", str(failed), DATABASE_URL=database_url)

    assert (of_cancelled.returncode, of_failed.returncode) == (4, 3)
    assert "cancelled by" in of_cancelled.stdout
    assert "the chat is gone" in of_failed.stdout


def test_a_paused_job_is_waited_for_unless_that_is_to_end_it(
    scene: Scene, database_url: str
) -> None:
    scene.add("text words\nhold go", count=2)
    job_id = scene.sql.plan(jobType="targeted_chat_sync", chatId=str(scene.chat.id))
    scene.sql.run("select batch.pause_job(%s)", job_id)

    ended = backscroll("jobs", "watch", str(job_id), "--exit-on-pause", DATABASE_URL=database_url)
    with running([*BACKSCROLL, "jobs", "watch", str(job_id)], DATABASE_URL=database_url) as waiting:
        waiting.wait_until_it_says(f"to go on: backscroll jobs resume {str(job_id)[:8]}")
        scene.workers.start()
        backscroll("jobs", "resume", str(job_id), DATABASE_URL=database_url)
        scene.workers.release("go")

        assert waiting.process.wait(PATIENCE_SECONDS) == 0
    assert ended.returncode == 5


def test_without_a_worker_it_says_so(own_sql: Sql, database_url: str) -> None:
    job_id = own_sql.create(jobType="time_based_batch", daysBack=7)

    with running([*BACKSCROLL, "jobs", "watch", str(job_id)], DATABASE_URL=database_url) as program:
        program.wait_until_it_says(NO_WORKER)
        own_sql.run("select batch.cancel_job(%s)", job_id)

        assert program.process.wait(PATIENCE_SECONDS) == 4


def test_a_terminal_shows_bar_cost_workers_and_failures(scene: Scene, database_url: str) -> None:
    scene.add("text words\nhold go\ncost 0.25")
    scene.add("fail file_unreadable")
    scene.workers.start()
    job_id = scene.create(maxCostUsd=2)

    with on_a_terminal("jobs", "watch", str(job_id), DATABASE_URL=database_url) as terminal:
        terminal.wait_until_it_shows("last failures")
        terminal.wait_until_it_shows("last begun")
        terminal.wait_until_it_shows("of 2.00 USD")
        scene.workers.release("go")
        status = terminal.wait()

    assert status == 0
    assert "0.25 of 2.00 USD (12.5%)" in terminal.drawn()
    assert "file_unreadable" in terminal.drawn()
    assert "\x1b[?25h" in terminal.drawn(), "the cursor is shown again"


def test_ctrl_c_leaves_the_job_running_and_says_how_to_watch_it_again(
    own_sql: Sql, database_url: str
) -> None:
    job_id = own_sql.create(jobType="time_based_batch", daysBack=7)

    with on_a_terminal("jobs", "watch", str(job_id), DATABASE_URL=database_url) as terminal:
        terminal.wait_until_it_shows(NO_WORKER)
        terminal.press_ctrl_c()
        status = terminal.wait()

    assert status == 130
    assert f"backscroll jobs watch {str(job_id)[:8]}" in terminal.drawn()
    assert "Traceback" not in terminal.drawn()
    assert own_sql.job(job_id)["status"] == "pending"


def test_names_of_files_cannot_command_the_terminal(scene: Scene, database_url: str) -> None:
    scene.chat.add("text/plain", media_local_path="nobody/\x1b]0;owned\x07\u202etxt.exe")
    scene.workers.start()
    job_id = scene.create()
    scene.wait_for(job_id, status="completed")

    with on_a_terminal("jobs", "watch", str(job_id), DATABASE_URL=database_url) as terminal:
        terminal.wait()

    assert "owned" in terminal.drawn()
    for command in ("\x1b]", "\x07", "\u202e"):
        assert command not in terminal.drawn()


def test_watching_goes_on_while_the_database_is_away(
    own_server: EmbeddedPostgres, tmp_path: Path
) -> None:
    workers = Workers(own_server.url, tmp_path)
    with open_sql(own_server.url) as sql:
        scene = Scene(sql, workers)
        scene.add("text words\nhold go", count=2)
        job_id = scene.create()
    workers.start()
    try:
        with running(
            [*BACKSCROLL, "jobs", "watch", str(job_id)], DATABASE_URL=own_server.url
        ) as program:
            program.wait_until_it_says("processing")
            own_server.stop()
            program.wait_until_it_says("the database is away")
            workers.release("go")
            own_server.start()
            program.wait_until_it_says("the database is back")

            assert program.process.wait(PATIENCE_SECONDS) == 0
            assert program.said().count("the database is away") == 1
            assert "Traceback" not in program.said()
    finally:
        workers.end()


def test_a_job_is_watched_where_nobody_can_listen(scene: Scene, database_url: str) -> None:
    scene.add("text words", count=2)
    scene.workers.start()
    job_id = scene.create()

    watched = backscroll(
        "jobs", "watch", str(job_id), DATABASE_URL=database_url,
        DATABASE_LISTEN_URL="postgresql://127.0.0.1:1/nothing",
    )  # fmt: skip

    assert (watched.returncode, watched.stderr) == (0, "")


def test_sigterm_ends_the_watching(own_sql: Sql, database_url: str) -> None:
    job_id = own_sql.create(jobType="time_based_batch", daysBack=7)

    with running([*BACKSCROLL, "jobs", "watch", str(job_id)], DATABASE_URL=database_url) as program:
        program.wait_until_it_says("pending")

        assert program.stop(signal.SIGTERM) == 130
        assert "Traceback" not in program.said()
