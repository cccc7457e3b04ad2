"""`make bench`: app and floor under the same gunicorn on the same database, and what came of the goals."""

import argparse
import platform
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import ground, resources, summary
from benchmarks.asking import say
from benchmarks.measured import HEAD, Measured, line, measure
from benchmarks.resources import served
from benchmarks.routes import routes
from benchmarks.sets import DataSet
from benchmarks.summary import Finding

SIZES = (1_000, 10_000, 100_000)
RESOURCES = {"cold", "memory", "export"}  # what --only names beside pages


def main() -> None:
    options = _options().parse_args()
    if options.quick:
        options.cases, options.times, options.warm, options.requests = [1_000], 40, 10, 2_000
    made = None if options.folder else Path(tempfile.mkdtemp(prefix="fundapp-bench-"))
    folder = Path(options.folder or str(made)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # PostgreSQL runs as another user and must be able to walk through
    say(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.platform()}, Python {platform.python_version()}")
    try:
        summary.tell(_run_all(folder, options))
    finally:
        if made is not None:
            ground.remove(made)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=list(SIZES), help="sizes of the data sets")
    parser.add_argument("--engine", choices=("postgresql", "sqlite", "both"), default="both")
    parser.add_argument("--quick", action="store_true", help="1 000 cases and fewer requests")
    parser.add_argument("--only", help="what has one of these words in its name, comma-separated; cold, memory, export")
    parser.add_argument("--times", type=int, default=200, help="how often each page is asked")
    parser.add_argument("--warm", type=int, default=20, help="how often before, without counting")
    parser.add_argument("--requests", type=int, default=100_000, help="requests of the memory run")
    parser.add_argument("--minutes", type=float, default=20, help="the longest that the memory run may take")
    parser.add_argument("--folder", type=Path, help="keep the data sets here and use them again")
    return parser


def _run_all(folder: Path, options: argparse.Namespace) -> list[Finding]:
    engines = ("postgresql", "sqlite") if options.engine == "both" else (options.engine,)
    findings: list[Finding] = []
    with ExitStack() as stack:
        address = stack.enter_context(ground.postgresql(folder)) if "postgresql" in engines else None
        for engine in engines:
            found = {}
            for size in sorted(options.cases):
                data = DataSet(folder, engine, size, address)
                found[size], more = _run_one(data, options, is_goal=engine == engines[0] and size == max(options.cases))
                findings += more
            if len(found) > 1:
                findings += summary.growth(engine, found)
        findings += _resources(folder, DataSet(folder, engines[0], min(options.cases), address), options)
        if _is_asked("export", options):
            size = max(options.cases)
            url = DataSet(folder, engines[0], size, address).copy()
            findings += resources.exported(folder, url, size)
    return findings


def _is_asked(name: str, options: argparse.Namespace) -> bool:
    return not options.only or any(word in name for word in options.only.split(","))


def _run_one(data: DataSet, options: argparse.Namespace, *, is_goal: bool) -> tuple[dict[str, Measured], list[Finding]]:
    """One engine and size: its table on standard output. The goals are those of the largest set alone."""
    kept: dict[str, Measured] = {}
    findings: list[Finding] = []
    if options.only and set(options.only.split(",")) <= RESOURCES:
        return kept, findings
    url = data.copy()
    with served(data.folder, url, "app") as app, served(data.folder, url, "floor") as floor:
        say(f"\n### {data.engine}, {data.size} cases\n\n{HEAD}")
        for route in routes(data.folder, url):
            if not _is_asked(route.name, options):
                continue
            found = measure(route, app, floor, options.times, options.warm)
            if not found.app:
                continue
            kept[route.name] = found
            say(line(route, found))
            if is_goal and route.goal is not None:
                ratio = found.ratio()
                is_met = ratio <= route.goal
                findings.append(Finding(f"{route.name}, {data.size}", f"≤ {route.goal:g}", f"{ratio:.1f}", is_met))
    return kept, findings


def _resources(folder: Path, data: DataSet, options: argparse.Namespace) -> list[Finding]:
    """Start and memory, on the smallest set: neither follows the number of cases."""
    found: list[Finding] = []
    if _is_asked("cold start", options):
        found += resources.cold_starts(folder, data.copy())
    if _is_asked("memory", options):
        found += resources.memory(folder, data.copy(), options.requests, options.minutes)
    return found


if __name__ == "__main__":
    main()
