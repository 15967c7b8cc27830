"""batch.content_type_of: from MIME types to content types."""

from __future__ import annotations

import pytest

from tests.database import Sql

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"


@pytest.mark.parametrize(
    ("mime_type", "content_type"),
    [
        ("audio/ogg", "audio"),
        ("audio/ogg; codecs=opus", "audio"),
        ("audio/ogg;codecs=opus", "audio"),
        ("AUDIO/OGG; CODECS=OPUS", "audio"),
        ("audio/mpeg", "audio"),
        ("audio/x-wav", "audio"),
        ("application/ogg", "audio"),
        ("image/jpeg", "image"),
        ("Image/JPEG", "image"),
        ("image/png; foo=bar", "image"),
        ("image/heic", "image"),
        ("image/svg+xml", "image"),
        ("image/webp", "image"),
        ("video/mp4", "video"),
        ("video/mp4; codecs=avc1", "video"),
        ("VIDEO/QUICKTIME", "video"),
        ("video/3gpp", "video"),
        ("application/mp4", "video"),
    ],
)
def test_sounds_pictures_and_films_are_told_by_their_family(
    sql: Sql, mime_type: str, content_type: str
) -> None:
    assert sql.value("select batch.content_type_of(%s)", mime_type) == content_type


@pytest.mark.parametrize(
    "mime_type",
    [
        "application/pdf",
        "application/x-pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/msexcel",
        "application/vnd.ms-powerpoint",
        "application/mspowerpoint",
        "application/vnd.visio",
        "application/vnd.ms-outlook",
        "application/vnd.ms-excel.sheet.macroEnabled.12",
        "application/vnd.ms-word.document.macroEnabled.12",
        "application/vnd.ms-powerpoint.slideshow.macroEnabled.12",
        f"{OFFICE}.wordprocessingml.document",
        f"{OFFICE}.spreadsheetml.sheet",
        f"{OFFICE}.presentationml.presentation",
        f"{OFFICE}.presentationml.slideshow",
        f"{OFFICE}.wordprocessingml.template",
        f"{OPEN}.text",
        f"{OPEN}.spreadsheet",
        f"{OPEN}.presentation",
        f"{OPEN}.text-template",
        "application/vnd.apple.pages",
        "application/vnd.apple.numbers",
        "application/vnd.apple.keynote",
        "application/rtf",
        "application/x-rtf",
        "application/json",
        "application/x-ndjson",
        "application/xml",
        "application/xhtml+xml",
        "application/csv",
        "application/yaml",
        "application/epub+zip",
        "application/x-subrip",
        "text/rtf",
        "text/plain",
        "text/csv",
        "text/markdown",
        "text/html",
        "text/vcard",
        "text/calendar",
    ],
)
@pytest.mark.parametrize("written", ["{}", "{}; charset=utf-8", "{} ;name=a.b"])
def test_every_usual_office_type_is_a_document(sql: Sql, mime_type: str, written: str) -> None:
    written = written.format(mime_type)

    assert sql.value("select batch.content_type_of(%s)", written) == "document"
    assert sql.value("select batch.content_type_of(%s)", written.upper()) == "document"


@pytest.mark.parametrize(
    "mime_type",
    [
        "application/octet-stream",
        "application/zip",
        "application/vnd.android.package-archive",
        "application/x-msdownload",
        "application/pdfx",
        "application/",
        "model/gltf+json",
        "font/woff",
        "multipart/mixed",
        "audio",
        "imageXjpeg",
        "nonsense",
        "; charset=utf-8",
        " ",
    ],
)
def test_what_cannot_become_text_has_no_content_type(sql: Sql, mime_type: str) -> None:
    assert sql.value("select batch.content_type_of(%s, 'image')", mime_type) is None


@pytest.mark.parametrize("missing", [None, ""])
@pytest.mark.parametrize(
    ("message_type", "content_type"),
    [
        ("audio", "audio"),
        ("voice", "audio"),
        ("ptt", "audio"),
        ("image", "image"),
        ("sticker", "image"),
        ("STICKER", "image"),
        ("video", "video"),
        ("gif", "video"),
        ("document", "document"),
        ("text", None),
        ("location", None),
        ("", None),
        (None, None),
    ],
)
def test_without_a_mime_type_the_type_of_the_message_decides(
    sql: Sql, missing: str | None, message_type: str | None, content_type: str | None
) -> None:
    assert sql.value("select batch.content_type_of(%s, %s)", missing, message_type) == content_type


def test_a_mime_type_goes_before_the_type_of_the_message(sql: Sql) -> None:
    assert sql.value("select batch.content_type_of('image/webp', 'document')") == "image"
