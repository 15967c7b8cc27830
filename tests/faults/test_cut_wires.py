"""Machines of their own, and a wire that swallows packets: nothing is closed, nothing answers.

Every test has new machines beside that of the database, each in a network namespace. Connections
notice within two seconds that nobody answers, instead of ten.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from PIL import Image

from app.connecting import connect
from app.embedded import EmbeddedPostgres
from app.migrate import migrate
from demo.stand_in import Behaviour, StandIn
from tests.api.conftest import JOBS, assert_problem, key_header, served
from tests.conftest import _clone
from tests.database import Sql, add_chat, beside, open_sql
from tests.network import Host, Network, network
from tests.processes import BACKSCROLL, Program, answers, awaited, running
from tests.scene import NO_DEATHS, Scene, Workers, wait_until

NOTICES = (
    "tcp_user_timeout=2000&keepalives_idle=1&keepalives_interval=1&keepalives_count=1"
    "&connect_timeout=2"
)
CLAIMED = 15.0
"""Seconds within which a lost worker's slices run elsewhere, and the API has answered."""


@dataclass(frozen=True)
class Site:
    """The wire, and the database on a machine of its own."""

    wire: Network
    machine: Host
    server: EmbeddedPostgres

    def new_host(self) -> Host:
        return self.wire.host()

    def cut(self, *hosts: Host) -> None:
        """Cuts these off from the database, and from nothing else."""
        for host in hosts:
            self.wire.cut(host, self.machine)

    def mend(self, *hosts: Host) -> None:
        for host in hosts:
            self.wire.mend(host, self.machine)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    home = Path(tempfile.mkdtemp(prefix="backscroll-test-"))
    try:
        with network() as wire:
            machine = wire.host()
            version = int(os.environ.get("BACKSCROLL_TEST_PG", "18"))
            options = {"fsync": "off", "listen_addresses": machine.address}
            server = EmbeddedPostgres(home, version, options)
            with ExitStack() as held:
                with machine.inside():
                    server.start()
                held.callback(server.stop)
                migrate(server.url)
                with open_sql(server.url) as sql:
                    with Path(sql.value("show hba_file")).open("a") as allowed:
                        allowed.write(f"host all all {wire.addresses} trust\n")
                    sql.run("select pg_reload_conf()")
                yield Site(wire, machine, server)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def socket_url(site: Site) -> Iterator[str]:
    """The test's own database, by the way that is never cut."""
    yield from _clone(site.server, "backscroll")


@pytest.fixture
def wired_url(site: Site, socket_url: str) -> str:
    """The same over the wire."""
    name = socket_url.partition("@/")[2].partition("?")[0]
    return f"postgresql://postgres@{site.machine.address}/{name}?{NOTICES}"


@pytest.fixture
def sql(socket_url: str) -> Iterator[Sql]:
    with open_sql(socket_url) as session:
        yield session


