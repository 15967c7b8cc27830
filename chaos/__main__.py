"""`make chaos SECONDS=120 SEED=n`: see docs/how-to/break-it-yourself.md."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import traceback
from types import FrameType

from chaos.plan import make_plan
from chaos.run import Run
from chaos.world import WORKERS, Failed


def main() -> int:
    """The exit status: 0 if everything was survived, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, help="the same seed, the same faults")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--plan", action="store_true", help="say what would happen, do nothing")
    parser.add_argument("--quiet", action="store_true", help="only the report")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    plan = make_plan(seed, given.seconds)
    if given.plan:
        _say("\n".join(plan.lines()))
        return 0

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    again = f"make chaos SECONDS={given.seconds:g} SEED={seed}"
    _say(f"{again}   (python -m chaos --plan --seconds {given.seconds:g} --seed {seed} shows it)")
    try:
        report = Run(plan, (lambda _: None) if given.quiet else _say, given.workers).run()
    except Failed as failure:
        _say(f"\nNOT SURVIVED: {failure}\n\nto see it again: {again}")
        return 1
    except Exception:
        _say(f"\nNOT SURVIVED:\n{traceback.format_exc()}\nto see it again: {again}")
        return 1
    except KeyboardInterrupt:
        _say("stopped; nothing is left running")
        return 130
    _say("\n" + "\n".join(report))
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
