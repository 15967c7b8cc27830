"""What cannot be run here is checked by the linters of its format; `make check-deploy` has them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from app.settings import Settings
from tests.test_docs import ROOT

DEPLOY = ROOT / "deploy"
LINTERS = ROOT / ".venv" / "linters" / "bin"
SETTINGS = {str(field.validation_alias) for field in Settings.model_fields.values()}
STOP_GRACE = Settings.model_fields["stop_grace"].default
MORE_THAN_THE_GRACE = 10
"""Seconds after it in which a worker ends, whatever happens."""


def program(name: str) -> str:
    """A linter's program; skips the test where there is none."""
    found = shutil.which(name, path=str(LINTERS)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


def passes(*command: str | Path) -> str:
    """The output of a command that must succeed."""
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def documents(*paths: Path) -> list[dict[str, object]]:
    return [
        document for path in paths for document in yaml.safe_load_all(path.read_text()) if document
    ]


def manifests(tmp_path: Path, layer: str) -> Path:
    """What kubectl would apply."""
    built = tmp_path / "built.yaml"
    built.write_text(passes(program("kubectl"), "kustomize", DEPLOY / "kubernetes" / layer))
    return built


def test_the_dockerfile() -> None:
    passes(program("hadolint"), DEPLOY / "Dockerfile")


def test_the_yaml() -> None:
    rules = "{extends: default, rules: {line-length: {max: 100}, document-start: disable}}"
    passes(program("yamllint"), "--strict", "--config-data", rules, DEPLOY)


def test_the_compose_file() -> None:
    passes(
        program("check-jsonschema"),
        "--builtin-schema", "vendor.compose-spec",
        DEPLOY / "compose.yaml",
    )  # fmt: skip


@pytest.mark.parametrize("layer", ["base", "keda"])
@pytest.mark.parametrize("version", ["1.30", "1.34"])
def test_the_kubernetes_manifests(tmp_path: Path, layer: str, version: str) -> None:
    said = passes(
        program("kubernetes-validate"), "--strict", "-k", version, manifests(tmp_path, layer)
    )

    assert "deployment/backscroll-worker" in said


def test_the_secrets_example() -> None:
    passes(
        program("kubernetes-validate"), "--strict", "-k", "1.34",
        DEPLOY / "kubernetes" / "base" / "secrets.example.yaml",
    )  # fmt: skip


def test_the_scaled_object() -> None:
    python = LINTERS / "python"
    if not python.exists():
        pytest.skip("KEDA's schemas are not installed here")

    passes(
        python, "-c",
        "import sys, json\n"
        "from cloudcoil.models.keda import v1alpha1 as keda\n"
        "for each in json.loads(sys.argv[1]):\n"
        "    getattr(keda, each['kind']).model_validate(each)\n",
        json.dumps(documents(DEPLOY / "kubernetes" / "keda" / "scaled-object.yaml")),
    )  # fmt: skip


def test_the_units(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        # The program of a unit must exist where it is verified.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.M)
        (tmp_path / unit.name).write_text(text)
    units = sorted(tmp_path.iterdir())

    said = passes(program("systemd-analyze"), "verify", *units)
    passes(
        program("systemd-analyze"), "security", "--offline=true", "--threshold=20",
        *(unit for unit in units if unit.suffix == ".service"),
    )  # fmt: skip

    assert said == ""


def test_every_setting_that_is_named_exists() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            named = set(re.findall(r"\bBACKSCROLL_[A-Z_]+\b", path.read_text()))
            known = {"BACKSCROLL_API_PORT"}  # what Kubernetes would set, were it not told
            assert named <= SETTINGS | known, path


def test_workers_get_more_time_to_stop_than_they_take() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    (pod,) = documents(DEPLOY / "kubernetes" / "base" / "worker.yaml")
    unit = (DEPLOY / "systemd" / "backscroll-worker@.service").read_text()

    times = [
        int(compose["services"]["worker"]["stop_grace_period"].removesuffix("s")),
        int(pod["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]),  # type: ignore[index]
        int(re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)[0]),
    ]

    assert min(times) >= STOP_GRACE + 2 * MORE_THAN_THE_GRACE
