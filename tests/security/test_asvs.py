"""docs/security/asvs.toml is whole: each requirement of OWASP ASVS that applies is there, and each named test runs."""

import ast
import copy
import csv
import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.ground.browser import ROOT

FOLDER = ROOT / "docs" / "security"
SOURCE = ROOT.parent / "shared" / "sources" / "asvs5_applicable.csv"
KEPT = tomllib.loads((FOLDER / "asvs.toml").read_text())
HELD = {"tests", "document", "reason", "not applicable", "no"}
WITH_REASON = {"reason", "not applicable", "no"}
ALLOWED = {"level", "held", "tests", "slow", "document", "reason", "date"}
TODAY = datetime.now(UTC).date()  # not the tests' own day, which lies in 2017
NORMAL = (False, False)  # neither slow nor left out
Entry = dict[str, Any]


def _rows(path: Path) -> dict[str, tuple[str, str]]:
    """Requirement → (level, whether it applies)."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["req"]: (row["level"], row["applies"]) for row in csv.DictReader(file)}


NUMBERED = _rows(FOLDER / "asvs5.csv")
# What comes with e-ID applies since officials sign in by OIDC.
WANTED = {
    number for number, (level, applies) in NUMBERED.items() if level in ("L1", "L2") and applies not in ("no", "infra")
}


@cache
def named_in(path: Path) -> dict[str, tuple[bool, bool]]:
    """Test function of a file → (whether it is slow, whether it may be left out)."""
    tree = ast.parse(path.read_text())
    marks = [
        ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign) and "pytestmark" in ast.unparse(node)
    ]
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            said = " ".join([*marks, *(ast.unparse(one) for one in node.decorator_list)])
            is_left_out = bool(re.search(r"skip|xfail", said + ast.unparse(node)))
            found[node.name] = ("mark.slow" in said, is_left_out)
    return found


def faults_of_tests(entry: Entry) -> list[str]:
    found, speeds = [], []
    for named in entry.get("tests", ()):
        file, _, name = named.partition("::")
        tests = named_in(ROOT / file) if (ROOT / file).is_file() else {}
        if name not in tests:
            found.append(f"there is no {named}")
            continue
        is_slow, is_left_out = tests[name]
        speeds.append(is_slow)
        found += [f"{named} may be left out"] if is_left_out else []
    if speeds and all(speeds) != entry.get("slow", False):
        found.append("slow is what is run by `make test-all` alone")
    return found


@cache
def headings_of(path: Path) -> frozenset[str]:
    """The anchors of a page, as a forge makes them of its headings."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads)


def faults_of(entry: Entry, number: str) -> list[str]:
    """What is missing in one entry, or cannot be."""
    found = faults_of_tests(entry)
    held = entry.get("held")
    if held not in HELD or set(entry) - ALLOWED:
        found.append("held by nothing that is known")
    if entry.get("level") != NUMBERED.get(number, ("", ""))[0]:
        found.append("another level, or no such requirement")
    if held == "tests" and not entry.get("tests"):
        found.append("no test")
    if held in WITH_REASON and len(entry.get("reason", "")) < 12:
        found.append("no reason")
    if held != "tests" and not (isinstance(entry.get("date"), date) and entry["date"] <= TODAY):
        found.append("no day, or one to come")
    if held == "document" and not entry.get("document"):
        found.append("no document")
    page, _, anchor = entry.get("document", "").partition("#")
    if page and not ((ROOT / page).is_file() and anchor in headings_of(ROOT / page)):
        found.append(f"there is no {entry['document']}")
    return [f"{number}: {fault}" for fault in found]


def faults_of_file(kept: dict[str, Entry]) -> list[str]:
    absent = [f"{number} is missing" for number in sorted(WANTED - set(kept))]
    return absent + [fault for number, entry in kept.items() for fault in faults_of(entry, number)]


def test_every_requirement_is_held_by_tests_that_are_there_or_by_a_dated_reason() -> None:
    assert len(WANTED) == 229
    assert faults_of_file(KEPT) == []


def test_the_numbers_and_levels_are_those_of_the_source() -> None:
    """The source lies beside the repository where it is built; elsewhere the copy must have its size."""
    assert len(NUMBERED) == 345
    if SOURCE.is_file():
        assert _rows(SOURCE) == NUMBERED


