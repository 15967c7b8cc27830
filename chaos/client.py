"""A user with an API key, who creates, pauses, resumes, changes, retries and cancels jobs.

Requests that get no answer, or a 503, are sent again, to the other API process; those that create
carry an Idempotency-Key, so that they create once.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import psycopg

from chaos.plan import Event
from chaos.world import Failed, World

JOBS = "/api/v1/batch-jobs"
_PATIENCE_SECONDS = 90.0
_BURST, _FLAPS, _STORM = 12, 8, 6
_AWAY = (502, 503, 504)


class Client:
    """Does the plan's actions, and reads what it has begun."""

    def __init__(self, world: World) -> None:
        self.done: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.jobs: list[str] = []
        self.over = threading.Event()
        self._world = world
        self._numbers = itertools.count(1)
        self._http = httpx.Client(trust_env=False, timeout=8, headers={"x-api-key": world.api_key})

    def close(self) -> None:
        self._http.close()

    def do(self, event: Event) -> None:
        """Raises Failed for an answer that no user should get."""
        match event.kind:
            case "create":
                self._create(event)
            case "burst":
                for _ in range(_BURST):
                    self._create(event, limit=3)
            case "flap":
                for number in range(_FLAPS):
                    self._post(event.which, "resume" if number % 2 else "pause")
                    self.over.wait(0.1)
            case "storm":
                for number in range(_STORM):
                    self._post(event.which + number, "cancel")
            case "change":
                self._to(event.which, "PATCH", "", event.request)
            case "retry":
                self._retry(event.which)
            case "delete messages":
                self._delete_messages(event.which)
            case action:
                self._post(event.which, action)
        self.done[event.kind] += 1

    def resume_paused(self) -> int:
        """Resumes and lifts the budget of what Backscroll has paused. How many have not ended."""
        page = self._ask("GET", f"{JOBS}?limit=200", {}).json()
        open_jobs = [job for job in page["items"] if job["completedAt"] is None]
        for job in open_jobs:
            if job["status"] == "paused":
                if job["pauseReason"] == "budget":
                    self._ask("PATCH", f"{JOBS}/{job['id']}", {"maxCostUsd": None})
                self._ask("POST", f"{JOBS}/{job['id']}/resume", {})
        return len(open_jobs)

    def poll(self, which: int) -> None:
        """Reads a job as somebody who watches it."""
        if self.jobs:
            job = self.jobs[which % len(self.jobs)]
            for path in ("", "/status", "/details?limit=20", "/events"):
                self._ask("GET", f"{JOBS}/{job}{path}", {})

    def _create(self, event: Event, **more: Any) -> None:
        request = {**event.request, **more}
        if request["jobType"] == "targeted_chat_sync":
            request["chatId"] = str(self._world.chats[event.which % len(self._world.chats)])
        self._created(self._ask("POST", JOBS, request, f"create-{next(self._numbers)}"))

    def _retry(self, which: int) -> None:
        if self.jobs:
            job = self.jobs[which % len(self.jobs)]
            key = f"retry-{next(self._numbers)}"
            self._created(self._ask("POST", f"{JOBS}/{job}/retry", {}, key))

    def _created(self, answer: httpx.Response) -> None:
        if answer.status_code in (200, 201):
            self.jobs.append(answer.json()["id"])

    def _post(self, which: int, action: str) -> None:
        self._to(which, "POST", f"/{action}", {})

    def _to(self, which: int, method: str, path: str, body: Mapping[str, Any]) -> None:
        if self.jobs:
            self._ask(method, f"{JOBS}/{self.jobs[which % len(self.jobs)]}{path}", body)

    def _ask(
        self, method: str, path: str, body: Mapping[str, Any], key: str | None = None
    ) -> httpx.Response:
        began = time.monotonic()
        apis = itertools.cycle(self._world.apis)
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            address = f"http://127.0.0.1:{next(apis).port}"
            try:
                answer = self._http.request(
                    method, address + path, json=body if method != "GET" else None, headers=headers
                )
            except httpx.TransportError as error:
                said: object = error
            else:
                said = f"{answer.status_code} {answer.text}"
                self.answers[answer.status_code] += 1
                if answer.status_code in (200, 201, 409):
                    return answer
                if answer.status_code not in _AWAY:
                    raise Failed(f"{method} {path} was answered with {said}")
            if self.over.is_set():
                raise Failed(f"{method} {path} was not answered before the run was over: {said}")
            if time.monotonic() - began > _PATIENCE_SECONDS:
                raise Failed(f"{method} {path} was not answered for {_PATIENCE_SECONDS} s: {said}")
            self.over.wait(0.2)

    def _delete_messages(self, which: int) -> None:
        """As the platform does when people delete theirs; half of them leave no row."""
        while not self.over.is_set():
            try:
                with self._world.session() as session:
                    session.execute("set lock_timeout = '2s'")
                    session.execute(
                        "with few as (select id from public.messages order by id offset %s limit 3)"
                        " update public.messages as m set status = 'deleted'"
                        " from few where m.id = few.id",
                        [which % 200],
                    )
                    session.execute(
                        "delete from public.messages where id in"
                        " (select id from public.messages order by id offset %s limit 2)",
                        [which % 150],
                    )
            except psycopg.OperationalError:
                self.over.wait(0.3)
            else:
                return
