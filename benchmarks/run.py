"""`make bench`: app and floor under the same gunicorn, asked in turn, so that a busy machine slows both alike."""

import argparse
import platform
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import urlencode

from benchmarks import ground
from benchmarks.routes import Ask, Route, routes
from benchmarks.serve import HEADER

LONGEST = 30  # seconds that one page may take of the run
SIZES = (1_000, 10_000, 100_000)
Answer = tuple[float, int]  # seconds, statements


@dataclass
class Measured:
    """What one route took, app and floor, in seconds."""

    app: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    per_second: tuple[float, float] | None = None

    def ratio(self, units: int) -> float:
        return median(self.app) / median(self.floor) / units


class Client:
    """One kept connection to one server."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=300)

    def ask(self, ask: Ask) -> Answer:
        headers = {"Host": "localhost"} | ({"Cookie": ask.cookie} if ask.cookie else {})
        if ask.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(ask.form) if ask.form is not None else None
        started = perf_counter()
        self.connection.request(ask.method, ask.path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        took = perf_counter() - started
        if answer.status != ask.status:
            sys.exit(f"{ask.method} {ask.path} answered {answer.status}, not {ask.status}")
        return took, int(answer.headers[HEADER])


def say(*words: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def measure(route: Route, app: ground.Server, floor: ground.Server, times: int, warm: int) -> Measured:
    """Ask app and floor in turn, `times` each after `warm` that do not count; fewer where the route runs out."""
    ours, theirs = Client(app.port), Client(floor.port)
    found = Measured()
    asks = iter(route.asks)
    warm = 0 if route.is_scarce else warm
    began = perf_counter()
    for number in range(min(times, route.most) + warm):
        ask = next(asks, None)
        if ask is None or (perf_counter() - began > LONGEST and number > warm + 4):
            break
        took, statements = ours.ask(ask)
        floor_times = [theirs.ask(route.floor)[0] for _unit in range(min(route.units, 30))]
        if number >= warm:
            found.app.append(took)
            found.floor += floor_times
            found.statements.add(statements)
    if route.goal is not None and not route.is_scarce:
        times = min(times, 100)
        found.per_second = (_rate(app.port, route.asks, times), _rate(floor.port, cycle([route.floor]), times))
    return found


def _rate(port: int, asks: Iterator[Ask], times: int) -> float:
    """Answers a second with four browsers at once."""
    lots = [[next(asks) for _ask in range(times)] for _browser in range(4)]

    def browse(lot: list[Ask]) -> None:
        client = Client(port)
        for ask in lot:
            client.ask(ask)

    started = perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(browse, lots))
    return 4 * times / (perf_counter() - started)


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def _statements(found: set[int]) -> str:
    return str(min(found)) if len(found) == 1 else f"{min(found)}–{max(found)}"


HEAD = (
    "| page | app ms | app p95 | floor ms | floor p95 | app/s | floor/s | statements | app / floor | goal |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def line(route: Route, found: Measured) -> str:
    ratio = found.ratio(route.units)
    goal = "–" if route.goal is None else f"≤ {route.goal:g}{'' if ratio <= route.goal else ' (missed)'}"
    rates = f"{found.per_second[0]:.0f} | {found.per_second[1]:.0f}" if found.per_second else "– | –"
    return (
        f"| {route.name} | {median(found.app) * 1e3:.1f} | {_p95(found.app) * 1e3:.1f} "
        f"| {median(found.floor) * 1e3:.2f} "
        f"| {_p95(found.floor) * 1e3:.2f} | {rates} | {_statements(found.statements)} | **{ratio:.1f}** | {goal} |"
    )


def run_one(folder: Path, engine: str, size: int, address: str | None, options: argparse.Namespace) -> dict[str, float]:
    """One engine and size: its table on standard output; gives each route's ratio."""
    url = ground.data_set(folder, engine, size, address)
    ratios: dict[str, float] = {}
    with ExitStack() as stack:
        app = ground.Server(folder, url, "app", "/sv/")
        stack.callback(app.stop)
        floor = ground.Server(folder, url, "floor", "/hello")
        stack.callback(floor.stop)
        say(f"\n### {engine}, {size} cases\n\n{HEAD}")
        for route in routes(folder, url):
            if options.only and not any(word in route.name for word in options.only.split(",")):
                continue
            found = measure(route, app, floor, options.times, options.warm)
            if not found.app:
                continue
            ratios[route.name] = found.ratio(route.units)
            say(line(route, found))
        say(f"\nCold start to the first answer: app {app.cold:.2f} s, floor {floor.cold:.2f} s (goal ≤ 2 s).")
        if not options.only:
            _memory(app, folder, url, options.requests)
    return ratios


def _memory(app: ground.Server, folder: Path, url: str, requests: int) -> None:
    """Resident memory of the workers as the requests add up."""
    asks = cycle([next(route.asks) for route in routes(folder, url) if route.goal is not None and not route.is_scarce])
    before = app.memory()
    say("Memory of each worker, MB:", " ".join(f"{kb / 1024:.0f}" for kb in before), "at first")
    done = 0
    for step in (1_000, 5_000, 100_000):
        if step > requests:
            break
        _rate(app.port, asks, (step - done) // 4)
        done = step
        say(f"after {step} requests:", " ".join(f"{kb / 1024:.0f}" for kb in app.memory()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--engine", choices=("postgresql", "sqlite", "both"), default="both")
    parser.add_argument("--quick", action="store_true", help="1 000 cases and fewer requests")
    parser.add_argument("--only", help="routes whose name holds one of these words, comma-separated")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--warm", type=int, default=20)
    parser.add_argument("--requests", type=int, default=5_000, help="requests of the memory run, at most 100 000")
    parser.add_argument("--folder", type=Path, help="keep the data sets here and use them again")
    options = parser.parse_args()
    if options.quick:
        options.cases, options.times, options.warm, options.requests = [1_000], 40, 10, 1_000
    made = None if options.folder else Path(tempfile.mkdtemp(prefix="fundapp-bench-"))
    folder = (options.folder or made).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # PostgreSQL runs as another user and must be able to walk through
    engines = ("postgresql", "sqlite") if options.engine == "both" else (options.engine,)
    say(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.platform()}, Python {platform.python_version()}")
    try:
        _run_all(folder, engines, options)
    finally:
        if made is not None:
            ground.remove(made)


def _run_all(folder: Path, engines: tuple[str, ...], options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(ground.postgresql(folder)) if "postgresql" in engines else None
        for engine in engines:
            found = {size: run_one(folder, engine, size, address, options) for size in options.cases}
            if len(found) > 1:
                _growth(engine, found)


def _growth(engine: str, found: dict[int, dict[str, float]]) -> None:
    small, large = min(found), max(found)
    say(f"\n### {engine}: the ratio at {large} against the one at {small} (goal ≤ 1.3)\n\n| page | growth |\n|---|--:|")
    for name in found[large]:
        if name in found[small]:
            say(f"| {name} | {found[large][name] / found[small][name]:.2f} |")


if __name__ == "__main__":
    main()
