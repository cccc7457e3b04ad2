"""The first part of each language's font holds the letters of our own texts; no page of ours fetches the dear rest."""

import pytest

from fundapp.languages import LANGUAGES
from fundapp.web.weight import STATIC
from tests.ground.sights import ALL, font_parts
from tools.letters import letters_of

FONTS = STATIC / "vendor" / "fonts"
LATIN = ("noto-sans-latin-400", "noto-sans-latin-600")
ARABIC = tuple(f"cut/vazirmatn-arabic-{weight}-core" for weight in (400, 700))
FIRST = {
    "ar": (*LATIN, *ARABIC),
    "prs": (*LATIN, *ARABIC),
    "ti": (*LATIN, *(f"cut/noto-sans-ethiopic-{weight}-tigrinya" for weight in (400, 700))),
}


@pytest.mark.parametrize("code", ALL)
def test_our_own_texts_need_no_more_than_the_fonts_that_the_page_fetches_first(code: str) -> None:
    """If this fails: `python -m tools.fonts` cuts the fonts anew."""
    parts = font_parts()
    known = set().union(*(parts[f"{name}.woff2"] for name in FIRST.get(code, LATIN)))
    assert {chr(letter) for letter in letters_of(code) if letter not in known} == set()


def test_both_weights_of_a_first_part_have_the_same_letters() -> None:
    parts = font_parts()
    for names in (LATIN, *(names[2:] for names in FIRST.values())):
        first, second = (parts[f"{name}.woff2"] for name in names)
        assert first == second, names


def test_no_letter_is_fetched_from_two_files_of_one_weight() -> None:
    """Else a page would fetch both."""
    parts = {name: letters for name, letters in font_parts().items() if not name.endswith("own-names.woff2")}
    for weight in ("400", "600", "700"):
        letters = [letter for name, part in parts.items() if f"-{weight}" in name for letter in part]
        assert len(letters) == len(set(letters)), weight


def test_the_language_menu_has_its_own_small_fonts() -> None:
    parts = {name: letters for name, letters in font_parts().items() if name.endswith("own-names.woff2")}
    plain = font_parts()["noto-sans-latin-400.woff2"]
    names = {ord(letter) for language in LANGUAGES.values() for letter in language.own_name}
    assert names <= plain.union(*parts.values())
    assert sum((FONTS / name).stat().st_size for name in parts) < 5_000


def test_every_font_of_the_sheet_is_there() -> None:
    assert [name for name in font_parts() if not (FONTS / name).is_file()] == []
