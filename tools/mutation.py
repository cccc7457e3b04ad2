"""Change the rules one sign at a time, and see whether a test notices. What none notices is printed.

    python -m tools.mutation                                 all of TARGETS
    python -m tools.mutation fundapp/workflow.py …           these alone

The tests of one module are run once as it stands, to see which of them enter which function. Then each change is put
into the running functions of a child process (a fork), and the tests that enter the function are run there until one
fails. Nothing is written to the source. Bodies of functions are changed, not tables at the top of a module, which have
tests of their own; nor the words of a sentence that a person reads. PostgreSQL is left out, for time.
"""

import ast
import copy
import gc
import os
import select
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SPOKEN = frozenset({"_", "_n", "_l", "_ln", "_d", "_dn", "_dl", "gettext", "ngettext"})
MOST_TESTS = 40  # for one change, the quickest first
ENOUGH = 0.9  # share of a module's changes that must be noticed
LONGEST = 60.0  # seconds that the tests of one change may take

# Module → the tests that are asked, the nearest first.
TARGETS: dict[str, tuple[str, ...]] = {
    "fundapp/permissions.py": ("tests/test_permission_conditions.py", "tests/test_permissions.py"),
    "fundapp/workflow.py": ("tests/test_workflow.py", "tests/test_workflow_refusals.py"),
    "fundapp/record/rules.py": ("tests/record/test_format.py", "tests/record/test_rules.py"),
    "fundapp/projects/rules.py": ("tests/projects/test_rules.py", "tests/projects/test_rules_edges.py"),
    "fundapp/applications/rules.py": (
        "tests/applications/test_rules.py",
        "tests/applications/test_closing.py",
        "tests/applications/test_drafts_end.py",
        "tests/applications/test_completion.py",
    ),
    "fundapp/assessments/rules.py": ("tests/assessments/test_rules.py",),
    "fundapp/registry/rules.py": ("tests/registry/test_rules.py",),
    "fundapp/reports/rules.py": ("tests/reports/test_rules.py",),
    "fundapp/decisions/rules.py": (
        "tests/decisions/test_rules.py",
        "tests/decisions/test_rules_edges.py",
        "tests/decisions/test_dates.py",
    ),
    "fundapp/factors/rules.py": ("tests/factors/test_rules.py",),
    "fundapp/funds/actions.py": ("tests/funds/test_ledger.py", "tests/funds/test_ledger_edges.py"),
    "fundapp/goals/rules.py": ("tests/goals/test_plans.py", "tests/goals/test_names.py"),
    "fundapp/papers/rules.py": ("tests/papers/test_markup.py", "tests/papers/test_templates.py"),
    "fundapp/public/rules.py": ("tests/public/test_rules.py",),
    "fundapp/record/tree.py": (
        "tests/record/test_actions.py",
        "tests/record/test_verifying.py",
        "tests/record/test_views.py",
    ),
    "fundapp/record/sealed.py": ("tests/record/test_actions.py",),
    "fundapp/record/keys.py": ("tests/record/test_actions.py", "tests/record/test_cli.py"),
    "fundapp/record/actions.py": ("tests/record/test_actions.py",),
    "fundapp/record/walking.py": ("tests/record/test_verifying.py",),
    "fundapp/record/verifying.py": ("tests/record/test_verifying.py",),
    "fundapp/record/looking_up.py": ("tests/record/test_views.py",),
    "fundapp/record/guards.py": ("tests/record/test_guards.py",),
    "fundapp/accounts/rules.py": ("tests/accounts/test_sign_in.py",),
    "fundapp/boards/rules.py": ("tests/boards",),
    "fundapp/candidates/rules.py": ("tests/candidates/test_actions.py",),
    "fundapp/delegations/rules.py": ("tests/delegations/test_actions.py",),
    "fundapp/feedback/rules.py": ("tests/feedback",),
    "fundapp/meetings/rules.py": ("tests/meetings/test_actions.py", "tests/meetings/test_attendance.py"),
    "fundapp/messages/rules.py": ("tests/messages",),
    "fundapp/oidc/rules.py": ("tests/oidc/test_lies.py", "tests/oidc/test_sign_in.py"),
    "fundapp/referrals/rules.py": ("tests/referrals/test_actions.py",),
    "fundapp/remarks/rules.py": ("tests/remarks/test_actions.py",),
    "fundapp/reviews/rules.py": ("tests/reviews/test_actions.py",),
    "fundapp/seats/rules.py": ("tests/seats/test_actions.py",),
}

# --- what is changed ----------------------------------------------------------------------------------------------

