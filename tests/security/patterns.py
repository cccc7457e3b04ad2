"""Every regular expression of the app, and for each the texts it would like least."""

import ast
import gc
import importlib
import pkgutil
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]  # names of the parser's own parts, which Python has nowhere else
from re import _parser  # type: ignore[attr-defined]
from types import FrameType, ModuleType
from typing import Any

import fundapp

LENGTH = 50_000  # bytes
MOST = 0.1  # seconds of this process's own time, so that a busy machine makes no difference
_USES = {"match": "match", "fullmatch": "fullmatch"}  # everything else walks through the whole text
_CALLS = frozenset({"compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer", "subn"})
_SAMPLES = {
    sre.CATEGORY_DIGIT: "7",
    sre.CATEGORY_SPACE: " \n",
    sre.CATEGORY_WORD: "a0",
    sre.CATEGORY_NOT_DIGIT: "x",
    sre.CATEGORY_NOT_SPACE: "x.",
    sre.CATEGORY_NOT_WORD: "-",
}
_TAILS = ("", "\0", "\n", "@", "x")


class TooSlow(Exception):
    """The work took longer than it may."""


@dataclass(frozen=True)
class Pattern:
    """`use`: match, fullmatch, or `walk` where the whole text is gone through. `asked` is where it stands."""

    asked: str
    regex: "re.Pattern[Any]"
    use: str = "walk"

    def go(self, text: Any) -> None:
        if self.use == "walk":
            for _found in self.regex.finditer(text):
                pass
        else:
            getattr(self.regex, self.use)(text)


def modules() -> list[ModuleType]:
    names = [found.name for found in pkgutil.walk_packages(fundapp.__path__, "fundapp.")]
    return [importlib.import_module(name) for name in names]


def kept_patterns() -> list[Pattern]:
    """Those that a module or a class keeps compiled."""
    found = []
    for module in modules():
        owners = [module, *(value for value in vars(module).values() if isinstance(value, type))]
        for owner in owners:
            if getattr(owner, "__module__", module.__name__) == module.__name__:
                found += [
                    Pattern(f"{module.__name__}.{name}", value)
                    for name, value in vars(owner).items()
                    if isinstance(value, re.Pattern)
                ]
    return found


def written_patterns() -> tuple[list[Pattern], set[str]]:
    """Those that stand in a call of `re`, as `re.sub("…", …)`; and where one stands that only a running call knows."""
    found, unknown = [], set()
    for module in modules():
        path = Path(module.__file__ or "")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = _name_of(call)
            if name is None or not isinstance(call, ast.Call):
                continue
            try:
                text = eval(compile(ast.Expression(call.args[0]), str(path), "eval"), vars(module))  # noqa: S307  our own source
            except NameError:
                unknown.add(f"{module.__name__}: {ast.unparse(call.args[0])}")
                continue
            flags = re.IGNORECASE if "IGNORECASE" in ast.unparse(call) else 0
            found.append(Pattern(f"{module.__name__}:{call.lineno}", re.compile(text, flags), _USES.get(name, "walk")))
    return found, unknown


def _name_of(node: ast.AST) -> str | None:
    """Which function of `re` is called, if one is."""
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return None
    return called.attr if called.value.id == "re" and called.attr in _CALLS else None


def texts_for(pattern: Pattern) -> Iterator[Any]:
    """Long texts made of the pattern's own letters: each alone, two together, what it begins with; then what it cannot
    end with.
    """
    source = pattern.regex.pattern
    is_bytes = isinstance(source, bytes)
    letters, begun = _letters(_parser.parse(source, pattern.regex.flags & ~re.DEBUG))
    some = letters[:4]
    units = [*letters, *(a + b for a in letters for b in letters if a != b), begun]
    units += [begun[:long] + a + b for long in (1, 2, 3) for a in some for b in ("", " ")]
    for unit in dict.fromkeys(unit for unit in units if unit):
        text = (unit * LENGTH)[: LENGTH // len(unit[0].encode())]
        for tail in _TAILS if len(unit) < 2 else _TAILS[:2]:
            for first in dict.fromkeys(("", begun)) if len(unit) < 2 else [""]:
                whole = first + text + tail
                yield whole.encode("latin-1", "replace") if is_bytes else whole


def _letters(parsed: Any) -> tuple[list[str], str]:
    """A letter of every kind that the pattern knows, seven at most; and the shortest text it could begin with."""
    found: dict[str, None] = {}
    begun: list[str] = []

    def go(parts: Any, is_first: bool) -> None:
        for kind, value in parts:
            for letter in _of(kind, value):
                found[letter] = None
            if is_first and kind in (sre.LITERAL, sre.IN, sre.NOT_LITERAL, sre.ANY):
                begun.append(next(iter(_of(kind, value)), ""))
            for inner in _inside(kind, value):
                go(inner, is_first)

    go(parsed, True)
    return list(found)[:7], "".join(begun)[:12]


def _of(kind: Any, value: Any) -> list[str]:
    if kind is sre.LITERAL:
        return [chr(value)]
    if kind in (sre.ANY, sre.NOT_LITERAL):
        return ["x"]
    if kind is not sre.IN:
        return []
    if value[0][0] is sre.NEGATE:
        return ["x", "."]
    letters: list[str] = []
    for inner, what in value[:4]:
        if inner is sre.RANGE:
            letters.append(chr(what[0]))
        elif inner is sre.CATEGORY:
            letters += _SAMPLES[what]
        else:
            letters += _of(inner, what)
    return letters


def _inside(kind: Any, value: Any) -> list[Any]:
    if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return [value[2]]
    if kind is sre.SUBPATTERN:
        return [value[3]]
    if kind is sre.BRANCH:
        return list(value[1])
    if kind is sre.ATOMIC_GROUP:
        return [value]
    if kind in (sre.ASSERT, sre.ASSERT_NOT):
        return [value[1]]
    return []


@contextmanager
def in_time(most: float = MOST) -> Iterator[None]:
    """What takes more than `most` seconds of this process's time is broken off. Errors: TooSlow.

    The tests' own garbage waits: to collect it can take a tenth of a second, and what is raised in the middle of that
    is lost.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow

    gc.disable()
    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        gc.enable()


def is_slow(read: Callable[[Any], Any], text: Any) -> bool:
    """Whether it takes too long every time of three: a machine that others share may be slow once."""
    for _time in range(3):
        try:
            with in_time():
                read(text)
        except TooSlow:
            continue
        return False
    return True
