"""When two projects' names are the same, alike, or neither."""

import pytest

from fundapp.registry import alike

NAMES = {
    "letter by letter": ("Språkkafé vid älven", "Språkkafé vid älven", True, True),
    "in other case and order": ("Språkkafé vid älven", "VID ÄLVEN: språkkafé", True, True),
    "but for a word that tells nothing": ("Språkkafé vid älven", "Projektet Språkkafé vid älven", True, True),
    "with a slip of the pen": ("Språkkafé vid älven", "Språkcafé vid älven", False, True),
    "with a word more": ("Språkkafé vid älven", "Språkkafé vid älven 2018", False, True),
    "with one word of two in common": ("Fotboll för alla", "Simning för alla", False, False),
    "of different projects": ("Språkkafé vid älven", "Odla tillsammans i Töre", False, False),
    "in Arabic": ("مقهى اللغة", "مقهى اللغة", True, True),
    "in Arabic, of different projects": ("مقهى اللغة", "كرة القدم", False, False),
    "of nothing but common words": ("För alla", "För alla", True, True),
    "where one is empty": ("Språkkafé", "", False, False),
    "where both are empty": ("", "", False, False),
}


@pytest.mark.parametrize(("one", "other", "same", "near"), NAMES.values(), ids=NAMES)
def test_names(one: str, other: str, same: bool, near: bool) -> None:
    assert (alike.is_same(one, other), alike.is_alike(one, other)) == (same, near)
    assert (alike.is_same(other, one), alike.is_alike(other, one)) == (same, near), "the other way round"


def test_whatever_is_alike_begins_alike_in_half_of_its_words_so_that_the_database_finds_it() -> None:
    for one, other, _same, near in NAMES.values():
        if near:
            begins = [stem for stem in alike.stems(one) if any(word.startswith(stem) for word in alike.words(other))]
            assert 2 * len(begins) >= len(alike.stems(one)), (one, other)
