"""A short chaos run: the same program as `make chaos`, with a seed that stays."""

from __future__ import annotations

import sys

from tests.processes import PATIENCE_SECONDS, awaited, children_of, is_alive, running

CHAOS = [sys.executable, "-m", "chaos"]


def test_a_short_run_is_survived() -> None:
    with running([*CHAOS, "--seconds", "20", "--seed", "5"]) as chaos:
        status = chaos.process.wait(600)

        assert status == 0, chaos.said()
        assert "survived seed 5" in chaos.said()


def test_the_same_seed_has_the_same_faults() -> None:
    plans = []
    for seed in ("7", "7", "8"):
        with running([*CHAOS, "--plan", "--seed", seed]) as chaos:
            assert chaos.process.wait(PATIENCE_SECONDS) == 0
            plans.append(chaos.said())

    assert plans[0] == plans[1] != plans[2]


def test_ctrl_c_leaves_nothing_running() -> None:
    with running([*CHAOS, "--seconds", "60", "--seed", "1"]) as chaos:
        chaos.wait_until_it_says("everything runs")
        started = children_of(chaos.process.pid)
        assert len(started) > 5

        assert chaos.press_ctrl_c() == 130

        awaited(lambda: not any(is_alive(pid) for pid in started))
