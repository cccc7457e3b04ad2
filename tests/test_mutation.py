"""The tool that changes the rules: what it changes, what it leaves alone, and that a change is put in."""

from types import FunctionType

from tools import mutation

SOURCE = '''
def may(age: int, name: str = "x") -> bool:
    """Words of a docstring."""
    if not name:
        raise ValueError("words of an error")
    said = _("words of a sentence")
    return age >= 18 and bool(said)
'''


def _made(source: str) -> FunctionType:
    place: dict[str, object] = {"_": str}
    exec(compile(source, "<rules>", "exec"), place)  # noqa: S102  the source stands above
    made = place["may"]
    assert isinstance(made, FunctionType)
    return made


def test_signs_and_numbers_are_changed_and_words_are_not() -> None:
    told = {(one.before, one.after) for one in mutation.mutants(SOURCE)}
    assert {("age >= 18", "age > 18"), ("18", "19"), ("not name", "name")} <= told
    assert any(" or " in after for _before, after in told)
    assert not [pair for pair in told if "XXwords" in pair[1]]


def test_a_change_is_put_into_the_running_function() -> None:
    may = _made(SOURCE)
    change = next(one for one in mutation.mutants(SOURCE) if one.after == "age > 18")
    assert may(18)
    mutation.put_in(mutation.changed_code(SOURCE, change, "<rules>"), [may])
    assert not may(18)
    assert may(19)


def test_every_module_that_is_changed_and_every_test_that_is_asked_is_there() -> None:
    asked = {test for tests in mutation.TARGETS.values() for test in tests}
    assert [name for name in {*mutation.TARGETS, *asked} if not (mutation.ROOT / name).exists()] == []
