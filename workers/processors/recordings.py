"""The facts about recordings, found out once though asked for by several."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from workers.processors.media import at_sight, sound
from workers.processors.media.limits import MediaLimits
from workers.processors.media.sound import SoundFacts
from workers.sandbox import Sandbox

KEPT = 1250
"""As many as a worker may have in hand."""

FileKey = tuple[str, int, int, int]


def file_key(path: Path) -> FileKey:
    """Another for every file that was at this path."""
    facts = path.stat()
    return str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns


class Recordings:
    """Probes sound and film, mostly in a sandbox, which it closes in the end."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._facts: OrderedDict[FileKey, SoundFacts] = OrderedDict()

    async def facts(self, path: Path) -> SoundFacts:
        """See `media.sound.probe`, also for what it raises."""
        key = file_key(path)
        facts = self._facts.get(key)
        if facts is None:
            # It has just been hashed, so it comes from memory.
            facts = at_sight.facts_at_sight(path, MediaLimits())
            facts = self._facts[key] = facts or await sound.probe(self.sandbox, path)
            while len(self._facts) > KEPT:
                self._facts.popitem(last=False)
        return facts

    async def close(self) -> None:
        await self.sandbox.close()
