"""A client of Server-Sent Events for tests: a thread that reads, and events that can be awaited."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tests.processes import awaited


@dataclass(frozen=True)
class Sent:
    """One event as it came; `data` parsed."""

    name: str
    data: Any
    id: str | None


class Stream:
    """What a stream has sent so far."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.events: list[Sent] = []
        self.comments: list[str] = []
        self.last_id: str | None = None
        self.has_closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        name, data, number = "message", "", None
        with suppress(httpx.HTTPError, httpx.StreamError, AttributeError):
            for line in self.response.iter_lines():
                field, _, value = line.partition(": ")
                if not line:
                    self.last_id = number or self.last_id
                    if data:
                        self.events.append(Sent(name, json.loads(data), number))
                    name, data, number = "message", "", None
                elif field == "":
                    self.comments.append(value)
                elif field == "event":
                    name = value
                elif field == "data":
                    data += value
                elif field == "id":
                    number = value
        self.has_closed = True

    def named(self, name: str) -> list[Any]:
        return [event.data for event in list(self.events) if event.name == name]

    def lives(self) -> list[str]:
        """The types of the life events, in order."""
        return [event["type"] for event in self.named("life")]

    def statuses(self) -> list[str]:
        """The statuses in order, each told once."""
        told = [state["status"] for state in self.named("job")]
        return [
            status for before, status in zip([None, *told], told, strict=False) if status != before
        ]

    def wait_for(self, condition: Callable[[Stream], Any]) -> Any:
        return awaited(lambda: condition(self))

    def wait_for_end(self) -> str:
        """The reason that the stream gave for its end, after which it was closed."""
        self.wait_for(lambda stream: stream.has_closed)
        *_, last = self.events
        assert last.name == "end", self.events
        return str(last.data["reason"])


@contextmanager
def watching(
    client: httpx.Client, path: str, last_event_id: str | int | None = None, **headers: str
) -> Iterator[Stream]:
    if last_event_id is not None:
        headers["Last-Event-ID"] = str(last_event_id)
    with client.stream("GET", path, headers=headers, timeout=60) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "text/event-stream"
        stream = Stream(response)
        yield stream
