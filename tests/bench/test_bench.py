"""The bench runs, at a size at which its figures say nothing, and shows what it measured."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.charts import draw
from bench.figures import Figure, at_least, at_most, number, quantile
from bench.report import BEGIN, END
from bench.suites import SUITES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run() -> Iterator[Path]:
    """The folder with the results of two suites, and a page that shows them."""
    # None of pytest's: another run of the tests would close it to the server's user.
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder))
        yield Path(folder)


def _run(folder: Path) -> None:
    (folder / "performance.md").write_text(f"before\n{BEGIN}\nolder\n{END}\nafter\n")
    finished = subprocess.run(
        [
            sys.executable, "-m", "bench", "plan", "cancel", "--scale", "0.001",
            "--data", folder / "data", "--results", folder / "results.json", "--docs", folder,
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_every_figure_of_a_suite_is_in_the_results_with_its_bar(run: Path) -> None:
    results = json.loads((run / "results.json").read_text())

    assert list(results["suites"]) == ["plan", "cancel"]
    bars = {
        figure["name"]: (figure["bar"], figure["met"] is not None)
        for suite in results["suites"].values()
        for figure in suite["figures"]
    }
    assert bars["plan against the bare insert"] == ("at most 1.3", True)
    assert bars["cancel to last item, above its length, worst"] == ("at most 1", True)


def test_results_say_on_what_they_were_measured_and_that_it_was_durable(run: Path) -> None:
    results = json.loads((run / "results.json").read_text())

    assert results["machine"].keys() >= {"cpu", "cores", "memory_gb", "fsync_ms", "load_average"}
    assert results["postgres"]["fsync"] == results["postgres"]["synchronous_commit"] == "on"


def test_the_page_shows_the_figures_and_keeps_the_words_around_them(run: Path) -> None:
    page = (run / "performance.md").read_text()

    assert page.startswith("before\n")
    assert page.endswith("after\n")
    assert "older" not in page
    assert re.search(
        r"\| plan \| plan against the bare insert \| [\d.,]+ times \| at most 1.3", page
    )
    for image in re.findall(r"\]\((.+\.svg)\)", page):
        assert (run / image).read_text().startswith("<svg")


def test_the_database_is_gone_when_all_is_measured(run: Path) -> None:
    assert not (run / "data").exists()


def test_every_suite_says_what_it_measures_and_is_in_the_page() -> None:
    listed = re.findall(
        r"^\| ([a-z-]+) \| [^|]+ \|$", (ROOT / "docs/performance.md").read_text(), re.M
    )

    assert [name for name in listed if name != "suite"] == list(SUITES)
    for suite in SUITES.values():
        assert sys.modules[suite.__module__].__doc__


def test_a_figure_meets_its_bar_at_the_bar_itself() -> None:
    assert Figure("a", 0.6, "", at_least(0.6)).is_met
    assert not Figure("a", 0.59, "", at_least(0.6)).is_met
    assert not Figure("a", 1.31, "", at_most(1.3)).is_met
    assert Figure("a", 1, "").is_met is None


def test_numbers_keep_three_digits_that_count() -> None:
    assert [number(value) for value in (0, 0.01234, 1.2345, 123.4, 45678)] == [
        "0", "0.0123", "1.23", "123", "45,678",
    ]  # fmt: skip


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([3, 1, 2], 0.99) == 3


def test_labels_of_charts_are_escaped() -> None:
    assert "a &lt; b" in draw("a < b", "s", {"a < b": 1.0})