_COMPARED: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_COUNTED: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: of the `place`-th node of the module, in the `way`-th way that it can be changed."""

    place: int
    way: int
    line: int
    before: str
    after: str


def ways(node: ast.AST) -> list[ast.AST]:
    """What a node can be changed to; the node itself is left as it is."""
    made: list[ast.AST] = []
    if isinstance(node, ast.Compare):
        for n, operator in enumerate(node.ops):
            if type(operator) in _COMPARED:
                made.append(_with(node, ops=[*node.ops[:n], _COMPARED[type(operator)](), *node.ops[n + 1 :]]))
    elif isinstance(node, ast.BoolOp):
        made.append(_with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And()))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        made.append(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in _COUNTED:
        made.append(_with(node, op=_COUNTED[type(node.op)]()))
    elif isinstance(node, ast.Constant):
        made += _other_constants(node)
    elif isinstance(node, ast.IfExp):
        made.append(_with(node, body=node.orelse, orelse=node.body))
    return made + _ways_of_statement(node)


def _ways_of_statement(node: ast.AST) -> list[ast.AST]:
    nothing = ast.Constant(None)
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        return [_with(node, value=nothing)]
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and not _is_none(node.value):
        return [_with(node, value=nothing)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom):
        return [ast.Pass()] if isinstance(node.value, ast.Call) else []
    if isinstance(node, ast.If | ast.While):
        return [_with(node, test=ast.UnaryOp(ast.Not(), node.test))]
    if isinstance(node, ast.Break):
        return [ast.Continue()]
    return [ast.Break()] if isinstance(node, ast.Continue) else []


def _other_constants(node: ast.Constant) -> list[ast.AST]:
    kept = node.value
    if isinstance(kept, bool):
        return [ast.Constant(not kept)]
    if isinstance(kept, int):
        return [ast.Constant(kept + 1)]
    return [ast.Constant(f"XX{kept}")] if isinstance(kept, str) else []


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(node: ast.AST, **changed: Any) -> ast.AST:
    other = copy.copy(node)
    for name, value in changed.items():
        setattr(other, name, value)
    return other


def places(tree: ast.Module) -> list[ast.AST]:
    """The nodes that can be changed, in one order: within functions, no annotations, decorators, docstrings, words."""
    found: list[ast.AST] = []

    def walk(node: ast.AST, *, is_within: bool) -> None:
        if isinstance(node, ast.FunctionDef):
            for n, one in enumerate(node.body):
                if not (n == 0 and isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
                    walk(one, is_within=True)
            return
        if is_within:
            found.append(node)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SPOKEN:
            return
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_comment"):
                continue
            # The words of a text with values in it, and of an error for programmers, are words too.
            if isinstance(node, ast.Raise) and name == "exc" and not isinstance(value, ast.Name):
                continue
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST):
                    walk(one, is_within=is_within or isinstance(one, ast.Lambda))

    walk(tree, is_within=False)
    return found


def mutants(source: str) -> Iterator[Mutant]:
    for place, node in enumerate(places(ast.parse(source))):
        for way, changed in enumerate(ways(node)):
            after = ast.unparse(ast.fix_missing_locations(ast.copy_location(copy.deepcopy(changed), node)))
            told = [" ".join(text.split())[:110] for text in (ast.unparse(node), after)]
            yield Mutant(place, way, getattr(node, "lineno", 0), *told)


def changed_code(source: str, mutant: Mutant, file: str) -> CodeType:
    """The module's code with the change in it."""
    tree = ast.parse(source)
    node = places(tree)[mutant.place]
    new = ast.fix_missing_locations(ast.copy_location(ways(node)[mutant.way], node))
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, new)
            elif isinstance(value, list) and any(one is node for one in value):
                setattr(parent, name, [new if one is node else one for one in value])
    return compile(ast.fix_missing_locations(tree), file, "exec")


# --- where it is put ----------------------------------------------------------------------------------------------


def codes_of(code: CodeType) -> dict[tuple[str, int], CodeType]:
    """(qualified name, first line) → code, of every function within."""
    found = {}
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found[one.co_qualname, one.co_firstlineno] = one
            found |= codes_of(one)
    return found


def _pairs(code: CodeType, functions: list[FunctionType]) -> list[tuple[FunctionType, CodeType]]:
    new = codes_of(code)
    found = ((each, new.get((each.__code__.co_qualname, each.__code__.co_firstlineno))) for each in functions)
    return [(each, other) for each, other in found if other is not None]


def fits(code: CodeType, functions: list[FunctionType]) -> bool:
    """False where a running function would need other names from outside: one that says `super()` no more."""
    return all(other.co_freevars == each.__code__.co_freevars for each, other in _pairs(code, functions))


def put_in(code: CodeType, functions: list[FunctionType]) -> None:
    for function, other in _pairs(code, functions):
        if other.co_freevars == function.__code__.co_freevars:
            function.__code__ = other


def kept_by(functions: list[FunctionType]) -> list[Any]:
    """The caches around the functions: what they remember was made by the code as it was."""
    kind = type(cache(lambda: None))
    return [one for one in gc.get_objects() if type(one) is kind and one.__wrapped__ in functions]


def functions_of(file: str) -> list[FunctionType]:
    return [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__code__.co_filename == file]


