"""Two at the same page: what each changed is kept, and what both changed otherwise is asked."""

import pytest

from fundapp import meanwhile
from fundapp.meanwhile import Basis, merged, read_signs, sign, signs

SHOWN = {"done": ["Ett kafé."], "lives": [""], "used": ["45 000"]}
SEEN = read_signs(signs(SHOWN))


def test_signs_tell_the_same_whatever_browser_sent_it() -> None:
    assert sign("En rad\r\nen till") == sign("En rad\nen till") != sign("En rad")
    assert sign("") == sign() == sign("", "")
    assert sign("a", "b") != sign("ab")
    assert {name: sign(*texts) for name, texts in SHOWN.items()} == SEEN
    assert read_signs("nonsense..:.x:") == {}


def test_each_ones_changes_are_kept() -> None:
    now = SHOWN | {"done": ["Ett kafé och en utflykt."]}
    both = merged(SHOWN | {"lives": ["Kaféet."]}, now, Basis(seen=SEEN))
    assert (both.kept, both.asked) == (now | {"lives": ["Kaféet."]}, {})


def test_a_field_that_nobody_else_changed_can_be_emptied() -> None:
    assert merged(SHOWN | {"done": [""]}, SHOWN, Basis(seen=SEEN)).kept["done"] == [""]


def test_the_same_change_twice_is_no_question() -> None:
    now = SHOWN | {"done": ["Två\nkaféer."]}
    assert merged(SHOWN | {"done": ["Två\r\nkaféer."]}, now, Basis(seen=SEEN)).asked == {}


@pytest.mark.parametrize("mine", ["Tre kaféer.", ""])
def test_what_both_changed_is_asked_and_stays_as_it_was_saved(mine: str) -> None:
    now = SHOWN | {"done": ["Två kaféer."]}
    both = merged(SHOWN | {"done": [mine]}, now, Basis(seen=SEEN))
    assert (both.kept, both.asked) == (now, {"done": [mine]})


def test_a_choice_is_followed_and_silence_asked_again() -> None:
    now, typed = SHOWN | {"done": ["Två kaféer."]}, SHOWN | {"done": ["Tre kaféer."]}
    seen, shown = read_signs(signs(now)), frozenset({"done"})
    for choices, kept, is_asked in (
        ({"done": "mine"}, "Tre kaféer.", False),
        ({"done": "theirs"}, "Två kaféer.", False),
        ({"done": "nonsense"}, "Två kaféer.", True),
        ({}, "Två kaféer.", True),
    ):
        both = merged(typed, now, Basis(seen, shown, choices))
        assert (both.kept["done"], bool(both.asked)) == ([kept], is_asked), choices


def test_the_own_text_is_not_chosen_before_one_that_was_never_shown() -> None:
    seen = read_signs(signs(SHOWN | {"done": ["Två kaféer."]}))
    newer = SHOWN | {"done": ["Fyra kaféer."]}
    basis = Basis(seen, frozenset({"done"}), {"done": "mine"})
    both = merged(SHOWN | {"done": ["Tre kaféer."]}, newer, basis)
    assert (both.kept, both.asked) == (newer, {"done": ["Tre kaféer."]})


def test_a_page_that_says_nothing_overwrites_nothing() -> None:
    both = merged({"done": [""], "lives": ["Kaféet."], "used": ["45 000"]}, SHOWN, Basis())
    assert (both.kept, both.asked) == (SHOWN | {"lives": ["Kaféet."]}, {"done": [""]})


def test_a_field_that_is_not_on_the_page_stays() -> None:
    assert merged({}, SHOWN, Basis(seen=SEEN)) == meanwhile.Merged(SHOWN, {})
