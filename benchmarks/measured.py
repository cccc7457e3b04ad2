"""One page of the app and its floor, asked in turn, so that a busy machine slows both alike."""

from dataclasses import dataclass, field
from itertools import islice
from statistics import median, quantiles
from time import perf_counter

from benchmarks.asking import Client, lots_of, rate
from benchmarks.ground import Server
from benchmarks.routes import Route

LONGEST = 30  # seconds that one page may take of the run
FEWEST = 5  # times it is asked all the same
FLOORS = 30  # of the floor's requests that go with one of the app's, at most


@dataclass
class Measured:
    """What one route took, app and floor, in seconds."""

    units: int
    grows: bool
    app: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    statements: set[int] = field(default_factory=set)
    per_second: tuple[float, float] | None = None

    def ratio(self) -> float:
        return median(self.app) / median(self.floor) / self.units


def measure(route: Route, app: Server, floor: Server, times: int, warm: int) -> Measured:
    """Ask app and floor in turn, `times` each after `warm` that do not count; fewer where the route runs out."""
    ours, theirs = Client(app.port), Client(floor.port)
    found = Measured(route.units, route.grows)
    warm = 0 if route.is_scarce else warm
    began = perf_counter()
    for number, ask in enumerate(islice(route.asks, min(times, route.most) + warm)):
        took, statements = ours.ask(ask)
        floor_times = [theirs.ask(next(route.floor))[0] for _unit in range(min(route.units, FLOORS))]
        if number >= warm:
            found.app.append(took)
            found.floor += floor_times
            found.statements.add(statements)
        if perf_counter() - began > LONGEST and len(found.app) >= FEWEST:
            break
    if route.goal is not None and not route.is_scarce:
        times = max(FEWEST, min(times, 100, int(LONGEST / 12 / median(found.app))))
        found.per_second = (rate(app.port, lots_of(route.asks, times)), rate(floor.port, lots_of(route.floor, times)))
    return found


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


HEAD = (
    "| page | asked | app ms | app p95 | floor ms | floor p95 | app/s | floor/s | statements | app / floor | goal |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def line(route: Route, found: Measured) -> str:
    ratio, sent = found.ratio(), found.statements
    goal = "–" if route.goal is None else f"≤ {route.goal:g}{'' if ratio <= route.goal else ' (missed)'}"
    rates = f"{found.per_second[0]:.0f} | {found.per_second[1]:.0f}" if found.per_second else "– | –"
    statements = str(min(sent)) if len(sent) == 1 else f"{min(sent)}–{max(sent)}"
    return (
        f"| {route.name} | {len(found.app)} | {median(found.app) * 1e3:.1f} | {_p95(found.app) * 1e3:.1f} "
        f"| {median(found.floor) * 1e3:.2f} | {_p95(found.floor) * 1e3:.2f} | {rates} | {statements} "
        f"| **{ratio:.1f}** | {goal} |"
    )
