"""Browsers of the run: one kept connection each, every answer's status looked at."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from time import perf_counter
from urllib.parse import urlencode

from benchmarks.counted import HEADER
from benchmarks.routes import Ask

Answer = tuple[float, int]  # seconds, statements


def say(*words: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


class Client:
    """One kept connection to one server."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=300)

    def ask(self, ask: Ask) -> Answer:
        """Errors: ends the run where the answer's status is another than the ask's."""
        headers = {"Host": "localhost"} | ({"Cookie": ask.cookie} if ask.cookie else {})
        if ask.form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(ask.form, doseq=True) if ask.form is not None else None
        started = perf_counter()
        self.connection.request(ask.method, ask.path, body, headers)
        answer = self.connection.getresponse()
        size = 0
        while piece := answer.read(65536):  # as a browser does: what streams is never held whole
            size += len(piece)
        took = perf_counter() - started
        if answer.status != ask.status:
            sys.exit(f"{ask.method} {ask.path} answered {answer.status}, not {ask.status}")
        return took, int(answer.headers[HEADER])


def rate(port: int, lots: list[list[Ask]]) -> float:
    """Answers a second with as many browsers at once as there are lots."""

    def browse(lot: list[Ask]) -> None:
        client = Client(port)
        for ask in lot:
            client.ask(ask)

    started = perf_counter()
    with ThreadPoolExecutor(len(lots)) as pool:
        list(pool.map(browse, lots))
    return sum(map(len, lots)) / (perf_counter() - started)


def lots_of(asks: Iterator[Ask], times: int, browsers: int = 4) -> list[list[Ask]]:
    return [[next(asks) for _ask in range(times)] for _browser in range(browsers)]
