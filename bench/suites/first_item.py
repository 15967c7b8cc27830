"""First item: how soon an idle system has the first result of a job.

From the moment that the client has the answer to its POST to the moment that another session sees
the first result committed. A worker and the API run; nothing else is to be done.

Must show: a median under 100 ms.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from bench.bench import Bench, Stopwatch
from bench.chats import add_chat, add_messages, write_files
from bench.drains import INSTANT, is_over, warm_up
from bench.figures import Figure, Outcome, at_most, median, quantile
from bench.http import Client, api_key
from bench.programs import api, awaited, workers
from bench.server import Session

ROUNDS = 40
PAUSE_SECONDS = 0.3


def run(bench: Bench) -> Outcome:
    rounds = bench.sized(ROUNDS, 3)
    first, whole = [], []
    with (
        bench.database("first") as database,
        bench.media() as media,
        database.session() as session,
        workers(database, 1, media, INSTANT),
        api(database) as port,
    ):
        write_files(media, 10 * rounds)
        warm_up(session, add_chat(session), media)
        client = Client(port, api_key(session))
        chats = []
        for place in range(rounds):
            chats.append(add_chat(session))
            path = f"'media/' || {10 * place} + n || '/' || {10 * place} + n || '.txt'"
            add_messages(session, chats[-1], 10, path=path)
        for chat in chats:
            time.sleep(PAUSE_SECONDS)  # so that the system is idle, as the figure says
            job = client.create(
                {"jobType": "targeted_chat_sync", "chatId": str(chat.id)},
            )
            watch = Stopwatch()
            awaited(
                _has_result(session, job),
                "no result comes",
                every=0.001,
            )
            first.append(watch.seconds * 1000)
            awaited(is_over(session, job), "the job does not end", every=0.001)
            whole.append(watch.seconds * 1000)
    return Outcome(
        [
            Figure("create answered to first result, median", median(first), "ms", at_most(100)),
            Figure("likewise, the slowest of 20", quantile(first, 0.95), "ms"),
            Figure("create answered to a job of ten items ended, median", median(whole), "ms"),
        ],
        notes=[f"{rounds} jobs of ten items"],
    )


def _has_result(session: Session, job: UUID) -> Callable[[], bool]:
    return lambda: bool(
        session.value("select exists (select from batch.item_results where job_id = %s)", job)
    )
