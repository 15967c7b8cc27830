"""schemathesis, with all its checks, against the API as it runs in production."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.api.conftest import served
from tests.database import Sql, add_chat, failed
from tests.processes import environment

ROOT = Path(__file__).resolve().parents[2]


def test_a_fuzzer_finds_nothing(own_sql: Sql, database_url: str, tmp_path: Path) -> None:
    chat = add_chat(own_sql)
    chat.add_many(5)
    job_id = own_sql.plan(jobType="targeted_chat_sync", chatId=str(chat.id))
    worker = own_sql.worker()
    own_sql.in_one_slice(job_id)
    own_sql.take(job_id, 1, worker)
    own_sql.record(worker, *(failed(job_id, 1, seq) for seq in range(1, 6)))
    own_sql.finish(job_id, 1, worker)

    with served(database_url) as (client, program):
        # From a file: of an address, it would leave out the operation that answers the document.
        document = tmp_path / "openapi.json"
        document.write_text(client.get("/openapi.json").text)
        found = subprocess.run(
            [
                sys.executable, "-m", "schemathesis.cli", "run", str(document),
                "--url", str(client.base_url),
                "--header", f"x-api-key: {client.headers['x-api-key']}",
                "--checks", "all", "--max-examples", "20", "--generation-deterministic",
                "--continue-on-failure", "--no-color",
                # Their answers have no end; they have tests of their own.
                "--exclude-path-regex", "/stream$",
            ],
            env=environment(SCHEMATHESIS_HOOKS="tests.api.fuzz_hooks", PYTHONPATH=str(ROOT)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )  # fmt: skip

        assert found.returncode == 0, found.stdout[-20_000:] + found.stderr
        paths = json.loads(document.read_text())["paths"]
        operations = sum(len(item) for path, item in paths.items() if not path.endswith("/stream"))
        tested = re.search(r"Tested: (\d+)", found.stdout)
        assert tested is not None
        assert int(tested[1]) == operations
        assert "Traceback" not in program.said()