def _changed(number: str, **values: Any) -> dict[str, Entry]:
    kept = copy.deepcopy(KEPT)
    kept[number] |= values
    return kept


HELD_BY_TESTS = next(number for number, entry in KEPT.items() if entry["held"] == "tests")
HELD_BY_REASON = next(number for number, entry in KEPT.items() if entry["held"] == "reason")
THERE = KEPT[HELD_BY_TESTS]["tests"][0]


@pytest.mark.parametrize(
    ("number", "values"),
    [
        (HELD_BY_TESTS, {"tests": ["tests/test_house.py::test_that_nobody_wrote"]}),
        (HELD_BY_TESTS, {"tests": ["tests/test_that_nobody_wrote.py::test_x"]}),
        (HELD_BY_TESTS, {"tests": []}),
        (HELD_BY_TESTS, {"slow": True, "tests": [THERE]}),
        (HELD_BY_TESTS, {"held": "certainly"}),
        (HELD_BY_TESTS, {"level": "L9"}),
        (HELD_BY_REASON, {"reason": ""}),
        (HELD_BY_REASON, {"date": date(2999, 1, 1)}),
        (HELD_BY_REASON, {"date": "soon"}),
        (HELD_BY_REASON, {"document": "docs/security/decisions.md#nothing-of-the-kind"}),
    ],
)
def test_an_entry_that_holds_nothing_is_found(number: str, values: Entry) -> None:
    assert faults_of(KEPT[number], number) == []
    assert faults_of(_changed(number, **values)[number], number) != []


def test_a_missing_requirement_and_one_that_does_not_exist_are_found() -> None:
    kept = copy.deepcopy(KEPT)
    del kept["V1.2.4"]
    assert faults_of_file(kept) == ["V1.2.4 is missing"]
    assert faults_of_file(KEPT | {"V99.1.1": KEPT["V1.2.4"]}) != []


def test_a_test_that_may_be_left_out_is_found(tmp_path: Path) -> None:
    file = tmp_path / "test_x.py"
    file.write_text(
        "import pytest\n@pytest.mark.skip\ndef test_a(): ...\ndef test_b():\n    pytest.skip()\ndef test_c(): ..."
    )
    assert named_in(file) == {"test_a": (False, True), "test_b": (False, True), "test_c": (False, False)}


def faults_of_attacks(page: str) -> list[str]:
    """What the table of attacks promises and does not keep: a test that is not there, or runs at other times."""
    found = []
    for line in page.partition("\n## ")[0].splitlines():
        if not line.startswith("| ") or line.startswith("| Attack"):
            continue
        attack, file, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
        tests = named_in(ROOT / "tests" / file.strip("`"))
        quick, full, planted = ([f"test_{name}" for name in re.findall("`([^`]+)`", cell)] for cell in cells)
        if not planted or not quick + full:
            found.append(f"{attack}: no test, or no planted fault")
        found += [f"{attack}: {name} is not there" for name in quick + full + planted if name not in tests]
        found += [f"{attack}: {name} may be left out" for name in quick if tests.get(name, (False, False)) != NORMAL]
        found += [f"{attack}: {name} is quick" for name in full if tests.get(name) == NORMAL]
    return found


def test_each_attack_has_its_tests_and_its_planted_fault() -> None:
    page = (FOLDER / "attacks.md").read_text()
    assert page.count("\n| ") > 20
    assert faults_of_attacks(page) == []
    corpus = "`every_text_of_the_corpus_in_every_paper`"
    for kept, planted in (
        ("`a_slow_pattern_is_found`", "–"),
        ("`no_cell_of", "`no_sell_of"),
        (corpus, "`what_is_stored_is_text_in_every_paper`"),
        ("`what_is_stored_is_text_in_every_paper`", corpus),
    ):
        assert faults_of_attacks(page.replace(kept, planted, 1)) != [], planted


@pytest.mark.slow
def test_every_named_test_is_collected() -> None:
    """By pytest itself, which knows what it would run."""
    named = sorted({test for entry in KEPT.values() for test in entry.get("tests", ())})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-n0", *named]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert told.returncode == 0, (told.stdout + told.stderr)[-2000:]
    assert len(named) > 100
