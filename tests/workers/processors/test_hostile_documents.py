"""Documents that are broken, locked or meant to do harm."""

import random
import re

import pytest

from tests.workers.processors import files
from workers.processors.limits import MEGABYTE

OFFICE = "application/vnd.openxmlformats-officedocument"


def test_a_file_of_zero_bytes_is_empty(failure):
    assert failure(b"", "application/pdf").code == "file_empty"


def test_a_file_beyond_the_limit_is_too_large(failure):
    refused = failure(b"x" * 3 * MEGABYTE, file_bytes=MEGABYTE)

    assert (refused.code, refused.message) == ("file_too_large", "3.0 MB; at most 1 MB are read")


@pytest.mark.parametrize(
    "cut_off",
    [
        pytest.param(files.pdf("Text")[:150], id="pdf"),
        pytest.param(files.docx(files.word_paragraph("Text"))[:-60], id="docx"),
        pytest.param(files.xls([["Text"]])[:600], id="xls"),
        pytest.param(b"%PDF-1.7\n" + bytes(500), id="pdf of zeros"),
    ],
)
def test_a_file_that_is_cut_off_is_unreadable(failure, cut_off):
    assert failure(cut_off).code == "file_unreadable"


@pytest.mark.parametrize("mime_type", ["text/plain", "text/plain; charset=iso-8859-1"])
@pytest.mark.parametrize(
    "rubbish",
    [b"\x89\x00\x01\x02" * 500, random.Random(1).randbytes(5000), b"\x00\x01\x02\x03", bytes(100)],
    ids=["pattern", "noise", "short", "zeros"],
)
def test_rubbish_that_is_declared_as_text_is_unreadable(failure, rubbish, mime_type):
    failed = failure(rubbish, mime_type)

    assert (failed.code, failed.message) == (
        "file_unreadable",
        "declared as text/plain, but its content is not",
    )


def test_rubbish_is_unreadable_if_declared_as_a_document_and_else_unsupported(failure):
    rubbish = random.Random(7).randbytes(5000)

    assert failure(rubbish, "application/pdf").code == "file_unreadable"
    assert failure(rubbish, f"{OFFICE}.wordprocessingml.document").code == "file_unreadable"
    assert failure(rubbish, "application/octet-stream").code == "unsupported_format"
    assert failure(b"\x89\x00\x01\x02" * 500).code == "unsupported_format"


@pytest.mark.parametrize(
    "encrypted",
    [
        pytest.param(files.encrypted_pdf(), id="pdf"),
        pytest.param(
            files.compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"x"}), id="docx"
        ),
        pytest.param(
            files.open_document("text", "", manifest="<m:encryption-data/>"),
            id="odt",
        ),
    ],
)
def test_a_document_with_a_password_is_encrypted(failure, encrypted):
    assert failure(encrypted).code == "file_encrypted"


def test_an_archive_with_a_password_is_encrypted(failure):
    content = bytearray(files.docx(files.word_paragraph("Text")))
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1

    assert failure(bytes(content)).code == "file_encrypted"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(files.compound_file({"WordDocument": b"x"}), r"\.doc", id="doc"),
        pytest.param(files.compound_file({"PowerPoint Document": b"x"}), r"\.ppt", id="ppt"),
        pytest.param(files.zipped({"photo.jpg": b"x"}), "zip archive", id="zip"),
        pytest.param(files.zipped({"mimetype": "application/epub+zip"}), r"epub\+zip", id="epub"),
        pytest.param(files.encoded(files.picture(), "PNG"), "image/png", id="png"),
        pytest.param(b"\x1f\x8b\x08\x00" + bytes(range(256)), "application/gzip", id="gzip"),
        pytest.param("<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG", id="svg"),
    ],
)
def test_what_has_no_reader_is_unsupported_and_named(failure, content, message):
    refused = failure(content)

    assert refused.code == "unsupported_format"
    assert re.search(message, refused.message)


@pytest.mark.parametrize("name", ["word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"])
def test_a_zip_bomb_is_too_large_before_it_is_unpacked(failure, name):
    bomb = files.zipped({"[Content_Types].xml": "", name: bytes(40 * MEGABYTE)})

    assert len(bomb) < MEGABYTE
    assert failure(bomb).code == "file_too_large"
    assert failure(bomb, unpacked_bytes=30 * MEGABYTE).message.startswith("would unpack to 40 MB")


def test_a_zip_of_too_many_members_is_too_large(failure):
    members = {f"word/{number}": "" for number in range(20_001)}

    assert failure(files.zipped(members)).code == "file_too_large"


def test_a_value_in_the_farthest_cell_makes_a_sheet_too_large(failure):
    refused = failure(files.xlsx({"Far": {"A1": "here", "XFD1048576": "there"}}))

    assert refused.code == "file_too_large"
    assert refused.message == (
        "the values of a sheet span 1,048,576 rows and 16,384 columns; "
        "at most 5,000,000 cells are read"
    )


def test_far_cells_without_values_are_no_obstacle(read):
    text = read(files.xlsx({"Formatted": {"A1": "here", "XFD1048576": None}}))

    assert text == "## Formatted\n\n| here |\n| --- |"


def test_a_far_cell_is_seen_however_its_reference_is_written(failure):
    far = files.xlsx({"Far": {"A1": "here", "XFD1048576": "there"}}, quote="'")

    assert failure(far).code == "file_too_large"


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_html_is_read_however_deep_it_is_nested(read, depth):
    page = f"<html><body>{'<div>' * depth}deep{'</div>' * depth}<p>shallow</p></body></html>"

    assert read(page).split() == ["deep", "shallow"]


def test_deep_html_without_end_tags_is_read_too(read):
    assert "deep" in read("<html>" + "<blockquote><ul><li>" * 30_000 + "deep")


def test_json_is_read_however_deep_it_is_nested(read):
    deep = "[" * 200_000 + "]" * 200_000

    assert read(deep) == deep


def test_a_document_that_declares_entities_is_refused(failure):
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'

    refused = failure(files.open_document("text", "<text:p>&b;</text:p>", before=bomb))

    assert (refused.code, refused.message) == (
        "file_unreadable",
        "the document declares XML entities",
    )


def test_an_entity_never_opens_another_file(read, write):
    secret = write("the secret", "secret")
    declaration = f'<!DOCTYPE w [<!ENTITY s SYSTEM "file://{secret}">]>'
    body = files.word_paragraph("before &s; after")

    text = read(files.docx(body, before=declaration))

    assert text.split() == ["before", "after"]


def test_a_pdf_whose_page_tree_lies_gives_the_pages_there_are(read):
    lying = files.pdf("Only page").replace(b"/Count 1", b"/Count 2")

    assert read(lying) == "Only page\f[page 2 is damaged]"


def test_only_the_text_that_is_kept_is_read_of_a_long_pdf(read):
    pages = read(files.pdf(*["A page"] * 50), characters=20).split("\f")

    assert len(pages) == 4
