"""Documents: files and pages a second, and whether the text is right, beside MarkItDown, Kreuzberg.

The same files: a pdf of 120 pages, letters, a workbook of 20,000 rows, slides with notes, Word,
rtf, html, and plain text as it was encoded before UTF-8. One process each, one file after the
other, after small ones of each kind, so that no reader imports its libraries while it is measured;
Kreuzberg without what it remembers of files that it has read before. Backscroll reads as its
workers do: in a sandbox, a process with limits that is sent the file's name. A text is right if
words from the file's beginning, middle and end are in it; the time of a file whose text is wrong
is counted all the same.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings
from bench.bench import PEERS, Bench, Stopwatch
from bench.documents import Sample, write_samples
from bench.figures import Chart, Figure, Outcome
from bench.programs import ROOT
from workers.processors import sandboxes
from workers.processors.base import Medium, ProcessingFailed
from workers.processors.document import DocumentProcessor
from workers.processors.limits import DocumentLimits

READERS = ("markitdown", "kreuzberg")


@dataclass(frozen=True)
class Reading:
    """What a reader made of one file."""

    seconds: float
    is_right: bool


def run(bench: Bench) -> Outcome:
    notes = []
    with bench.media() as folder:
        warm = write_samples(folder / "warm", bench.scale / 100)
        samples = write_samples(folder / "measured", bench.scale)
        read = {"Backscroll": asyncio.run(_read_ourselves(warm, samples))}
        for name in READERS:
            if (PEERS / "documents" / "bin" / name).exists():
                read[name] = _read_by_peer(name, warm, samples)
            else:
                notes.append(f"{name} is not installed: `make bench-setup`")
    pages = sum(sample.pages for sample in samples)
    total = {name: sum(each.seconds for each in readings) for name, readings in read.items()}
    figures = []
    for name, readings in read.items():
        wrong = [
            sample.path.name
            for sample, reading in zip(samples, readings, strict=True)
            if not reading.is_right
        ]
        figures += [
            Figure(f"{name}, all files", len(samples) / total[name], "files/s"),
            Figure(f"{name}, all pages", pages / total[name], "pages/s"),
            Figure(f"{name}, files whose text is right", len(samples) - len(wrong), "files"),
        ]
        if wrong:
            notes.append(f"{name} gives no right text of {', '.join(wrong)}")
    figures += [
        Figure(f"Backscroll against {name}", total[name] / total["Backscroll"], "times")
        for name in total
        if name != "Backscroll"
    ]
    large = ("book.pdf", "ledger.xlsx")
    charts = [
        Chart(
            f"Seconds for {sample.path.name}",
            "s",
            {name: readings[place].seconds for name, readings in read.items()},
        )
        for place, sample in enumerate(samples)
        if sample.path.name in large
    ]
    return Outcome(figures, charts, [f"{len(samples)} files, {pages} pages", *notes])


async def _read_ourselves(warm: Sequence[Sample], samples: Sequence[Sample]) -> list[Reading]:
    rooms = sandboxes.rooms_within(Settings.model_construct().memory_mb)
    limits = DocumentLimits()
    processor = DocumentProcessor(
        sandboxes.document_sandbox(1, rooms), limits, timeout_seconds=60.0
    )
    readings = []
    try:
        for sample in (*warm, *samples):
            watch = Stopwatch()
            try:
                medium = Medium(sample.path, "document", sample.mime_type)
                text = (await processor.process(medium)).text
            except ProcessingFailed as failure:
                text = failure.message
            readings.append(Reading(watch.seconds, sample.is_in(text)))
    finally:
        await processor.close()
    return readings[len(warm) :]


def _read_by_peer(name: str, warm: Sequence[Sample], samples: Sequence[Sample]) -> list[Reading]:
    program: list[str | Path] = [
        PEERS / "documents/bin/python",
        ROOT / "bench/peers/documents_peer.py",
        name,
    ]
    process = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    readings = []
    try:
        json.loads(process.stdout.readline())
        for sample in (*warm, *samples):
            process.stdin.write(f"{sample.path}\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            readings.append(Reading(answer["seconds"], sample.is_in(answer["text"])))
    finally:
        process.kill()
        process.wait()
    return readings[len(warm) :]
