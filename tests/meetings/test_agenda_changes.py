"""What a new version of the notice marks as changed, and that nothing of a hidden case is left in it."""

from typing import Any

from fundapp.meetings.agenda_changes import Changes, Mark, case_ids, changes, without
from fundapp.meetings.rules import ordered


def case(key: str, **other: Any) -> dict[str, Any]:
    return {"id": key, "number": f"KS 2017:{key}", "applicant": f"Förening {key}", "amount": 1000, "files": []} | other


def item(key: str, *cases: dict[str, Any], heading: str = "Ärende", text: str = "") -> dict[str, Any]:
    return {"id": key, "kind": "cases", "heading": heading, "text": text, "cases": list(cases)}


def agenda(*items: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "held_on": "2017-03-27",
        "begins_at": "13:00",
        "place": "",
        "is_public": False,
        "items": list(items),
    } | other


def test_the_same_agenda_has_no_changes() -> None:
    assert not changes(agenda(item("a", case("1"))), agenda(item("a", case("1"))))


def test_a_new_paragraph_a_new_case_and_a_changed_proposal_are_marked() -> None:
    old = agenda(item("a", case("1"), case("2")))
    new = agenda(item("a", case("1", amount=900), case("2"), case("3")), item("b", heading="Övrigt"))
    assert changes(old, new) == Changes(items={"b": Mark.NEW}, cases={"1": Mark.CHANGED, "3": Mark.NEW})


def test_what_left_the_agenda_is_named() -> None:
    old = agenda(item("a", case("1"), heading="Fonden"), item("b", heading="Övrigt"))
    assert changes(old, agenda(item("a", heading="Fonden"))).gone == ("Övrigt", "KS 2017:1 Förening 1")


def test_moving_one_paragraph_marks_that_one_alone() -> None:
    names = [item(key) for key in "abcd"]
    assert changes(agenda(*names), agenda(names[3], *names[:3])).items == {"d": Mark.MOVED}


def test_a_case_under_another_paragraph_is_moved() -> None:
    old, new = agenda(item("a", case("1")), item("b")), agenda(item("a"), item("b", case("1")))
    assert changes(old, new).cases == {"1": Mark.MOVED}


def test_another_day_time_or_place_is_told() -> None:
    assert changes(agenda(), agenda(held_on="2017-03-28", place="Töre")).facts == ("held_on", "place")


def test_a_hidden_case_leaves_no_trace_in_the_marks() -> None:
    """Neither by the case nor by its paragraph, which gets the same heading back."""
    old, new = agenda(item("a", case("1"))), agenda(item("a", case("1"), case("2", applicant="Hemliga")))
    shown = without(new, {"2"})
    assert case_ids(shown) == {"1"}
    assert "Hemliga" not in str(shown)
    assert not changes(without(old, {"2"}), shown)
    assert case_ids(new) == {"1", "2"}  # what is published is left as it was


def test_numbers_typed_at_the_paragraphs_put_them_in_order() -> None:
    for typed, wanted in (
        ([1, 2, 3, 4], [0, 1, 2, 3]),
        ([1, 2, 3, 1], [3, 0, 1, 2]),  # the last comes first, before the one that had the number
        ([3, 2, 3, 4], [1, 2, 0, 3]),  # the first comes third, after the one that had the number
        ([4, 3, 2, 1], [3, 2, 1, 0]),
        ([90, 2, 3, 4], [1, 2, 3, 0]),
        ([1, 1, 3], [1, 0, 2]),
    ):
        assert ordered(typed) == wanted, typed
