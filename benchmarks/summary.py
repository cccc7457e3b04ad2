"""The end of a run: every goal, what was measured, and what was missed."""

from dataclasses import dataclass
from statistics import median

from benchmarks.asking import say
from benchmarks.measured import Measured

MAY_GROW = 1.3


@dataclass(frozen=True)
class Finding:
    """One goal and what came of it."""

    name: str
    goal: str
    found: str
    is_met: bool


def growth(engine: str, found: "dict[int, dict[str, Measured]]") -> list[Finding]:
    """The table of what each page costs with the most cases against the fewest; a goal on PostgreSQL alone.

    The verdict is on app / floor, from which the machine's noise is gone; the plain times stand beside it.
    """
    small, large = min(found), max(found)
    say(f"\n### {engine}: {large} cases against {small} (goal ≤ {MAY_GROW})\n")
    say("| page | app ms | times | floor ms | times | app / floor, times | statements |\n|---|--:|--:|--:|--:|--:|--:|")
    findings = []
    for name, much in found[large].items():
        little = found[small].get(name)
        if little is None:
            continue
        times = much.ratio() / little.ratio()
        same = much.statements <= little.statements or little.statements <= much.statements
        counts = f"{_range(little.statements)} → {_range(much.statements)}{'' if same else ' (differ)'}"
        app, floor = _pair(little.app, much.app), _pair(little.floor, much.floor)
        say(f"| {name} | {app} | {floor} | **{times:.2f}** | {counts} |")
        if engine == "postgresql" and not much.grows:
            findings.append(Finding(f"growth: {name}", f"≤ {MAY_GROW}", f"{times:.2f}", is_met=times <= MAY_GROW))
    return findings


def _range(found: set[int]) -> str:
    return str(min(found)) if len(found) == 1 else f"{min(found)}–{max(found)}"


def _pair(little: list[float], much: list[float]) -> str:
    before, after = median(little), median(much)
    return f"{before * 1e3:.1f} → {after * 1e3:.1f} | {after / before:.2f}"


def tell(findings: list[Finding]) -> None:
    """All goals in one table, the missed ones first. A shortfall does not fail the run: docs/speed.md explains it."""
    missed = [finding for finding in findings if not finding.is_met]
    say(f"\n## Goals: {len(findings) - len(missed)} met, {len(missed)} missed\n")
    say("| | goal | found | |\n|---|---|---|---|")
    for finding in sorted(findings, key=lambda finding: finding.is_met):
        say(f"| {finding.name} | {finding.goal} | {finding.found} | {'met' if finding.is_met else '**missed**'} |")
