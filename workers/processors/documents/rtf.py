"""Rich Text Format."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from workers.processors.limits import DocumentLimits

MODEL = f"striprtf-{version('striprtf')}"


def read(path: Path, _limits: DocumentLimits) -> Iterator[str]:
    """The text. RTF is ASCII; other characters are escaped in the code page that it names."""
    source = path.read_bytes().decode("latin-1")
    yield rtf_to_text(source, errors="replace")  # type: ignore[no-untyped-call]
