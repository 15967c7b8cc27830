"""A sandbox outlives whatever its children do."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.processes import open_files
from tests.workers import misbehaviour
from workers.processors.base import ProcessingFailed
from workers.sandbox import Sandbox


def in_sandbox(scenario, **settings):
    """Runs `scenario(sandbox)` and closes the sandbox."""

    async def run():
        sandbox = Sandbox("test", **settings)
        try:
            return await scenario(sandbox)
        finally:
            await sandbox.close()

    return asyncio.run(run())


def failure_of(function, *args, timeout_seconds=20, **settings):
    """How one call fails, having made sure that the next call works."""

    async def scenario(sandbox):
        with pytest.raises(ProcessingFailed) as caught:
            await sandbox.run(function, *args, timeout_seconds=timeout_seconds)
        assert await sandbox.run(misbehaviour.echo, "alive", timeout_seconds=20) == "alive"
        return caught.value

    return in_sandbox(scenario, **settings)


@pytest.fixture
def fifo(tmp_path):
    """Makes a named pipe: who reads it awaits who writes it."""

    def make(name):
        path = tmp_path / name
        os.mkfifo(path)
        return path

    return make


def children():
    """The process ids of this process's living children."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def read(path):
    return await asyncio.to_thread(path.read_text)


def wait_for_end(process_id, seconds):
    """Whether a process, which need not be a child, ends in time."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def test_a_call_returns_what_the_function_returns():
    async def scenario(sandbox):
        return await sandbox.run(misbehaviour.echo, ["ü\udc80", 1, None], timeout_seconds=20)

    assert in_sandbox(scenario) == ["ü\udc80", 1, None]


def test_no_process_is_started_before_the_first_call():
    before = children()

    async def scenario(_sandbox):
        return children()

    assert in_sandbox(scenario) - before == set()


def test_one_process_serves_call_after_call_until_it_is_replaced():
    async def scenario(sandbox):
        return [await sandbox.run(misbehaviour.process_id, timeout_seconds=20) for _ in range(4)]

    first, second, third, fourth = in_sandbox(scenario, calls_per_process=2)

    assert first == second != third == fourth


def test_a_child_is_limited_and_sees_no_secrets(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")

    async def scenario(sandbox):
        limits = await sandbox.run(misbehaviour.limits, timeout_seconds=20)
        return limits, await sandbox.run(misbehaviour.environment, timeout_seconds=20)

    limits, environment = in_sandbox(scenario, memory_mb=300)

    assert limits[0] <= 300 * 2**20
    assert limits[1] == 0
    assert "DATABASE_URL" not in environment


def test_a_hang_is_killed_even_if_it_ignores_being_asked_to_stop():
    failure = failure_of(misbehaviour.ignore_terminate_and_hang, timeout_seconds=0.3)

    assert (failure.code, failure.message) == (
        "processor_timeout",
        "gave no result within 0.3 s",
    )


@pytest.mark.parametrize(
    ("function", "args", "message"),
    [
        (misbehaviour.exit_at_once, [3], "the parser ended with exit code 3"),
        (misbehaviour.exit_at_once, [0], "the parser ended with exit code 0"),
        (misbehaviour.read_address_zero, [], "the parser was ended by SIGSEGV"),
    ],
)
def test_a_crash_is_told_by_how_the_process_ended(function, args, message):
    # The kernel counts what the test's own process held when it made the child: far from the limit.
    failure = failure_of(function, *args, memory_mb=16_000)

    assert (failure.code, failure.message) == ("processor_crashed", message)


def test_rubbish_in_place_of_an_answer_counts_as_a_crash():
    assert failure_of(misbehaviour.send_rubbish).code == "processor_crashed"


@pytest.mark.parametrize(
    "function",
    [misbehaviour.hoard, misbehaviour.abort_for_memory, misbehaviour.raise_bad_alloc],
)
def test_exhausted_memory_is_told_from_a_crash(function):
    failure = failure_of(function, memory_mb=200)

    assert failure.code == "processor_out_of_memory"
    assert failure.message == "needs more than the 200 MB allowed"


def test_a_failure_raised_in_the_child_arrives_as_itself():
    failure = failure_of(misbehaviour.fail_honestly)

    assert (failure.code, failure.message) == ("file_encrypted", "needs a password")


def test_any_other_error_says_that_the_file_is_unreadable_in_one_line():
    failure = failure_of(misbehaviour.raise_plainly)

    assert failure.code == "file_unreadable"
    assert failure.message == "the file could not be read (ValueError: row 7 has no end)"


def test_endless_recursion_is_told_in_words_of_the_file():
    failure = failure_of(misbehaviour.nest)

    assert (failure.code, failure.message) == ("file_unreadable", "the file is nested too deeply")


def test_no_path_of_the_machine_is_shown():
    failure = failure_of(misbehaviour.raise_with_path)

    assert failure.message == "the file could not be read (ValueError)"


def test_a_child_cannot_fill_the_disk(tmp_path):
    failure = failure_of(misbehaviour.write_a_file, str(tmp_path / "big"))

    assert failure.code == "file_unreadable"
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_a_neighbour_is_not_harmed_by_a_crash(fifo):
    told, awaited = fifo("told"), fifo("awaited")

    async def scenario(sandbox):
        neighbour = asyncio.create_task(
            sandbox.run(misbehaviour.tell_and_wait, str(told), str(awaited), timeout_seconds=20)
        )
        assert await read(told) == "here"
        with pytest.raises(ProcessingFailed):
            await sandbox.run(misbehaviour.exit_at_once, 1, timeout_seconds=20)
        await asyncio.to_thread(awaited.write_text, "go on")
        return await neighbour

    assert in_sandbox(scenario, processes=2) == "go on"


def test_an_idle_child_that_died_is_replaced():
    async def scenario(sandbox):
        first = await sandbox.run(misbehaviour.process_id, timeout_seconds=20)
        os.kill(first, signal.SIGKILL)
        assert await asyncio.to_thread(wait_for_end, first, 10)
        return first, await sandbox.run(misbehaviour.process_id, timeout_seconds=20)

    first, second = in_sandbox(scenario)

    assert first != second


def test_cancelling_a_call_kills_its_work_within_a_second(fifo):
    told = fifo("told")

    async def scenario(sandbox):
        call = asyncio.create_task(
            sandbox.run(misbehaviour.tell_and_hang, str(told), timeout_seconds=60)
        )
        child = int(await read(told))
        began = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert wait_for_end(child, 1)
        assert time.monotonic() - began < 1
        return await sandbox.run(misbehaviour.echo, "alive", timeout_seconds=20)

    assert in_sandbox(scenario) == "alive"


def test_cancelling_a_call_that_waits_for_its_turn_harms_nobody(fifo):
    told, awaited = fifo("told"), fifo("awaited")

    async def scenario(sandbox):
        first = asyncio.create_task(
            sandbox.run(misbehaviour.tell_and_wait, str(told), str(awaited), timeout_seconds=20)
        )
        await read(told)
        second = asyncio.create_task(sandbox.run(misbehaviour.echo, 2, timeout_seconds=20))
        await asyncio.wait([second], timeout=0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await asyncio.to_thread(awaited.write_text, "go on")
        return await first

    assert in_sandbox(scenario, processes=1) == "go on"


def test_temporary_files_of_parsers_lie_where_those_of_the_worker_do(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    async def scenario(sandbox):
        return await sandbox.run(tempfile.mkdtemp, timeout_seconds=20)

    assert Path(in_sandbox(scenario)).parent == tmp_path


def test_closing_leaves_no_process_no_descriptor_and_no_file(fifo, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    told = fifo("told")
    others, files = children(), open_files()

    async def run():
        sandbox = Sandbox("test", processes=2)
        await sandbox.run(misbehaviour.echo, 1, timeout_seconds=20)
        busy = asyncio.create_task(
            sandbox.run(misbehaviour.tell_and_hang, str(told), timeout_seconds=60)
        )
        await read(told)
        await sandbox.close()
        with pytest.raises(RuntimeError, match="is closed"):
            await busy
        with pytest.raises(RuntimeError, match="is closed"):
            await sandbox.run(misbehaviour.echo, 1, timeout_seconds=20)
        await sandbox.close()

    asyncio.run(run())

    # What other tests have left may end meanwhile.
    assert children() - others == set()
    assert open_files() - files == set()
    assert list(tmp_path.iterdir()) == [told]


def test_children_die_with_a_parent_that_is_killed(fifo):
    told = fifo("told")
    program = f"""
import asyncio
from tests.processes import open_files
from tests.workers import misbehaviour
from workers.sandbox import Sandbox
sandbox = Sandbox("test")
asyncio.run(sandbox.run(misbehaviour.tell_and_hang, {str(told)!r}, timeout_seconds=600))
"""
    root = Path(__file__).parents[2]

    with subprocess.Popen([sys.executable, "-c", program], cwd=root) as parent:
        child = int(told.read_text())
        parent.kill()

    assert wait_for_end(child, 5)


def test_only_functions_of_a_top_level_can_be_run():
    async def scenario(sandbox):
        with pytest.raises(TypeError, match="top level"):
            await sandbox.run(lambda: 1, timeout_seconds=20)

    in_sandbox(scenario)


def test_a_child_that_cannot_start_is_a_fault_of_the_installation():
    async def scenario(sandbox):
        with pytest.raises(RuntimeError, match="could not start a process"):
            await sandbox.run(misbehaviour.echo, 1, timeout_seconds=20)

    in_sandbox(scenario, preload=["there_is_no_such_module"])
