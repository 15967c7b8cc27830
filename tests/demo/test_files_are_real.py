"""The files of the sample chat open with the libraries that read such files, and say their words.

Sound and film are checked by their structure; pictures are opened, not read.
"""

from __future__ import annotations

import struct
import wave
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import mammoth
import pypdfium2
import pytest
from lxml import etree
from PIL import Image, ImageOps
from pptx import Presentation
from python_calamine import CalamineWorkbook
from striprtf.striprtf import rtf_to_text

from demo import SampleChat, SampleMessage, make_sample_chat


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def chat(root: Path) -> SampleChat:
    return make_sample_chat(root, now=datetime.fromisoformat("2025-11-23T18:00:00"))


@pytest.fixture(scope="module")
def opened(root: Path, chat: SampleChat) -> Callable[..., Iterator[tuple[SampleMessage, bytes]]]:
    """The messages of a kind whose file name has one of the endings, with their bytes."""

    def files(kind: str, *endings: str) -> Iterator[tuple[SampleMessage, bytes]]:
        for message in chat.messages:
            path = message.local_path
            if message.kind == kind and path is not None and path.endswith(endings):
                yield message, (root / path).read_bytes()

    return files


Opened = Callable[..., Iterator[tuple[SampleMessage, bytes]]]


def missing(message: SampleMessage, text: str) -> list[str]:
    return [word for word in message.expected if word.lower() not in text.lower()]


def pdf_pages(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def test_pdf_text_can_be_selected(opened: Opened) -> None:
    pdfs = {
        m.local_path.split("-", 6)[-1]: (m, c)
        for m, c in opened("document", ".pdf")
        if m.local_path
    }
    scanned = {"logbook.pdf", "archive.pdf"}

    for name in pdfs.keys() - scanned:
        message, content = pdfs[name]
        text = " ".join(" ".join(pdf_pages(content)).split())
        assert missing(message, text) == [], name

    assert len(pdfs.keys() - scanned) == 8


def test_one_pdf_is_only_a_scan_and_one_is_half_a_scan(opened: Opened) -> None:
    ((_, scan),) = opened("document", "logbook.pdf")
    ((_, mixed),) = opened("document", "archive.pdf")

    assert [bool(text) for text in pdf_pages(scan)] == [False]
    assert [bool(text) for text in pdf_pages(mixed)] == [True, False]


def test_word_documents_open(opened: Opened) -> None:
    found = list(opened("document", ".docx"))

    assert len(found) == 8
    for message, content in found:
        text = mammoth.extract_raw_text(BytesIO(content)).value
        assert missing(message, text) == []


def test_workbooks_open_with_numbers_as_numbers(opened: Opened) -> None:
    found = list(opened("document", ".xlsx"))

    assert len(found) == 4
    for message, content in found:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        rows = [
            row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()
        ]
        assert missing(message, str(rows)) == []
        if (message.local_path or "").endswith("budget.xlsx"):
            assert ["Larch and oak", 2000.0, 1960.0] in rows


def test_slides_open_with_their_notes(opened: Opened) -> None:
    found = list(opened("document", ".pptx"))

    assert len(found) == 2
    for message, content in found:
        slides = list(Presentation(BytesIO(content)).slides)
        said = [s.text_frame.text for slide in slides for s in slide.shapes]
        noted = [slide.notes_slide.notes_text_frame.text for slide in slides]
        assert all(noted)
        assert missing(message, "\n".join(said + noted)) == []


def test_rich_text_opens_also_when_it_is_called_doc(opened: Opened) -> None:
    found = list(opened("document", ".rtf", ".doc"))

    assert len(found) == 3
    for message, content in found:
        assert missing(message, rtf_to_text(content.decode("ascii"))) == []


def test_opendocument_texts_open_and_name_their_type_first(opened: Opened) -> None:
    found = list(opened("document", ".odt"))

    assert len(found) == 2
    for message, content in found:
        with ZipFile(BytesIO(content)) as archive:
            assert archive.namelist()[0] == "mimetype"
            body = etree.fromstring(archive.read("content.xml"))
        assert missing(message, "\n".join(body.itertext())) == []


def test_pictures_open_and_are_small_enough_to_read_quickly(opened: Opened) -> None:
    for _, content in opened("picture", ".jpg", ".png", ".webp"):
        with Image.open(BytesIO(content)) as picture:
            picture.load()
            assert max(picture.size) <= 1000


def test_one_picture_lies_on_its_side_and_says_so(opened: Opened) -> None:
    ((_, content),) = opened("picture", "varnish.jpg")

    with Image.open(BytesIO(content)) as picture:
        assert picture.getexif()[0x0112] == 6
        upright = ImageOps.exif_transpose(picture)
        assert upright.size == (picture.height, picture.width)


def test_stickers_are_webp_with_transparent_corners(opened: Opened) -> None:
    ((_, content),) = opened("picture", "ahoy.webp")

    with Image.open(BytesIO(content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (512, 512))
        assert picture.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


def test_wav_files_last_as_long_as_they_say(opened: Opened) -> None:
    found = list(opened("audio", ".wav"))

    assert len(found) == 8
    for message, content in found:
        with wave.open(BytesIO(content)) as sound:
            assert sound.getnframes() / sound.getframerate() == message.duration_seconds
            assert len(set(sound.readframes(-1))) > 50


def test_voice_notes_are_ogg_opus_and_end_at_their_duration(opened: Opened) -> None:
    found = list(opened("audio", ".ogg"))

    assert len(found) == 3
    for message, content in found:
        assert content.startswith(b"OggS")
        assert content[28:36] == b"OpusHead"
        last = content[content.rindex(b"OggS") :]
        flags, position = struct.unpack_from("<Bq", last, 5)
        assert flags == 4
        assert position / 48000 == message.duration_seconds


def test_the_film_is_a_chain_of_whole_boxes(opened: Opened) -> None:
    ((_, content),) = opened("video", "launch.mov")

    names, offset = [], 0
    while offset < len(content):
        size, name = struct.unpack_from(">I4s", content, offset)
        names.append(name)
        offset += size

    assert names == [b"ftyp", b"mdat", b"moov"]
    assert offset == len(content)


def test_the_locked_pdf_asks_for_a_password(opened: Opened) -> None:
    ((_, content),) = opened("hostile", "bank-statement.pdf")

    with pytest.raises(pypdfium2.PdfiumError, match="password"):
        pypdfium2.PdfDocument(content)


def test_the_huge_picture_has_four_hundred_megapixels_in_few_bytes(opened: Opened) -> None:
    ((message, content),) = opened("hostile", "lines-drawing.png")

    width, height = struct.unpack_from(">II", content, 16)

    assert width * height == 400_000_000
    assert (message.size_bytes or 0) < 100_000


def test_the_half_picture_starts_like_a_picture_and_cannot_be_loaded(opened: Opened) -> None:
    ((_, content),) = opened("hostile", "half-a-barn.png")

    with Image.open(BytesIO(content)) as picture, pytest.raises(OSError, match="truncated"):
        picture.load()
