"""Warnings that come again and again, and how lines of the log look with that."""

from __future__ import annotations

import io
import json
import logging
from uuid import uuid4

import pytest

from app.log import JsonLines, PlainLines
from app.log_context import about_job
from app.repeats import Repeats


class Log:
    """What is logged when, in seconds, through a handler as programs have it."""

    def __init__(self, lines: logging.Formatter) -> None:
        self.written = io.StringIO()
        self._handler = logging.StreamHandler(self.written)
        self._handler.addFilter(Repeats())
        self._handler.setFormatter(lines)

    def say(
        self,
        at: float,
        text: str,
        *args: object,
        level: int = logging.WARNING,
        error: Exception | None = None,
    ) -> None:
        thrown = (type(error), error, None) if error else None
        record = logging.LogRecord("app.x", level, __file__, 1, text, args, thrown)
        record.created = at
        self._handler.handle(record)

    @property
    def lines(self) -> list[str]:
        return self.written.getvalue().splitlines()


@pytest.fixture
def log() -> Log:
    return Log(PlainLines())


def test_the_same_warning_is_logged_once_in_half_a_minute(log: Log) -> None:
    for second in range(65):
        log.say(1000 + second, "no connection to %s", "it")

    assert [line.partition("app.x  ")[2] for line in log.lines] == [
        "no connection to it",
        "no connection to it  [and 29 times since it was last said]",
        "no connection to it  [and 29 times since it was last said]",
    ]


def test_one_that_came_once_is_not_counted(log: Log) -> None:
    log.say(1000, "away")
    log.say(1031, "away")

    assert [line.endswith("away") for line in log.lines] == [True, True]


def test_programs_read_how_often_it_came() -> None:
    log = Log(JsonLines())

    for second in (0, 10, 20, 30):
        log.say(1000 + second, "away")

    assert [json.loads(line).get("repeats") for line in log.lines] == [None, 2]


def test_another_text_is_another_warning(log: Log) -> None:
    log.say(1000, "results wait (%d)", 1)
    log.say(1001, "results wait (%d)", 2)

    assert len(log.lines) == 2


def test_another_exception_is_another_error(log: Log) -> None:
    log.say(1000, "a call failed", error=ValueError("no row"))
    log.say(1001, "a call failed", error=ValueError("no column"))
    log.say(1002, "a call failed", error=ValueError("no column"))

    assert [line for line in log.lines if line.startswith("ValueError")] == [
        "ValueError: no row",
        "ValueError: no column",
    ]


def test_what_is_about_another_job_is_another_warning(log: Log) -> None:
    for _ in range(2):
        with about_job(uuid4()):
            log.say(1000, "a job waits")

    assert len(log.lines) == 2


def test_steps_are_told_however_often_they_come(log: Log) -> None:
    for _ in range(3):
        log.say(1000, "a job has ended", level=logging.INFO)

    assert len(log.lines) == 3


def test_what_was_said_long_ago_is_forgotten_and_what_is_new_is_not(log: Log) -> None:
    for number in range(999):
        log.say(1000, f"item {number}")
    log.say(1100, "new")
    log.say(1100, "one more than are kept")

    log.say(1101, "new")
    log.say(1101, "item 0")

    assert len([line for line in log.lines if line.endswith("new")]) == 1
    assert len([line for line in log.lines if line.endswith("item 0")]) == 2


def test_so_many_different_ones_take_no_more_memory() -> None:
    repeats = Repeats()

    for number in range(5000):
        repeats.filter(
            logging.LogRecord("app.x", logging.WARNING, __file__, 1, f"item {number}", (), None)
        )

    assert len(repeats._said) <= 1000


def test_a_clock_that_is_set_back_keeps_nothing_back(log: Log) -> None:
    log.say(10_000, "away")
    log.say(6_400, "away")

    assert len(log.lines) == 2


def test_where_an_object_lies_makes_no_other_warning(log: Log) -> None:
    log.say(1000, "discarding <connection [BAD] at 0x7f10aa>")
    log.say(1001, "discarding <connection [BAD] at 0x7f22bb>")

    assert len(log.lines) == 1


def test_a_faulty_call_does_not_end_whoever_makes_it(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    log.say(1000, "%d items", "three")

    assert "--- Logging error ---" in capsys.readouterr().err


def test_a_reason_of_several_lines_is_one_line(log: Log) -> None:
    log.say(1000, "cannot connect: no such file\n\tIs the server running?\r\n")

    assert [line.partition("app.x  ")[2] for line in log.lines] == [
        "cannot connect: no such file Is the server running?"
    ]
