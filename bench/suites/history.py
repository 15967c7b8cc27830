"""History: 1,000 items cost the same in a young archive and in one of ten million messages.

At 100,000, 1,000,000 and 10,000,000 messages, two jobs of 1,000 items each: the media of one chat,
and those of the last three days over all chats. Created, planned and run by two workers whose
items take no time. Three rounds at each size; the medians are compared.

Must show: at most 1.5 times from the first size to the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.bench import Bench
from bench.chats import Chat, add_chat, add_messages, settle, without_indexes, write_files
from bench.drains import INSTANT, drain, warm_up
from bench.figures import Chart, Figure, Outcome, at_most, median, number
from bench.programs import workers
from bench.server import BenchDatabase, Session

SIZES = (100_000, 1_000_000, 10_000_000)
ITEMS = 1000
ROUNDS = 3


def run(bench: Bench) -> Outcome:
    of_chat: dict[int, float] = {}
    of_days: dict[int, float] = {}
    files, there = 0, 0
    with (
        bench.database("history") as database,
        bench.media() as media,
        database.session() as session,
        workers(database, 2, media, INSTANT),
    ):
        warm_up(session, add_chat(session), media)
        old = [add_chat(session) for _ in range(10)]
        for size in (bench.sized(size, 1000 * (place + 1)) for place, size in enumerate(SIZES)):
            with without_indexes(session):
                _add_old(database, old, (size - there) // len(old))
            there = size
            settle(session)
            rounds: list[tuple[float, float]] = []
            for _ in range(ROUNDS):
                rounds.append(_round(session, media, files))
                files += 2 * ITEMS
            of_chat[size] = median([chat for chat, _ in rounds])
            of_days[size] = median([days for _, days in rounds])
    first, *_, last = of_chat
    return Outcome(
        [
            *(
                Figure(f"{what}, of {number(size)} messages", seconds, "s")
                for what, taken in (("a chat", of_chat), ("by time", of_days))
                for size, seconds in taken.items()
            ),
            Figure(
                "a chat, last size against first", of_chat[last] / of_chat[first], "times",
                at_most(1.5),
            ),
            Figure(
                "by time, last size against first", of_days[last] / of_days[first], "times",
                at_most(1.5),
            ),
        ],
        [
            Chart(
                f"{ITEMS:,} items of a chat, created, planned and run",
                "s",
                {f"Backscroll, {size:,} messages": seconds for size, seconds in of_chat.items()},
            )
        ],
    )  # fmt: skip


def _add_old(database: BenchDatabase, chats: Sequence[Chat], count: int) -> None:
    """So many messages for each chat, over two sessions: they are not what is measured."""

    def add(some: Sequence[Chat]) -> None:
        with database.session() as session:
            for chat in some:
                add_messages(session, chat, count, media_every=10, days_ago=40)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(add, chats[start::2]) for start in range(2)]:
            done.result()


def _round(session: Session, media: Path, files: int) -> tuple[float, float]:
    """Seconds for a new chat's media, then for those of the last days."""
    write_files(media, 2 * ITEMS, first=files + 1)
    seconds = []
    for start in (files, files + ITEMS):
        chat = add_chat(session)
        n = f"({start} + n)"
        add_messages(
            session, chat, ITEMS, path=f"'media/' || mod({n}, 1000) || '/' || {n} || '.txt'"
        )
        request = (
            {} if start == files else {"jobType": "time_based_batch", "chatId": None, "daysBack": 3}
        )
        job_id, took = drain(session, chat, **request)
        processed = session.value(
            "select processed_items from batch.batch_jobs where id = %s", job_id
        )
        assert processed == ITEMS, processed
        seconds.append(took)
    return seconds[0], seconds[1]
