"""Drain: how many items a second two worker processes end, beside the same items done by peers.

An item is: a durable result row, a media_content row of 200 characters, the message's text column
set, and progress that others see. The processor returns at once, so only the service is measured.

All start with idle workers. A peer's clock runs from the commit of all its jobs to the last
result; Backscroll's from the commit that creates the job, so that planning is in it. Backscroll
also finds and opens a file an item, which its peers do not. A second figure, without a bar, is for
what people have: text files of 200 characters, read by Backscroll as it comes, without settings.

Must show: at least 100 times Procrastinate with one job an item, 12 times PgQueuer, 8 times
Graphile Worker with its batching. What the bare SQL of the same rows comes to, beside the same
peers, is how far anybody could get on this machine who writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.bare import bare_seconds
from bench.bench import PEERS, Bench, Stopwatch
from bench.chats import add_chat, add_messages, settle, write_files
from bench.drains import INSTANT, assert_every_item_has_its_text, drain, warm_up
from bench.figures import Chart, Figure, Outcome, at_least
from bench.programs import ROOT, awaited, running, workers

ITEMS = 100_000
TEXT_FILES = 100_000
BARE_ITEMS = 50_000
WORKERS = 2


@dataclass(frozen=True)
class Peer:
    """One of those who do the same, and how much of it they are given to do."""

    name: str
    title: str
    program: Path
    script: str
    items: int
    times: float
    """Backscroll must be so many times as fast."""

    @property
    def is_installed(self) -> bool:
        return self.program.exists() if self.program.is_absolute() else self.folder.exists()

    @property
    def folder(self) -> Path:
        return PEERS / self.name

    def command(self, what: str) -> list[str | Path]:
        return [self.program, ROOT / "bench" / "peers" / self.script, what]


PEERS_MEASURED = (
    Peer(
        "procrastinate",
        "Procrastinate, one job an item",
        PEERS / "procrastinate/bin/python",
        "procrastinate_peer.py",
        items=2_000,
        times=100,
    ),
    Peer(
        "pgqueuer",
        "PgQueuer",
        PEERS / "pgqueuer/bin/python",
        "pgqueuer_peer.py",
        items=15_000,
        times=12,
    ),
    Peer(
        "graphile-worker",
        "Graphile Worker, batched",
        Path("node"),
        "graphile_worker_peer.mjs",
        items=20_000,
        times=8,
    ),
)


def run(bench: Bench) -> Outcome:
    ours = backscroll_items_a_second(bench, bench.sized(ITEMS, 500))
    read = backscroll_items_a_second(bench, bench.sized(TEXT_FILES, 100), settings={})
    items = bench.sized(BARE_ITEMS, 1000)
    bare = items / bare_seconds(bench, items, WORKERS)
    figures = [
        Figure("Backscroll", ours, "items/s"),
        Figure("Backscroll, text files that it reads itself", read, "items/s"),
        Figure("bare SQL in sets of 500", bare, "items/s"),
    ]
    notes = []
    for peer in PEERS_MEASURED:
        if not peer.is_installed:
            notes.append(f"{peer.title} is not installed: `make bench-setup`")
            continue
        theirs = peer_items_a_second(bench, peer)
        figures.append(Figure(peer.title, theirs, "items/s"))
        figures.append(
            Figure(f"Backscroll against {peer.title}", ours / theirs, "times", at_least(peer.times))
        )
        figures.append(Figure(f"bare SQL against {peer.title}", bare / theirs, "times"))
    rates = {figure.name: figure.value for figure in figures if figure.unit == "items/s"}
    return Outcome(
        figures, [Chart("Items a second, two worker processes", "items/s", rates)], notes
    )


def backscroll_items_a_second(
    bench: Bench, items: int, settings: Mapping[str, str] = INSTANT
) -> float:
    """Two workers, one job; by default the processor returns at once."""
    with bench.database("drain") as database, bench.media() as media, database.session() as session:
        chat = add_chat(session)
        add_messages(session, chat, items)
        write_files(media, items)
        settle(session)
        with workers(database, WORKERS, media, settings):
            warm_up(session, add_chat(session), media)
            job_id, seconds = drain(session, chat)
        assert_every_item_has_its_text(session, job_id, items)
    return items / seconds


def peer_items_a_second(bench: Bench, peer: Peer) -> float:
    """Two processes of the peer, the same writes an item."""
    items = bench.sized(peer.items, 200)
    with bench.database("peer") as database, database.session() as session, ExitStack() as stack:
        chat = add_chat(session)
        add_messages(session, chat, items)
        session.run(
            "create table bench_items as select row_number() over ()::int as seq, id as message_id"
            " from public.messages"
        )
        session.run("create table bench_results (like batch.item_results including all)")
        settle(session)
        settings = {**database.environment, "BENCH_PEER": str(peer.folder)}
        with running(peer.command("install"), settings) as installing:
            installing.wait_until_it_says("installed")
        for program in [
            stack.enter_context(running(peer.command("work"), settings)) for _ in range(WORKERS)
        ]:
            program.wait_until_it_says("ready")
        enqueuing = stack.enter_context(running(peer.command("enqueue"), settings))
        enqueuing.wait_until_it_says("enqueued")
        watch = Stopwatch()
        awaited(
            lambda: session.value("select count(*) from bench_results") == items,
            f"{peer.title} does not end all items",
            every=0.05,
        )
        seconds = watch.seconds
    return items / seconds
