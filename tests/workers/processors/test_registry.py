"""Media find their processors, whatever they were declared as."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers.processors import files
from workers.processors.base import Extraction, Medium, ProcessingFailed
from workers.processors.document import DocumentProcessor
from workers.processors.image import ImageProcessor
from workers.processors.limits import DocumentLimits, ImageLimits
from workers.processors.registry import Registry
from workers.sandbox import Sandbox


class Fake:
    """A processor that returns a text or raises a failure."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.closed = 0

    async def process(self, _medium):
        if isinstance(self.outcome, ProcessingFailed):
            raise self.outcome
        return Extraction(self.outcome, provider="fake", model="fake")

    async def close(self):
        self.closed += 1


def outcome_of(*processors, content_type="document"):
    """The text that a chain gives, or the code of its failure."""
    registry = Registry({"document": processors})
    try:
        return asyncio.run(registry.process(Medium(Path("x"), content_type))).text
    except ProcessingFailed as failure:
        return failure.code


def test_the_next_processor_is_asked_only_if_the_format_is_unsupported():
    unsupported = Fake(ProcessingFailed("unsupported_format", "no"))
    damaged = Fake(ProcessingFailed("file_unreadable", "cut off"))
    good = Fake("text")

    assert outcome_of(unsupported, good) == "text"
    assert outcome_of(damaged, good) == "file_unreadable"
    assert outcome_of(unsupported, unsupported) == "unsupported_format"


def test_a_processor_that_returns_nothing_is_not_taken_for_none_at_all():
    class Forgetful(Fake):
        async def process(self, _medium):
            return None

    with pytest.raises(TypeError, match="a processor for document returned None"):
        outcome_of(Forgetful("text"))


@pytest.mark.parametrize("content_type", ["audio", "video"])
def test_without_a_processor_the_failure_says_what_to_do(content_type):
    registry = Registry({"image": [Fake("text")]})

    with pytest.raises(ProcessingFailed, match=r"no .* is configured; configure one") as caught:
        asyncio.run(registry.process(Medium(Path("x.ogg"), content_type)))

    assert caught.value.code == "no_provider"


def test_a_processor_in_two_chains_is_closed_once():
    fake = Fake("text")

    asyncio.run(Registry({"document": [fake], "image": [fake]}).close())

    assert fake.closed == 1


def test_a_scanned_page_of_a_pdf_is_read_among_the_pages_with_text(process):
    extraction = process(files.mixed_pdf("Typed words", "Scanned words"), "document")

    typed, seen = extraction.text.split("\n\n")
    assert typed == "Typed words"
    assert seen.replace(" ", "") == "Scannedwords"
    assert extraction.model.startswith("pypdfium2-")
    assert extraction.model.endswith("+ocr")


def test_a_scanned_page_of_monstrous_size_is_read(process):
    scan = files.encoded(files.picture("Wide words", size=(2000, 250)), "PDF", resolution=0.5)

    assert process(scan, "document").text.replace(" ", "") == "Widewords"


def test_scanned_pages_beyond_the_limit_are_not_lost_in_silence(write):
    class Eyes:
        async def read_page(self, _path, index):
            if index == 0:
                raise ProcessingFailed("processor_timeout", "too slow")
            return Extraction("seen", "local", "eyes")

        def most_page_usage(self, _pages):
            return None

    async def run():
        processor = DocumentProcessor(
            Sandbox("test"), DocumentLimits(ocr_pages=2), timeout_seconds=20, page_readers=[Eyes()]
        )
        try:
            return await processor.process(Medium(path, "document"))
        finally:
            await processor.close()

    pages = [files.picture("page", size=(200, 100)) for _ in range(3)]
    path = write(files.encoded(pages[0], "PDF", save_all=True, append_images=pages[1:]))

    assert asyncio.run(run()).text.split("\n\n") == [
        "[page 1 is a picture and was not read]",
        "seen",
        "[page 3 is a picture and was not read]",
    ]


def test_content_decides_between_document_and_picture(process):
    photo = files.encoded(files.picture("Photo as file"), "JPEG")

    as_document = process(photo, "document", "application/octet-stream")
    as_image = process(files.pdf("A pdf among photos"), "image", "image/png")

    assert as_document.text.replace(" ", "") == "Photoasfile"
    assert as_image.text == "A pdf among photos"


def test_what_the_processor_of_the_own_type_said_is_reported(process):
    with pytest.raises(ProcessingFailed) as as_text:
        process(b"\x89\x00\x01\x02" * 500, "document", "text/plain")
    with pytest.raises(ProcessingFailed) as as_anything:
        process(b"\x89\x00\x01\x02" * 500, "document", "application/octet-stream")

    assert as_text.value.message == "declared as text/plain, but its content is not"
    assert (as_anything.value.code, as_anything.value.message) == (
        "unsupported_format",
        "the content is of no known kind",
    )


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"a text among photos", "image"),
        (b"BMW is a car", "image"),
        (b"a text", "document"),
        (b"\x89\x00\x01\x02" * 500, "document"),
    ],
)
def test_what_is_no_picture_is_not_sent_to_the_process_that_reads_pictures(
    write, content, content_type
):
    class Unwanted:
        async def run(self, *_arguments, **_options):
            pytest.fail("a process was asked")

    processor = ImageProcessor(Unwanted(), Unwanted(), ImageLimits(), timeout_seconds=1)

    with pytest.raises(ProcessingFailed) as caught:
        asyncio.run(processor.process(Medium(write(content), content_type, "image/png")))

    assert caught.value.code == "unsupported_format"


def test_a_text_among_pictures_is_read(process):
    assert process("Grüße", "image", "image/png").text == "Grüße"


def test_a_parser_that_runs_out_of_memory_fails_one_document_alone(process):
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="16000">'
    row = f'<table:table-row table:number-rows-repeated="2000">{cell}<text:p>x</text:p>'
    body = f'<table:table table:name="a">{row}</table:table-cell></table:table-row></table:table>'

    with pytest.raises(ProcessingFailed) as caught:
        process(files.open_document("spreadsheet", body), "document")

    assert caught.value.code == "processor_out_of_memory"
    assert process("still here", "document").text == "still here"


def test_a_pdf_that_inflates_to_a_gigabyte_fails_alone(process):
    bomb = files.pdf_bomb()

    with pytest.raises(ProcessingFailed) as caught:
        process(bomb, "document")

    assert len(bomb) < 20_000
    assert caught.value.code in ("processor_crashed", "processor_out_of_memory")
    assert process("still here", "document").text == "still here"


def test_the_worker_itself_imports_no_parser():
    program = """
import sys
from app.settings import Settings
from workers.assembly import build_processing
build_processing(Settings())
parsers = {"av", "pocketsphinx", "faster_whisper"}
parsers |= {"PIL", "numpy", "cv2", "rapidocr", "onnxruntime", "pypdfium2", "lxml", "bs4", "pptx"}
sys.exit(", ".join(parsers & set(sys.modules)) or None)
"""
    root = Path(__file__).parents[3]

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
