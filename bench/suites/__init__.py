"""The suites, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable

from bench.bench import Bench
from bench.figures import Outcome
from bench.suites import (
    bloat,
    cancel,
    documents,
    drain,
    first_item,
    history,
    limit,
    memory,
    plan,
    push,
    scale,
    sending,
    slow_provider,
    status,
)

SUITES: dict[str, Callable[[Bench], Outcome]] = {
    "plan": plan.run,
    "drain": drain.run,
    "limit": limit.run,
    "sending": sending.run,
    "slow-provider": slow_provider.run,
    "first-item": first_item.run,
    "push": push.run,
    "status": status.run,
    "cancel": cancel.run,
    "history": history.run,
    "scale": scale.run,
    "memory": memory.run,
    "bloat": bloat.run,
    "documents": documents.run,
}
