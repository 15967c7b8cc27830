"""A worker process whose processor does what each file says, so that tests can steer items.

    python -m tests.workers.scripted DATABASE_URL MEDIA_ROOT [SETTING=value ...]

A file holds lines of `word argument`: `text WORDS` gives the text, `fail CODE` fails, `hold FILE`
waits until FILE exists in the media folder, `cost USD`, `tokens N`. Every start of an item is
written to the file `started` in the media folder, a line each.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from decimal import Decimal
from pathlib import Path

import uvloop

from app.settings import Settings
from workers.processors.base import Extraction, Medium, ProcessingFailed
from workers.service import Worker

CAPACITY = {"audio": 0, "image": 4, "video": 0, "document": 4}


class ScriptedProcessor:
    """Does what the medium's file says."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def process(self, medium: Medium) -> Extraction:
        with (self._root / "started").open("a") as started:
            started.write(f"{medium.file_name}\n")
        words = dict(
            line.partition(" ")[::2] for line in medium.path.read_text().splitlines() if line
        )
        if "hold" in words:
            while not (self._root / words["hold"]).exists():  # noqa: ASYNC110 - a test makes it
                await asyncio.sleep(0.01)
        if "fail" in words:
            raise ProcessingFailed(words["fail"], "as the file said")
        return Extraction(
            text=words.get("text", ""),
            provider="local",
            model="scripted",
            cost_usd=Decimal(words.get("cost", "0")),
            tokens_used=int(words.get("tokens", "0")),
        )

    async def close(self) -> None:
        """Has nothing to give back."""


async def main(url: str, root: str, *settings: str) -> None:
    logging.basicConfig(level="INFO", filename=Path(root) / "log")
    values = dict(setting.split("=", 1) for setting in settings)
    chosen = Settings.model_validate({"BACKSCROLL_MEDIA_ROOT": root, **values})
    await Worker(chosen, url, url, ScriptedProcessor(Path(root)), CAPACITY).run()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
