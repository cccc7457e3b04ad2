"""What the app needs beside time: its start, its memory as requests add up, and the memory of an export."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import perf_counter

from benchmarks import ground
from benchmarks.asking import Client, rate, say
from benchmarks.ground import Server
from benchmarks.routes import Ask, export, mixed
from benchmarks.summary import Finding

STARTS = 5
LONGEST_START = 2.0  # seconds
BROWSERS = 4
STEPS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
MAY_GROW = 1.05  # what a worker may have after the last request, of what it had after the first thousand
MOST_FOR_AN_EXPORT = 50.0  # MB


@contextmanager
def served(folder: Path, url: str, what: str, *, workers: int = ground.WORKERS) -> Iterator[Server]:
    server = Server(folder, url, what, workers=workers)
    try:
        yield server
    finally:
        server.stop()


def cold_starts(folder: Path, url: str) -> Iterator[Finding]:
    """From the start of gunicorn to the first 200, with one worker; the best of several, after one that compiled."""
    say(f"\n### Cold start: one worker, best of {STARTS}\n\n| | seconds | processor seconds | MB |\n|---|--:|--:|--:|")
    for what in ("app", "floor"):
        starts = []
        for _start in range(STARTS + 1):
            with served(folder, url, what, workers=1) as server:
                starts.append((server.cold, server.cold_work, server.memory()[0] / 1024))
        best = min(start[0] for start in starts[1:])
        work = min(start[1] for start in starts[1:])
        say(f"| {what} | {best:.2f} | {work:.2f} | {starts[-1][2]:.0f} |")
        if what == "app":
            yield _start_found(best, work)


def _start_found(best: float, work: float) -> Finding:
    """Where others use the processors too, the processor time is what the start itself takes."""
    load = os.getloadavg()[0]
    is_shared = load > (os.cpu_count() or 1)
    told = f"{best:.2f} s, processor {work:.2f} s" + (f" (load {load:.0f}: the latter counts)" if is_shared else "")
    return Finding("cold start", "≤ 2 s", told, is_met=(work if is_shared else best) <= LONGEST_START)


def memory(folder: Path, url: str, requests: int, minutes: float) -> Iterator[Finding]:
    """Resident memory of the workers as mixed requests add up, at most `requests` of them and `minutes`."""
    say("\n### Memory of each worker, MB\n\n| requests | resident | requests/s |\n|--:|---|--:|")
    with served(folder, url, "app") as app:
        kept = {0: _megabytes(app)}
        say(f"| 0 | {_told(kept[0])} | – |")
        asks, began = mixed(folder, url, BROWSERS), perf_counter()
        for step in (step for step in STEPS if step <= requests):
            done, speed = max(kept), 0.0
            while done < step and perf_counter() - began < minutes * 60:
                lot = min(2_000, step - done)
                speed = rate(app.port, [list(islice(each, lot // BROWSERS)) for each in asks])
                done += lot
            if done == max(kept):
                break
            kept[done] = _megabytes(app)
            say(f"| {done} | {_told(kept[done])} | {speed:.0f} |")
    last, first = max(kept), 1_000
    if last <= first:
        return
    growth = sum(kept[last]) / sum(kept[first])
    verdict = "does not grow" if growth <= MAY_GROW else "grows"
    say(f"\nFrom {first} to {last} requests: × {growth:.3f}: memory {verdict} (grows: more than × {MAY_GROW}).")
    short = "" if last >= STEPS[-1] else f", only {last} requests"
    told = f"{_told(kept[first])} MB after {first}, {_told(kept[last])} MB after {last}: {verdict}{short}"
    yield Finding("memory of a worker", "does not grow", told, is_met=growth <= MAY_GROW)


def _megabytes(server: Server) -> list[float]:
    return [kilobytes / 1024 for kilobytes in server.memory()]


def _told(megabytes: list[float]) -> str:
    return " ".join(f"{each:.0f}" for each in megabytes)


def exported(folder: Path, url: str, size: int) -> Iterator[Finding]:
    """How much more the worker holds at most while it sends every case as CSV."""
    ask = export(folder, url)
    if ask is None:
        say("\nThere is no export to measure.")
        return
    with served(folder, url, "app", workers=1) as app:
        client = Client(app.port)
        for _warm in range(3):
            client.ask(Ask("GET", "/sv/"))
        before = app.memory()[0] / 1024
        app.forget_most()
        took, statements = client.ask(ask)
        more = app.memory("VmHWM")[0] / 1024 - before
    told = f"{more:.0f} MB more, {took:.1f} s, {statements} statements"
    say(f"\nExport of {size} cases ({ask.path}): {told}.")
    yield Finding(f"export of {size} cases", f"≤ {MOST_FOR_AN_EXPORT:.0f} MB", told, is_met=more <= MOST_FOR_AN_EXPORT)
