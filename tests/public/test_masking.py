"""What the public does not read is gone from the content itself."""

import pytest

from fundapp.public.masking import MASK, masked


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Amina Warsame är kassör.", f"{MASK} är kassör."),
        ("AMINA\u00a0 WARSAMES förslag", f"{MASK} förslag"),
        ("Fråga amina@tore.example.", f"Fråga {MASK}."),
        ("Ring 0923-123 45 eller +46 70 174 06 05.", f"Ring {MASK} eller {MASK}."),
        ("Personnummer 19850312-1234 och 850312+1234", f"Personnummer {MASK} och {MASK}"),
    ],
)
def test_names_addresses_and_numbers_of_private_persons_are_left_out(text: str, told: str) -> None:
    assert masked(text, ["Amina Warsame", " "]) == told


@pytest.mark.parametrize(
    "text",
    [
        "Föreningens nummer är 802001-5577.",
        "KS 2017:12, 2017-03-06 § 23, 45 000 kr, 5050-1055",
        "Aminata Warsamesson beviljas 10 000 kr.",
        "kl. 13:00–15:30, 952 81 Kalix",
    ],
)
def test_what_is_no_private_persons_stays(text: str) -> None:
    assert masked(text, ["Amina Warsame"]) == text


def test_every_text_of_a_paper_is_masked_and_its_figures_stay() -> None:
    content = {"number": 3, "rows": [["Amina Warsame", {"text": "av Amina Warsame"}]], "ok": True}
    assert masked(content, {"Amina Warsame"}) == {"number": 3, "rows": [[MASK, {"text": f"av {MASK}"}]], "ok": True}
