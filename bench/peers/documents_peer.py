"""Reads documents with MarkItDown or Kreuzberg: `python documents_peer.py markitdown|kreuzberg`.

Files are named on standard input, a line each; for each it answers with a line of JSON: seconds
and text. The first answer comes before any file: `{"ready": true}` once everything is imported.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

Read = Callable[[str], str]


def markitdown() -> Read:
    from markitdown import MarkItDown

    reader = MarkItDown(enable_plugins=False)
    return lambda file: str(reader.convert_local(file).text_content)


def kreuzberg() -> Read:
    from kreuzberg import ExtractionConfig, extract_file_sync

    # Without what it remembers of files that it has read before.
    config = ExtractionConfig(use_cache=False)
    return lambda file: str(extract_file_sync(file, config=config).content)


def main() -> None:
    read = {"markitdown": markitdown, "kreuzberg": kreuzberg}[sys.argv[1]]()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        began = time.perf_counter()
        try:
            text = read(line.strip())
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "text": text}), flush=True)


if __name__ == "__main__":
    main()
