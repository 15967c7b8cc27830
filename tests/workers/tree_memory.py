"""What a process and all its descendants hold in memory, sampled from a thread."""

import os
import threading
from pathlib import Path

PAGE = os.sysconf("SC_PAGESIZE")
SECONDS_BETWEEN = 0.01


class TreeMemory:
    """Watches this process's tree for as long as the context lasts; `peak_mb` is the most seen."""

    def __init__(self, except_own=False):
        self.peak_mb = 0
        self._except_own = except_own
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        # What other tests have left running for more than themselves, such as the API.
        self._others = set(descendants(os.getpid()))
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        while not self._ended.wait(SECONDS_BETWEEN):
            own = os.getpid()
            tree = descendants(own, self._others)
            if not self._except_own:
                tree.append(own)
            self.peak_mb = max(self.peak_mb, sum(map(held_bytes, tree)) // 2**20)


def descendants(process_id, others=()):
    """The ids of all processes below one that lives, without `others` and what is below them.

    One that has just been forked, and is no other program yet, has its parent's memory and none of
    its own.
    """
    found = []
    try:
        own = command(process_id)
        for task in Path(f"/proc/{process_id}/task").iterdir():
            for child in (task / "children").read_text().split():
                if int(child) not in others and command(child) != own:
                    found += [int(child), *descendants(int(child), others)]
    except OSError:
        pass  # it has ended meanwhile
    return found


def command(process_id):
    return Path(f"/proc/{process_id}/cmdline").read_bytes()


def held_bytes(process_id):
    try:
        return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0