@pytest.fixture
def scene(sql: Sql, wired_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A chat whose media are scripts; its workers reach the database over the wire."""
    workers = Workers(wired_url, tmp_path)
    yield Scene(sql, workers)
    workers.end()


@pytest.fixture
def latecomers(wired_url: str, tmp_path: Path) -> Iterator[Workers]:
    """Workers whose log is their own."""
    (folder := tmp_path / "latecomers").mkdir()
    workers = Workers(wired_url, folder)
    yield workers
    workers.end()


@pytest.fixture
def stand_in(site: Site) -> Iterator[StandIn]:
    """A provider on a machine of its own."""
    machine = site.new_host()
    with machine.inside():
        made = StandIn(host=machine.address)
    with made:
        yield made


class Pictures:
    """A chat with pictures, and real workers that have a provider describe them."""

    def __init__(self, sql: Sql, url: str, stand_in: StandIn, folder: Path) -> None:
        self._sql = sql
        self._chat = add_chat(sql)
        self._folder = folder
        self._settings = {
            "DATABASE_URL": url,
            "BACKSCROLL_MEDIA_ROOT": str(folder),
            "BACKSCROLL_IMAGE_CHAIN": "openai",
            "OPENAI_API_KEY": "a-key",
            "OPENAI_BASE_URL": stand_in.base_url("openai"),
        }

    def create(self, count: int) -> UUID:
        """A job over so many pictures, every one of them another."""
        for number in range(count):
            name = f"{number}.png"
            Image.new("RGB", (64, 64), (number % 256, 100, number // 256)).save(self._folder / name)
            self._chat.add("image/png", media_local_path=name)
        return self._sql.create(
            jobType="targeted_chat_sync", chatId=str(self._chat.id), lanes=LANES
        )

    @contextmanager
    def workers(self, *hosts: Host, **settings: str) -> Iterator[list[Program]]:
        """A worker on each host, ready for items."""
        with ExitStack() as held:
            started = []
            for host in hosts:
                with host.inside():
                    program = running([*BACKSCROLL, "worker"], **self._settings, **settings)
                    started.append(held.enter_context(program))
            for worker in started:
                worker.wait_until_it_says("is ready for")
            yield started


@pytest.fixture
def pictures(sql: Sql, wired_url: str, stand_in: StandIn, tmp_path: Path) -> Pictures:
    return Pictures(sql, wired_url, stand_in, tmp_path)


def stop(workers: list[Program]) -> list[int]:
    """Their exit statuses."""
    for worker in workers:
        worker.process.terminate()
    return [worker.process.wait(30) for worker in workers]


LANES = 18
"""More than one worker takes, so that the other has some of the job too."""
MANY = LANES * 16
"""Items enough for that: the slices of a job begin with so many."""


def holders(sql: Sql) -> int:
    """How many workers hold slices."""
    return int(
        sql.value("select count(distinct worker_id) from batch.slices where state = 'running'")
    )


def test_limits_and_lanes_hold_over_workers_on_several_machines(
    site: Site, sql: Sql, pictures: Pictures, stand_in: StandIn
) -> None:
    sql.run("insert into batch.provider_limits values ('openai', null, 4)")
    gate = threading.Event()
    stand_in.always("openai", Behaviour(hold=gate))
    job_id = pictures.create(MANY)
    most_lanes = 0

    with pictures.workers(site.new_host(), site.new_host()) as workers:
        awaited(lambda: holders(sql) == 2 and stand_in.most_at_once == 4)
        gate.set()
        while sql.job(job_id)["status"] != "completed":
            lanes = sql.value("select count(*) from batch.slices where state <> 'done'")
            most_lanes = max(most_lanes, lanes)
            assert sql.rows("select * from batch.audit()") == []
        assert stop(workers) == [0, 0]

    assert sql.job(job_id)["processed_items"] == MANY
    assert sql.value("select count(distinct worker_id) from batch.item_results") == 2
    assert stand_in.asked("openai") == MANY
    assert stand_in.most_at_once == 4
    assert most_lanes <= LANES


def test_the_slices_of_a_worker_that_is_cut_off_run_elsewhere_and_it_comes_back(
    site: Site, scene: Scene
) -> None:
    sql = scene.sql
    one, other = site.new_host(), site.new_host()
    scene.add("text in hand\nhold go", count=MANY)
    job_id = scene.create(lanes=LANES)
    # Longer than the machine may keep one of them from saying that it lives, while all is well.
    silence = "BACKSCROLL_WORKER_TIMEOUT=4"
    with one.inside():
        cut_off = scene.workers.start(silence)
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")
    lost = sql.value("select max(id) from batch.workers")
    with other.inside():
        stays = scene.workers.start(silence)
    wait_until(lambda: holders(sql) == 2, "both to have slices")

    site.cut(one)
    began = time.monotonic()
    while sql.value("select count(*) from batch.slices where worker_id = %s", lost):
        assert sql.rows("select * from batch.audit()") == []
    wait_until(lambda: sql.value("select count(*) from batch.slices where attempts > 1"), "them")
    assert time.monotonic() - began < CLAIMED
    scene.workers.release("go")
    job = scene.wait_for(job_id, status="completed")
    wait_until(lambda: "cannot listen" in scene.workers.said(), "it to notice")
    assert cut_off.poll() is None
    assert job["processed_items"] == MANY
    assert len(scene.workers.started()) == MANY + 4
    scene.assert_sound(job_id)

    before = sql.rows("select * from batch.item_results order by seq")
    stays.terminate()
    assert stays.wait(30) == 0
    site.mend(one)
    scene.add("text after all", count=5)
    again = scene.create()
    scene.wait_for(again, status="completed", processed_items=5, skipped_items=MANY)
    cut_off.terminate()
    assert cut_off.wait(30) == 0

    assert sql.rows("select * from batch.item_results where job_id = %s order by seq", job_id) == (
        before
    )
    assert sql.rows(
        "select distinct worker_id from batch.item_results where job_id = %s", again
    ) == [(lost,)]
    scene.assert_sound(job_id)
    scene.assert_sound(again)


def test_what_was_made_while_all_workers_were_cut_off_is_recorded_and_not_paid_for_again(
    site: Site, sql: Sql, pictures: Pictures, stand_in: StandIn
) -> None:
    hosts = site.new_host(), site.new_host()
    gate = threading.Event()
    stand_in.always("openai", Behaviour(hold=gate))
    job_id = pictures.create(MANY)
    # They are cut off for longer than that, and all are there again within it: each tries every two
    # seconds, and then has to get its turns on a machine that may be busy.
    settings = {"BACKSCROLL_WORKER_TIMEOUT": "10", "BACKSCROLL_HEARTBEAT": "0.5"}
    silent = (
        "select bool_and(last_seen_at < clock_timestamp() - interval '10 s') from batch.workers"
    )

    with pictures.workers(*hosts, **settings) as workers:
        awaited(lambda: stand_in.asked("openai") == MANY and holders(sql) == 2)
        site.cut(*hosts)
        gate.set()
        awaited(lambda: sql.value(silent))
        awaited(lambda: all("results wait for the database" in each.said() for each in workers))
        assert sql.job(job_id)["processed_items"] == 0

        site.mend(*hosts)
        awaited(lambda: sql.job(job_id)["status"] == "completed")
        assert stop(workers) == [0, 0]

    assert sql.job(job_id)["processed_items"] == MANY
    assert stand_in.asked("openai") == MANY
    assert sql.rows("select * from batch.audit()") == []


def test_workers_that_are_told_to_stop_while_they_are_cut_off_stop_in_their_time(
    site: Site, scene: Scene, latecomers: Workers
) -> None:
    hosts = [site.new_host() for _ in range(3)]
    scene.add("text in hand\nhold go", count=4)
    site.cut(hosts[2])
    settings = ("BACKSCROLL_STOP_GRACE=0.5", NO_DEATHS)
    with hosts[2].inside():
        waiting = latecomers.start(*settings)
    with hosts[0].inside():
        holding = scene.workers.start(*settings)
    job_id = scene.create()
    wait_until(lambda: len(scene.workers.started()) == 4, "items to begin")
    with hosts[1].inside():
        idle = scene.workers.start(*settings)
    wait_until(lambda: scene.sql.value("select count(*) from batch.workers") == 2, "the other")
    wait_until(lambda: "error connecting" in latecomers.said(), "the third to find nothing")
    site.cut(*hosts[:2])
    scene.workers.release("go")
    wait_until(
        lambda: "results wait for the database (4)" in scene.workers.said(), "all items to end"
    )
    workers = (holding, idle, waiting)

    began = time.monotonic()
    for worker in workers:
        worker.terminate()

    assert [worker.wait(30) for worker in workers] == [0, 0, 0]
    assert time.monotonic() - began < 0.5 + 10 + 1
    assert "ends with 4 results" in scene.workers.said()
    assert scene.sql.job(job_id)["processed_items"] == 0
    assert scene.sql.rows("select * from batch.audit()") == []


@contextmanager
def served_on(host: Host, url: str, headers: dict[str, str]) -> Iterator[httpx.Client]:
    """The API on that host, where the block is too, and so the client."""
    with host.inside(), served(url, headers) as (client, program):
        client.timeout = httpx.Timeout(CLAIMED)
        yield client
        assert "Traceback" not in program.said()


def assert_unavailable(client: httpx.Client) -> None:
    """Requests that come now are answered in little more than what they wait for a connection."""
    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(client.get, path) for path in [JOBS, "/readyz"] * 4]
    took = time.monotonic() - began
    for each in asked:
        problem = assert_problem(each.result(), 503)
        assert "be reached" in problem["detail"]
        assert int(each.result().headers["retry-after"]) > 0
    assert client.get("/healthz").status_code == 200
    assert took < 5


def test_every_connection_asks_within_seconds_whether_the_database_is_still_there(
    site: Site, wired_url: str
) -> None:
    with (
        site.new_host().inside(),
        connect(wired_url.partition("?")[0], "tests") as connection,
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        asked = [
            line.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)
        ]

    assert asked == [10_000, 4, 3]


def test_the_api_answers_at_once_that_its_database_is_away_when_it_is_cut_off(
    site: Site, socket_url: str, wired_url: str
) -> None:
    host = site.new_host()
    # The usual signs of life: who waits for a connection does not wait for them.
    usual = wired_url.partition("?")[0]
    with served_on(host, usual, key_header(socket_url)) as client:
        with ThreadPoolExecutor() as threads:
            assert {each.status_code for each in threads.map(client.get, [JOBS] * 20)} == {200}
        site.cut(host)
        for _ in range(2):
            assert_unavailable(client)

        site.mend(host)

        awaited(lambda: answers(client), CLAIMED)
        assert client.get(JOBS).status_code == 200


API_SESSIONS = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and application_name = 'backscroll api'"
)


def test_what_the_api_had_locked_when_it_was_cut_off_is_not_locked_for_long(
    site: Site, sql: Sql, socket_url: str, wired_url: str
) -> None:
    host, chat = site.new_host(), add_chat(sql)
    chat.add("text/plain")
    job_id = sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    headers = key_header(socket_url)
    pausing = f"{JOBS}/{job_id}/pause"

    with served_on(host, wired_url, headers) as client, open_sql(socket_url) as other:
        other.run("begin")
        other.run("select from batch.jobs where id = %s for update", job_id)
        with beside(lambda: client.post(pausing)) as answer:
            awaited(lambda: sql.value(f"{API_SESSIONS} and wait_event_type = 'Lock'"))
            site.cut(host)
            other.run("commit")
            # It is done, which nobody hears, and nobody says that it is to be committed.
            awaited(lambda: sql.value(f"{API_SESSIONS} and state = 'idle in transaction'"))
        assert_problem(answer.result(), 503)

        sql.run(f"set lock_timeout = '{CLAIMED} s'")
        sql.run("select from batch.jobs where id = %s for update", job_id)
        assert sql.job(job_id)["status"] == "processing"

        site.mend(host)

        awaited(lambda: answers(client), CLAIMED)
        assert client.post(pausing).json()["status"] == "paused"
