"""What `backscroll demo` does: the main job on a sample chat, from nothing to searchable text."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from typing import Any

import click
import httpx
import psycopg
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from app.cli.database_commands import psql_environment, psql_program
from app.cli.development_key import development_key
from app.cli.environment import DatabaseAddress, database
from app.cli.jobs.showing import show_estimate
from app.cli.run_commands import start_services, stop_services
from app.connecting import connect
from app.counted import counted
from app.migrate import migrate
from app.settings import Settings
from demo import SampleChat, load_sample_chat, make_sample_chat, unload_sample_chat
from demo.stand_in import Behaviour, StandIn

_PATIENCE_SECONDS = 60
_SHOWN_TEXTS = 5
_EXCERPT = 260

_SEARCH = """\
select m.platform_timestamp::date as sent, m.sender_display_name as by,
       substring(c.content from '(?i)[^\\n]{0,24}lantern[^\\n]{0,24}') as found
from media_content c join messages m on m.id = c.media_id
where c.content ilike '%lantern%'
order by m.platform_timestamp"""

_COUNTS = """\
select status, total_items, processed_items, failed_items, total_cost_usd
from batch_jobs where id = '{job_id}'"""

_AUDIT = "select count(*) as jobs_whose_counters_are_wrong from batch.audit()"


_PROVIDERS = ("GROQ", "OPENAI", "GEMINI")


class Demo:
    """The demo, in the home folder of its settings; what it shows goes to the console."""

    def __init__(self, settings: Settings, console: Console, providers: str) -> None:
        self._providers = providers
        self._settings = settings
        self._console = console
        self._log = settings.home / "services.log"

    def run(self) -> None:
        self._step("A PostgreSQL of its own, migrated")
        with database(self._settings, may_begin=True) as address:
            for line in migrate(address.url).done:
                self._say(line)

            self._step("A chat whose media nobody can search")
            chat = make_sample_chat(self._settings.media_folder)
            with connect(address.url, "backscroll demo") as connection:
                unload_sample_chat(connection, chat)
                load_sample_chat(connection, chat)
            self._show_chat(chat)

            bind = f"127.0.0.1:{_free_port()}"
            with contextlib.ExitStack() as stack:
                environment = self._environment(stack)
                log = stack.enter_context(self._log.open("wb"))
                services = start_services(address, bind, None, log, **environment)
                stack.callback(stop_services, services)
                with httpx.Client(
                    base_url=f"http://{bind}",
                    trust_env=False,
                    headers={"x-api-key": development_key(address, self._settings.home)},
                ) as api:
                    self._wait_until_ready(api, services)
                    job_id = self._run_job(api, services, chat)
                    self._show_failures(api, job_id)
                with psycopg.connect(address.url, autocommit=True) as connection:
                    self._show_texts(connection, chat)
                self._show_sql(address, job_id)
        self._show_what_next()

    def _environment(self, stack: contextlib.ExitStack) -> dict[str, str]:
        """What the services are told; a stand-in for the providers runs as long as `stack`."""
        environment = {"BACKSCROLL_MEDIA_ROOT": str(self._settings.media_folder)}
        if self._providers == "mine":
            return environment
        # Whoever tries this out should not pay for it by accident.
        for prefix in _PROVIDERS:
            environment |= {f"{prefix}_API_KEY": "", f"{prefix}_BASE_URL": ""}
        if self._providers == "stand-in":
            stand_in = stack.enter_context(StandIn())
            stand_in.default = Behaviour(latency=0.2)
            environment |= stand_in.environment
            self._say(f"a stand-in for Groq, OpenAI and Gemini at {stand_in.address}")
        return environment

    def _run_job(self, api: httpx.Client, services: list[Popen[bytes]], chat: SampleChat) -> str:
        request = {"jobType": "targeted_chat_sync", "chatId": chat.external_id}

        self._step("What would it cost?   POST /api/v1/batch-jobs/estimate")
        self._say(json.dumps(request))
        show_estimate(_answer(api.post("/api/v1/batch-jobs/estimate", json=request)), self._console)

        self._step("Do it.   POST /api/v1/batch-jobs")
        job = _answer(api.post("/api/v1/batch-jobs", json=request))
        self._say(f"201 Created, job {job['id']}, {job['status']}")
        self._watch(lambda: _answer(api.get(f"/api/v1/batch-jobs/{job['id']}/status")), services)
        return str(job["id"])

    def _watch(
        self, read_status: Callable[[], dict[str, Any]], services: list[Popen[bytes]]
    ) -> None:
        progress = Progress(
            TextColumn("  {task.fields[status]:<10}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f}  {task.fields[facts]}"),
            console=self._console,
            refresh_per_second=8,
        )
        with progress:
            task = progress.add_task("", total=1, status="pending", facts="")
            said_at = time.monotonic()
            while True:
                status = read_status()
                ended = status["processedItems"] + status["failedItems"]
                progress.update(
                    task,
                    total=max(1, status["totalItems"]),
                    completed=ended,
                    status=status["status"],
                    facts=_facts(status),
                )
                if not self._console.is_terminal and time.monotonic() - said_at > 2:
                    said_at = time.monotonic()
                    percent = status["progressPercent"]
                    self._say(f"{status['status']} {percent:5.1f} %  {_facts(status)}")
                if status["completedAt"]:
                    return
                self._check(services)
                time.sleep(0.2)

    def _show_chat(self, chat: SampleChat) -> None:
        media = [message for message in chat.messages if message.has_media]
        size = sum(message.size_bytes or 0 for message in media)
        self._say(
            f"'{chat.name}': {counted(len(chat.messages), 'message')}, {len(media)} with a medium,"
            f" {size / 2**20:.1f} MB in {self._settings.media_folder}"
        )
        kinds = Counter(message.kind for message in media)
        self._say(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))

    def _show_failures(self, api: httpx.Client, job_id: str) -> None:
        details = _answer(api.get(f"/api/v1/batch-jobs/{job_id}/details?limit=200"))
        self._step("What could not be read, and why   GET /api/v1/batch-jobs/{id}/details")
        grouped = Counter((item["errorCode"], item["error"]) for item in details["failedItems"])
        table = Table(box=None, pad_edge=False, padding=(0, 2))
        table.add_column("", justify="right")
        table.add_column("error code", no_wrap=True)
        table.add_column("reason", overflow="fold")
        for (code, reason), count in sorted(grouped.items()):
            table.add_row(str(count), code, reason)
        self._console.print(table)
        self._say(json.dumps(details["resultsSummary"]))

    def _show_texts(self, connection: psycopg.Connection[Any], chat: SampleChat) -> None:
        self._step("What was read, now beside the messages")
        shown: set[str | None] = set()
        wanted = {message.id for message in chat.messages if message.expected}
        for name, media_type, by, text in connection.execute(
            "select m.media_local_path, lower(m.media_mime_type), m.sender_display_name, c.content"
            " from public.media_content c join public.messages m on m.id = c.media_id"
            " where m.id = any (%s) and length(c.content) > 60"
            " order by m.platform_timestamp",
            [list(wanted)],
        ):
            if media_type not in shown and len(shown) < _SHOWN_TEXTS:
                shown.add(media_type)
                self._console.print(f"  [bold]{Path(name).name}[/bold] from {by}")
                excerpt = " ".join(text[:_EXCERPT].split())
                self._console.print(f"    {excerpt} ...", style="dim", markup=False)

    def _show_sql(self, address: DatabaseAddress, job_id: str) -> None:
        self._step("The same from SQL   backscroll psql")
        for query in (_COUNTS.format(job_id=job_id), _SEARCH, _AUDIT):
            self._console.print("  " + query.replace("\n", "\n  "), style="cyan", markup=False)
            answer = subprocess.run(
                [psql_program(address), "--no-psqlrc", "--pset=footer=off", "--command", query],
                env=psql_environment(address),
                capture_output=True,
                text=True,
                check=True,
            )
            for line in answer.stdout.splitlines():
                self._say(line)

    def _show_what_next(self) -> None:
        self._step("Nothing is left running. What to try next")
        program = Path(sys.argv[0]).name if Path(sys.argv[0]).is_absolute() else sys.argv[0]
        here = f"BACKSCROLL_HOME={self._settings.home} {program}"
        for command, meaning in (
            (f"{here} psql", "look around in this chat"),
            (f"{here} up", "API and worker on it, in the foreground"),
            (f"{program} up", "the same on an empty database of your own"),
            (f"DATABASE_URL=postgresql://... {program} up", "on your PostgreSQL, also Omni's"),
            (f"{program} --help", "everything else"),
        ):
            self._console.print(f"  [cyan]{command}[/cyan]\n      {meaning}", soft_wrap=True)

    def _wait_until_ready(self, api: httpx.Client, services: list[Popen[bytes]]) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self._check(services)
            try:
                if api.get("/readyz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise click.ClickException(f"the API did not answer; see {self._log}")

    def _check(self, services: list[Popen[bytes]]) -> None:
        if any(service.poll() is not None for service in services):
            tail = self._log.read_text(errors="replace")[-2000:]
            raise click.ClickException(f"a service ended by itself:\n{tail}")

    def _step(self, title: str) -> None:
        self._console.print(f"\n[bold green]==[/bold green] [bold]{title}[/bold]")

    def _say(self, text: str) -> None:
        self._console.print(f"  {text}", markup=False, soft_wrap=True)


def _facts(status: dict[str, Any]) -> str:
    facts = [f"{status['totalCostUsd']:.4f} USD", f"{status['failedItems']} failed"]
    if status["estimatedCompletion"]:
        ready = datetime.fromisoformat(status["estimatedCompletion"]) - datetime.now(UTC)
        facts.append(f"{max(0, ready.total_seconds()):.0f} s left")
    if status["currentItem"]:
        facts.append(status["currentItem"])
    return "  ".join(facts)


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise click.ClickException(f"the API answered {response.status_code}: {response.text}")
    answer: dict[str, Any] = response.json()
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
