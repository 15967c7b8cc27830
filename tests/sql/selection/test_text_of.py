"""batch.text_of and batch.processing_type_of: where the text of a medium stands."""

from __future__ import annotations

import pytest

from tests.database import Sql

COLUMNS = ("in transcription", "in image", "in video", "in document")


@pytest.mark.parametrize(
    ("content_type", "text", "processing_type"),
    [
        ("audio", "in transcription", "transcription"),
        ("image", "in image", "description"),
        ("video", "in video", "description"),
        ("document", "in document", "extraction"),
    ],
)
def test_each_content_type_has_its_column_and_its_processing_type(
    sql: Sql, content_type: str, text: str, processing_type: str
) -> None:
    assert sql.value("select batch.text_of(%s, %s, %s, %s, %s)", content_type, *COLUMNS) == text
    assert sql.value("select batch.processing_type_of(%s)", content_type) == processing_type
