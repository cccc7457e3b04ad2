"""What each client asked for, when, and what it was told: a line of JSON at the asking, and one at the answer."""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

DONE, REFUSED, UNKNOWN = "done", "refused", "unknown"
NEVER = float("inf")


@dataclass(frozen=True)
class Operation:
    """One thing that one client asked for. `asked` and `answered` are seconds of the machine's clock.

    `thread`: the story it belongs to, an application's or a sitting's public id; `account`: who asked. `answer` is DONE
    where it was acknowledged, REFUSED where it was said that nothing happened, and UNKNOWN where no answer came, or one
    that there was a fault: then it was done once, or not at all, before `answered` (NEVER where nobody knows when the
    server gave it up). `facts`: what was asked for and told besides.
    """

    number: int
    client: int
    kind: str
    account: int
    thread: str
    asked: float
    answered: float = NEVER
    answer: str = UNKNOWN
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return self.answer == DONE

    @property
    def tag(self) -> str:
        """What this operation alone wrote, where it wrote something of its own."""
        return tag_of(self.number)


def tag_of(number: int) -> str:
    """Twelve letters and digits, as long as a page's own id."""
    return f"op{number:010}"


class Log:
    """A file that lines are added to from several threads; each is with the system when `ask` or `answer` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", buffering=1)
        self._lock, self._last = threading.Lock(), 0
        self.path = path

    def ask(self, client: int, kind: str, account: int, thread: str) -> Operation:
        """Say what is about to be asked for."""
        with self._lock:
            self._last += 1
            asked = Operation(self._last, client, kind, account, thread, time.time())
            self._file.write(json.dumps(asdict(asked)) + "\n")
        return asked

    def ask_again(self, asked: Operation) -> Operation:
        """It is sent only now: the client had to wait for its turn."""
        return replace(asked, asked=time.time())

    def answer(self, asked: Operation, answer: str, *, is_over: bool = True, **facts: Any) -> Operation:
        """Say what came of it; `is_over`: False where the server may still be at it."""
        told = replace(asked, answered=time.time() if is_over else NEVER, answer=answer, facts=asked.facts | facts)
        with self._lock:
            self._file.write(json.dumps(asdict(told)) + "\n")
        return told

    @property
    def count(self) -> int:
        return self._last

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> list[Operation]:
    """The operations of a log, each as it was last told of."""
    with path.open() as lines:
        return sorted(last_of(Operation(**json.loads(line)) for line in lines), key=lambda each: each.number)


def last_of(lines: Iterable[Operation]) -> Iterator[Operation]:
    found: dict[int, Operation] = {}
    for each in lines:
        found[each.number] = each
    yield from found.values()
