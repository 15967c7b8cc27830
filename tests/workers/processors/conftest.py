import asyncio

import pytest

from app.settings import Settings
from workers.assembly import build_processing
from workers.processors.base import Medium, ProcessingFailed
from workers.processors.documents import read_document
from workers.processors.limits import DocumentLimits


@pytest.fixture
def write(tmp_path):
    """Writes bytes, or a text in UTF-8, to a new file."""

    def write(content, name="medium"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def read(write):
    """Reads a document in this process: its text, pages separated by a form feed."""

    def read(content, mime_type=None, **limits):
        from dataclasses import asdict

        path = write(content)
        document = read_document(str(path), mime_type, asdict(DocumentLimits(**limits)))
        return "\f".join(document["texts"])

    return read


@pytest.fixture
def failure(read):
    """How a document fails to be read in this process."""

    def failure(content, mime_type=None, **limits):
        with pytest.raises(ProcessingFailed) as caught:
            read(content, mime_type, **limits)
        return caught.value

    return failure


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """Sends a file through the registry, in one event loop and with one set of processes."""
    folder = tmp_path_factory.mktemp("media")

    with asyncio.Runner() as runner:
        registry = build_processing(Settings(BACKSCROLL_DOCUMENT_PROCESSES=1)).registry

        def process(content, content_type, mime_type=None):
            path = folder / "medium"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            medium = Medium(path, content_type, mime_type)
            return runner.run(registry.process(medium))

        yield process
        runner.run(registry.close())
