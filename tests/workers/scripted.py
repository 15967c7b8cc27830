"""A worker process whose processor does what each file says, so that tests can steer items.

    python -m tests.workers.scripted DATABASE_URL MEDIA_ROOT [SETTING=value ...]

A file holds lines of `word argument`: `text WORDS` gives the text, `fail CODE` fails, `hold FILE`
waits until FILE exists in the media folder, `cost USD` and `tokens N` are what a provider charged
(the price book of a `Scene` has a dollar a second for it), `away REASON` finds no provider, after
paying for it if there is a cost, until the file `back` exists; `sent` is billed before it holds;
`turn FILE` waits until FILE exists, as for its turn at a provider, and then asks if it may begin;
`take SECONDS` lasts so long; `die NOW` kills the process. Every start of an item is written to the
file `started` in the media folder, a line each.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import uvloop

from app.settings import Settings
from workers.assembly import Processing
from workers.processors.base import (
    Extraction,
    Medium,
    ProcessingFailed,
    ProvidersAway,
    Usage,
)
from workers.providers.errand import current_errand
from workers.providers.gate import LateGate
from workers.service import Worker

CAPACITY = {"audio": 0, "image": 4, "video": 0, "document": 4}


class ScriptedProcessor:
    """Does what the medium's file says."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def process(self, medium: Medium) -> Extraction:
        with (self._root / "started").open("a") as started:
            started.write(f"{medium.file_name}\n")
        words = _words(medium)
        if "sent" in words:
            current_errand().note(_usage(words))
        if "hold" in words:
            while not (self._root / words["hold"]).exists():  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.01)
        if "turn" in words:
            while not (self._root / words["turn"]).exists():  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.01)
            await current_errand().begin()
        if "take" in words:
            await asyncio.sleep(float(words["take"]))
        if "die" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        if "away" in words and not (self._root / "back").exists():
            raise ProvidersAway(words["away"], _usage(words))
        if "fail" in words:
            raise ProcessingFailed(words["fail"], "as the file said")
        return Extraction(
            text=words.get("text", ""),
            provider="scripted" if "cost" in words else "local",
            model="scripted",
            usage=_usage(words),
        )

    def instant(self, content_type: str) -> None:
        """Everything goes through `process`."""

    def is_free(self, content_type: str) -> bool:
        """Files are opened and asked about together if there is a file `together` among them."""
        return (self._root / "together").exists()

    def models(self, content_type: str) -> Sequence[str]:
        return ("scripted",)

    def providers(self, content_type: str) -> Sequence[tuple[str, str]]:
        return (("scripted", "scripted"),)

    async def may_use(self, medium: Medium) -> Sequence[Usage]:
        return _usage(_words(medium))

    async def close(self) -> None:
        """Has nothing to give back."""


def _words(medium: Medium) -> dict[str, str]:
    lines = medium.path.read_text().splitlines()
    return dict(line.partition(" ")[::2] for line in lines if line)


def _usage(words: dict[str, str]) -> Sequence[Usage]:
    if "cost" not in words:
        return ()
    return (
        Usage(
            provider="scripted",
            model="scripted",
            audio_seconds=Decimal(words["cost"]),
            input_tokens=int(words.get("tokens", "0")),
        ),
    )


async def main(url: str, root: str, *settings: str) -> None:
    logging.basicConfig(level="INFO", filename=Path(root) / "log")
    values = dict(setting.split("=", 1) for setting in settings)
    chosen = Settings.model_validate({"BACKSCROLL_MEDIA_ROOT": root, **values})
    processing = Processing(ScriptedProcessor(Path(root)), CAPACITY, LateGate())
    await Worker(chosen, url, chosen.database_listen_url or url, processing).run()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
