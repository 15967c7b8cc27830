"""Slow provider: 1,000 items that somebody takes a second each for, one worker process.

Three times. First a processor that only waits, so that only the service is measured. Then voice
notes and photos, the whole way: the file is opened, hashed and looked at, a provider asked over
HTTP, its answer recorded. The provider is a stand-in on this machine.

Must show: at least 200 items in flight, all done in under 6 s, under 300 MB. Memory is that of the
worker with the processes that look at media for it, what they share counted once, at its highest.
"""

from __future__ import annotations

import hashlib
import io
import threading
import wave
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image

from bench.bench import Bench
from bench.chats import add_chat, add_messages, settle, write_files
from bench.drains import assert_every_item_has_its_text, drain, processed_items
from bench.figures import Figure, Outcome, at_least, at_most
from bench.programs import Program, workers
from bench.server import Session
from bench.slow_provider import SlowProvider

ITEMS = 1000
ITEM_SECONDS = 1.0
CONCURRENCY = {"BACKSCROLL_CONCURRENCY": "300"}
PHOTO_SIZE = (1600, 1200)
"""Pixels: what messengers make of what a phone took."""


@dataclass(frozen=True)
class MediaKind:
    """Media that are looked at, and then sent to a provider."""

    mime_type: str
    suffix: str
    made: Callable[[str], bytes]
    """A file that no other name has: the same bytes would be asked about once."""


def _voice_note(name: str) -> bytes:
    """A second of noise."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(hashlib.sha256(name.encode()).digest() * 500)
    return file.getvalue()


def _photo(name: str) -> bytes:
    """A JPEG as messengers send them; in what it says of its resolution no two are alike."""
    photo = bytearray(_any_photo())
    resolution = photo.index(b"JFIF\0") + len(b"JFIF\0") + 3
    photo[resolution : resolution + 4] = hashlib.sha256(name.encode()).digest()[:4]
    return bytes(photo)


@cache
def _any_photo() -> bytes:
    file = io.BytesIO()
    noise = Image.effect_noise((PHOTO_SIZE[0] // 8, PHOTO_SIZE[1] // 8), 60)
    noise.resize(PHOTO_SIZE).convert("RGB").save(file, "JPEG", quality=75)
    return file.getvalue()


VOICE_NOTES = MediaKind("audio/wav", ".wav", _voice_note)
PHOTOS = MediaKind("image/jpeg", ".jpg", _photo)


def run(bench: Bench) -> Outcome:
    items = bench.sized(ITEMS, 10)
    return Outcome(
        [
            *_waiting(bench, items),
            *_asked(bench, "voice notes", VOICE_NOTES, items),
            *_asked(bench, "photos", PHOTOS, items),
        ],
        notes=["BACKSCROLL_CONCURRENCY=300, everything else as it comes"],
    )


def _waiting(bench: Bench, items: int) -> list[Figure]:
    with (
        bench.database("slow") as database,
        bench.media() as media,
        database.session() as session,
    ):
        begun = media / "begun"
        settings = {
            "BACKSCROLL_DOCUMENT_CHAIN": "bench-slow",
            "BACKSCROLL_DOCUMENT_PROCESSES": "64",
            "BENCH_ITEM_SECONDS": str(ITEM_SECONDS),
            "BENCH_BEGUN": str(begun),
            **CONCURRENCY,
        }
        write_files(media, items)
        chat = add_chat(session)
        add_messages(session, chat, items)
        settle(session)
        with workers(database, 1, media, settings) as (worker,):
            begun.touch()
            with highest_memory(worker) as highest:
                job_id, seconds = drain(session, chat)
        assert_every_item_has_its_text(session, job_id, items)
        at_once = _most_at_once([float(line) for line in begun.read_text().splitlines()])
    return _figures("waiting", at_once, items, seconds, highest)


def _asked(bench: Bench, what: str, media_kind: MediaKind, items: int) -> list[Figure]:
    with (
        SlowProvider(ITEM_SECONDS) as provider,
        bench.database("slow") as database,
        bench.media() as media,
        database.session() as session,
    ):
        settings = {**provider.settings, **CONCURRENCY}
        with workers(database, 1, media, settings) as (worker,):
            ask_about(media_kind, session, media, 4, "warm")
            provider.most_at_once = 0
            with highest_memory(worker) as highest:
                seconds = ask_about(media_kind, session, media, items, "asked")
        at_once = provider.most_at_once
    return _figures(what, at_once, items, seconds, highest)


def _figures(
    what: str, at_once: int, items: int, seconds: float, highest: list[float]
) -> list[Figure]:
    return [
        Figure(f"{what}: items in flight", at_once, "", at_least(200)),
        Figure(f"{what}: {items:,} items of {ITEM_SECONDS:g} s", seconds, "s", at_most(6)),
        Figure(f"{what}: memory with child processes", highest[1], "MB", at_most(300)),
        Figure(f"{what}: memory of the worker itself", highest[0], "MB"),
    ]


def _most_at_once(begun: list[float]) -> int:
    """Of items that began then and took ITEM_SECONDS."""
    ordered = sorted(begun)
    return max(
        place + 1 - bisect_left(ordered, moment - ITEM_SECONDS)
        for place, moment in enumerate(ordered)
    )


def ask_about(media_kind: MediaKind, session: Session, media: Path, count: int, name: str) -> float:
    """Seconds that a job of so many media takes the workers that are there."""
    suffix = media_kind.suffix
    for n in range(1, count + 1):
        (media / f"{name}-{n}{suffix}").write_bytes(media_kind.made(f"{name} {n}"))
    chat = add_chat(session)
    path = f"'{name}-' || n || '{suffix}'"
    add_messages(session, chat, count, mime_type=media_kind.mime_type, path=path)
    settle(session)
    job_id, seconds = drain(session, chat)
    done = processed_items(session, job_id)
    assert done == count, session.rows(
        "select error_code, min(error_message), count(*) from batch.item_results"
        " where job_id = %s group by 1",
        job_id,
    )
    return seconds


@contextmanager
def highest_memory(worker: Program) -> Iterator[list[float]]:
    """The most that the worker held, itself and with its children, once the context is over."""
    highest, over = [0.0, 0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            highest[0] = max(highest[0], worker.megabytes())
            highest[1] = max(highest[1], worker.megabytes_in_all())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield highest
    finally:
        over.set()
        watching.join()
