"""A worker's processes together stay within its memory, whatever files come at once."""

import asyncio
import random
import struct
import zlib

import pytest
from PIL import Image

from app.settings import Settings
from tests.workers.processors import files
from tests.workers.tree_memory import TreeMemory
from workers.assembly import build_processing
from workers.processors.base import Medium, ProcessingFailed
from workers.processors.sandboxes import PARSERS_MB, USUAL_MB, WORKER_MB

MEGABYTE = 2**20
TOO_MUCH = ("processor_out_of_memory", "file_too_large")


def loud_paragraphs(count):
    """Paragraphs of WordprocessingML that deflate does not squeeze to nothing."""
    chance = random.Random(3)
    lines = [files.word_paragraph(chance.randbytes(30).hex()) for _ in range(1000)]
    return "".join(lines) * (count // 1000)


def large_png(side):
    """A black picture of this many pixels a side; some kilobytes on disk."""
    squeeze = zlib.compressobj(9)
    data = b"".join(squeeze.compress(bytes(side * 4 + 1)) for _ in range(side)) + squeeze.flush()

    def chunk(name, content):
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def hostile_documents():
    return {
        "pdf whose page inflates to a gigabyte": files.pdf_bomb(),
        "docx of 100,000 paragraphs": files.docx(loud_paragraphs(100_000)),
        "odt of a million lines": files.open_document("text", "<text:p>x</text:p>" * 1_000_000),
        "html of 60 MB": b"<html>" + b"<p>a <b>b</b></p>" * (60 * MEGABYTE // 17),
    }


def run_all(media, watched):
    """The text or the error code of each medium, all processed at once."""

    async def run():
        # However long it takes: it is about memory.
        registry = build_processing(Settings(BACKSCROLL_PROCESSOR_TIMEOUT=600)).registry

        async def outcome(medium):
            try:
                return (await registry.process(medium)).text
            except ProcessingFailed as failure:
                return failure.code

        try:
            with watched:
                return await asyncio.gather(*map(outcome, media))
        finally:
            await registry.close()

    return asyncio.run(run())


@pytest.fixture
def write_all(tmp_path):
    """Writes files of one content type."""

    def write_all(content_type, contents):
        media = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{content_type}-{number}"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            media.append(Medium(path, content_type))
        return media

    return write_all


def test_hostile_documents_at_once_stay_within_the_parsers_memory(write_all):
    hostile = hostile_documents()
    honest = [files.pdf(*["A page"] * 100), files.docx(files.word_paragraph("Fine"))] * 3
    media = write_all("document", [*hostile.values(), *honest])
    watched = TreeMemory(except_own=True)

    outcomes = run_all(media, watched)

    told = dict(zip(hostile, outcomes, strict=False))
    assert {name: code for name, code in told.items() if code not in TOO_MUCH} == {}
    assert [text[:6] for text in outcomes[len(hostile) :]] == ["A page", "Fine"] * 3
    assert watched.peak_mb < PARSERS_MB


def test_pictures_of_all_sizes_stay_within_a_workers_memory(write_all):
    photo = files.picture("Total 12.50 EUR", size=(6000, 4000))
    photo.paste(files.picture("Total 12.50 EUR", size=(600, 150)).resize((6000, 1500)))
    honest = [
        files.encoded(photo, "PNG"),
        files.encoded(photo, "JPEG", progressive=True),
        files.encoded(photo, "WEBP", method=0),
        files.encoded(photo, "WEBP", method=0, quality=0, lossless=True),
        files.encoded(photo, "TIFF"),
        files.encoded(Image.new("RGB", (1600, 60), "white"), "PNG"),
    ]
    hostile = [large_png(9_900)] * 4
    watched = TreeMemory(except_own=True)

    outcomes = run_all(write_all("image", [*hostile, *honest]), watched)

    assert set(outcomes[:4]) <= set(TOO_MUCH)
    assert all("12.50" in text for text in outcomes[4:9])
    assert outcomes[9] == "[no text found; PNG image, 1600 x 60]"
    assert watched.peak_mb < USUAL_MB - WORKER_MB
