"""How a text that is data becomes a sentence of the page."""

import pytest

from fundapp.public.rules import sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("stödja initiativ", "Stödja initiativ."),
        ("Redan en mening.", "Redan en mening."),
        ("ድማ ይዳለዉ።", "ድማ ይዳለዉ።"),
    ],
)
def test_a_text_ends_with_one_full_stop_of_its_own_script(text: str, shown: str) -> None:
    assert sentence(text) == shown
