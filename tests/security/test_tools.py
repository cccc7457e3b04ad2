"""Bandit has nothing to say, the inventory of libraries is that of the lock, and every file of theirs has its hash."""

import copy
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.ground.browser import ROOT
from tools import sbom

LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
# Told of by ruff with a reason on the line (S101, S105, S404, S603), which bandit would want said twice.
LEFT_TO_RUFF = "B101,B105,B404,B603"


def _bandit(folder: Path) -> list[tuple[str, int, str]]:
    """(file, line, rule) of everything that bandit finds, however small."""
    command = [sys.executable, "-m", "bandit", "-q", "-r", "-f", "json", "-s", LEFT_TO_RUFF, str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False)
    told = json.loads(found.stdout)
    assert told["errors"] == []
    return [(one["filename"], one["line_number"], one["test_id"]) for one in told["results"]]


@pytest.mark.slow
def test_bandit_has_nothing_to_say_of_the_app() -> None:
    assert _bandit(ROOT / "fundapp") == []


def test_bandit_finds_what_is_planted(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        "import hashlib\nimport subprocess\nsubprocess.run(input(), shell=True)\nhashlib.md5(b'')\neval(input())\n"
    )
    assert {rule for _file, _line, rule in _bandit(tmp_path)} >= {"B602", "B324", "B307"}


# --- the inventory ------------------------------------------------------------------------------------------------


def test_the_inventory_is_that_of_the_lock() -> None:
    assert sbom.main(["--check"]) == 0
    told = json.loads(sbom.KEPT.read_text())
    named = {(one["name"], one["version"]) for one in told["components"]}
    assert named == {(one["name"], one["version"]) for one in LOCK["package"]} - {("fundapp", _version())}
    assert len(named) > 100


def _version() -> str:
    return str(next(one["version"] for one in LOCK["package"] if one["name"] == "fundapp"))


def test_another_version_in_the_lock_is_another_inventory() -> None:
    changed = copy.deepcopy(LOCK)
    next(one for one in changed["package"] if one["name"] == "flask")["version"] = "0.0.1"
    assert sbom.inventory(changed) != sbom.inventory(LOCK)
    assert sbom.inventory(copy.deepcopy(LOCK)) == sbom.inventory(LOCK)
    assert "2026" not in json.dumps(sbom.inventory(LOCK)["metadata"])


def test_the_inventory_tells_what_the_service_needs_from_what_its_tests_do() -> None:
    scopes = {one["name"]: one["scope"] for one in json.loads(sbom.KEPT.read_text())["components"]}
    assert {scopes[name] for name in ("flask", "sqlalchemy", "werkzeug", "pillow", "psycopg-binary")} == {"required"}
    assert {scopes[name] for name in ("pytest", "bandit", "playwright", "moto")} == {"optional"}


# --- the lock -----------------------------------------------------------------------------------------------------


def faults_of_lock(lock: dict[str, Any]) -> list[str]:
    """A package that is not from the one index, or a file of one without its SHA-256."""
    found, indexes = [], set()
    for package in lock["package"]:
        if package["name"] == "fundapp":
            continue
        indexes.add(package["source"].get("registry", "elsewhere"))
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        found += [] if files else [f"{package['name']} has no file"]
        found += [package["name"] for file in files if not str(file.get("hash", "")).startswith("sha256:")]
    return found + (["more than one index"] if len(indexes) != 1 or "elsewhere" in indexes else [])


def test_every_file_of_every_library_is_locked_by_its_hash_and_from_one_index() -> None:
    assert faults_of_lock(LOCK) == []
    assert len(LOCK["package"]) > 100


def test_a_library_without_a_hash_or_from_elsewhere_is_found() -> None:
    loose, foreign = copy.deepcopy(LOCK), copy.deepcopy(LOCK)
    del next(one for one in loose["package"] if one.get("wheels"))["wheels"][0]["hash"]
    next(one for one in foreign["package"] if one["name"] == "flask")["source"] = {"git": "somewhere"}
    assert faults_of_lock(loose) != []
    assert faults_of_lock(foreign) == ["more than one index"]


def test_the_service_is_installed_from_the_lock_alone() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installs = [line for line in makefile.splitlines() if "$(UV) sync" in line]
    assert installs
    assert all("--frozen" in line for line in installs)
    assert "pip install -q --disable-pip-version-check 'uv==" in makefile
