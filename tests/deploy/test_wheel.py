"""The wheel holds all that is needed: it runs apart from the project's folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.processes import BACKSCROLL, answers, awaited, backscroll, free_port, running
from tests.test_docs import ROOT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs, and nothing of its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", ROOT],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if built.returncode != 0 and "hatchling" in built.stdout + built.stderr:
        pytest.skip("the wheel's build backend, hatchling, cannot be had here")
    assert built.returncode == 0, built.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--target", folder / "installed", wheel],
        timeout=300, check=True,
    )  # fmt: skip
    return folder / "installed"


@pytest.fixture
def apart(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The settings under which `backscroll` is the installed one, in a folder of no project."""
    monkeypatch.chdir(tmp_path)
    return {"PYTHONPATH": str(installed)}


def test_it_is_the_installed_one_that_runs(apart: dict[str, str], installed: Path) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import app, workers, demo; print(app.__file__)"],
        env={**apart}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert Path(where.stdout.strip()).is_relative_to(installed)
    assert "version" in backscroll("--version", **apart).stdout


def test_it_migrates_serves_and_works(apart: dict[str, str], empty_database_url: str) -> None:
    settings = {**apart, "DATABASE_URL": empty_database_url}
    bind = f"127.0.0.1:{free_port()}"

    migrated = backscroll("migrate", **settings)

    assert migrated.returncode == 0, migrated.stderr
    with (
        running([*BACKSCROLL, "serve", "--bind", bind], **settings) as api,
        running([*BACKSCROLL, "worker"], **settings) as worker,
        httpx.Client(base_url=f"http://{bind}", trust_env=False) as client,
    ):
        awaited(lambda: answers(client))
        worker.wait_until_it_says("is ready for")
        assert (api.stop(), worker.stop()) == (0, 0)
