"""A real browser, Debian's chromium, driven through its DevTools protocol over two pipes."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes import PATIENCE_SECONDS

CHROMIUM = shutil.which("chromium")
_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--window-size=1200,2000",
    # Whatever leaves the machine is not even looked up.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
]  # fmt: skip


class Page:
    """One page, what it asked for, and what the browser had to complain of."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._received = b""
        self._last_id = 0
        self._session: str | None = None
        self.requested: list[str] = []
        """The addresses of all requests, in order."""
        self.complaints: list[str] = []
        """Errors that the console shows: of scripts, of the content security policy, of loading."""

    def open(self, url: str) -> None:
        """Opens `url` without waiting for what it loads."""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Network", "Log", "Runtime", "Page"):
            self._call(f"{domain}.enable")
        self._call("Page.navigate", url=url)

    def value(self, script: str) -> Any:
        """What a JavaScript expression comes to."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def awaited(self, script: str) -> Any:
        """The first value of `script` that is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (value := self.value(script)):
            assert time.monotonic() < deadline, f"in vain: {script}; {self.complaints}"
            time.sleep(0.05)
        return value

    def click(self, selector: str) -> None:
        """Clicks the first element of the selector, once there is one."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.awaited(f"{element} !== null")
        self.value(f"{element}.click()")

    def type(self, selector: str, text: str) -> None:
        """Types into a field, as a person does."""
        self.awaited(f"document.querySelector({json.dumps(selector)}) !== null")
        self.value(f"document.querySelector({json.dumps(selector)}).focus()")
        self._call("Input.insertText", text=text)

    def close(self) -> None:
        self._session = None
        self._call("Browser.close")

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            received = self._receive()
            if received.get("id") == self._last_id:
                assert "error" not in received, received
                result: dict[str, Any] = received["result"]
                return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._from], [], [], PATIENCE_SECONDS)
            more = os.read(self._from, 1 << 20) if ready else b""
            assert more, "the browser says nothing more"
            self._received += more
        text, _, self._received = self._received.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, event: str | None, facts: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requested.append(facts["request"]["url"])
        elif event == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.complaints.append(facts["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(facts["exceptionDetails"]))


@contextmanager
def browser() -> Iterator[Page]:
    """A browser with a profile of its own, gone at the end."""
    assert CHROMIUM is not None
    its_input, to_browser = os.pipe()
    from_browser, its_output = os.pipe()

    def as_it_wants_them() -> None:
        # Chromium reads file descriptor 3 and writes to 4; either may be in use as the other.
        reading, writing = os.dup(its_input), os.dup(its_output)
        os.dup2(reading, 3)
        os.dup2(writing, 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=as_it_wants_them,  # noqa: PLW1509 no thread runs beside it
            process_group=0,
            env={**os.environ, "HOME": str(Path(profile)), "NO_PROXY": "*"},
        )
        os.close(its_input)
        os.close(its_output)
        page = Page(to_browser, from_browser)
        try:
            yield page
            page.close()
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
            process.wait()
            os.close(to_browser)
            os.close(from_browser)