# --- the run ------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """A pytest plugin: the tests as they are, and then once more for each change, in a child."""

    target: str
    survived: list[Mutant] = field(default_factory=list)
    untried: list[Mutant] = field(default_factory=list)  # cannot be put into what runs; to be made by hand
    tried: int = 0
    not_entered: int = 0
    _entered: dict[tuple[str, int], list[tuple[float, Any]]] = field(default_factory=lambda: defaultdict(list))
    _failed: list[str] = field(default_factory=list)
    _caches: list[Any] = field(default_factory=list)

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [one for one in items if "postgresql" not in one.nodeid and not one.get_closest_marker("slow")]

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        path = ROOT / self.target
        source, file = path.read_text(), str(path)
        self._look(session.items, file)
        functions = functions_of(file)
        self._caches = kept_by(functions)
        for mutant in mutants(source):
            code = changed_code(source, mutant, file)
            if not fits(code, functions):
                self.untried.append(mutant)
                continue
            tests = self._tests_of(mutant, code)
            self.tried += 1
            self.not_entered += not tests
            if not tests or self._survives(tests, code, functions):
                self.survived.append(mutant)
                sys.stderr.write(f"{self.target}:{mutant.line}: {mutant.before} -> {mutant.after}\n")
        return True

    def _look(self, items: list[Any], file: str) -> None:
        """Run each test once and note which functions it enters. The session's fixtures stay set up."""
        for n, item in enumerate(items):
            entered: set[tuple[str, int]] = set()

            def note(frame: FrameType, event: str, _given: Any, entered: Any = entered) -> None:
                if event == "call" and frame.f_code.co_filename == file:
                    entered.add((frame.f_code.co_qualname, frame.f_code.co_firstlineno))

            began = time.perf_counter()
            sys.setprofile(note)
            try:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=items[(n + 1) % len(items)])
            finally:
                sys.setprofile(None)
            if self._failed:  # it would notice anything
                sys.stderr.write(f"left out, as it fails before anything is changed: {self._failed.pop()}\n")
                self._failed.clear()
                continue
            for function in entered:
                self._entered[function].append((time.perf_counter() - began, item))

    def _tests_of(self, mutant: Mutant, code: CodeType) -> list[Any]:
        """The tests that enter the innermost function that has been entered at all around the change."""
        around = [
            key
            for key, one in codes_of(code).items()
            if key in self._entered and one.co_firstlineno <= mutant.line <= _last_line(one)
        ]
        if not around:
            return []
        innermost = max(around, key=lambda key: key[1])
        return [item for _took, item in sorted(self._entered[innermost], key=lambda pair: pair[0])[:MOST_TESTS]]

    def _survives(self, tests: list[Any], code: CodeType, functions: list[FunctionType]) -> bool:
        sys.stdout.flush()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._be_the_child(tests, code, functions, writing)
        os.close(writing)
        ready, _, _ = select.select([reading], [], [], LONGEST)
        told = os.read(reading, 1) if ready else b""
        os.close(reading)
        if not told:  # it hangs, or died: noticed
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return told == b"s"

    def _be_the_child(self, tests: list[Any], code: CodeType, functions: list[FunctionType], writing: int) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            put_in(code, functions)
            for one in self._caches:
                one.cache_clear()
            for n, item in enumerate(tests):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=tests[(n + 1) % len(tests)])
                if self._failed:
                    break
            os.write(writing, b"k" if self._failed else b"s")
        except BaseException:
            os.write(writing, b"k")
            raise
        finally:
            os._exit(0)


def _last_line(code: CodeType) -> int:
    inner = [_last_line(one) for one in code.co_consts if isinstance(one, CodeType)]
    return max([line for *_rest, line in code.co_lines() if line] + inner)


def main(words: list[str]) -> int:
    """1 where a module was not tried, or fewer than ENOUGH of its changes were noticed."""
    os.chdir(ROOT)
    short = []
    for target in words or TARGETS:
        run = Run(target)
        tests = [test for test in TARGETS[target] if Path(test).exists()]
        done = pytest.main(["-q", "-n0", "-p", "no:cacheprovider", "--no-header", *tests], plugins=[run])
        if done != 0 or not run.tried:
            sys.stdout.write(f"{target}: not tried ({done})\n")
            short.append(target)
            continue
        killed = run.tried - len(run.survived)
        share = f"{killed / run.tried:.1%} of {run.tried} noticed, {run.not_entered} in what no test enters"
        sys.stdout.write(f"\n== {target}: {share}\n")
        for how, ones in (("", run.survived), ("untried: ", run.untried)):
            for one in ones:
                sys.stdout.write(f"{how}{target}:{one.line}: {one.before} -> {one.after}\n")
        sys.stdout.flush()
        if killed / run.tried < ENOUGH:
            short.append(target)
    sys.stdout.write(f"\nBelow {ENOUGH:.0%}: {', '.join(short) or 'none'}\n")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
