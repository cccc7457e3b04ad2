"""Which law a decision falls under: dated versions, chosen by the day of the decision."""

import re
import tomllib
from datetime import date

import pytest

from fundapp.decisions import legal


@pytest.mark.parametrize(
    ("day", "law"),
    [
        ("2016-06-13", "10 kap. kommunallagen (1991:900)"),
        ("2017-12-31", "10 kap. kommunallagen (1991:900)"),
        ("2018-01-01", "13 kap. kommunallagen (2017:725)"),
        ("2018-12-31", "13 kap. kommunallagen (2017:725)"),
    ],
)
def test_the_law_is_the_one_of_the_decisions_day(day: str, law: str) -> None:
    found = legal.legal_on(date.fromisoformat(day))
    assert (found.law, found.weeks, found.court) == (law, 3, "Förvaltningsrätten i Luleå")


@pytest.mark.parametrize(
    ("day", "personal_data", "procedure"),
    [
        ("2016-06-13", "personuppgiftslagen (1998:204)", "1986:223"),
        ("2018-05-24", "personuppgiftslagen (1998:204)", "1986:223"),
        ("2018-05-25", "dataskyddsförordningen (EU) 2016/679", "1986:223"),
        ("2018-06-30", "dataskyddsförordningen (EU) 2016/679", "1986:223"),
        ("2018-07-01", "dataskyddsförordningen (EU) 2016/679", "2017:900"),
    ],
)
def test_personal_data_and_procedure_change_on_their_own_days(day: str, personal_data: str, procedure: str) -> None:
    when = date.fromisoformat(day)
    assert personal_data in legal.personal_data_on(when, "Kommunstyrelsen")
    assert legal.personal_data_on(when, "Kommunstyrelsen").startswith("Kommunstyrelsen är personuppgiftsansvarig")
    assert procedure in legal.procedure_on(when)


def test_a_paragraph_before_2018_is_named_only_where_it_is_known() -> None:
    assert legal.paragraph(date(2018, 1, 1), "8:12") == " (KL 2017:725 8:12)"
    assert legal.paragraph(date(2017, 12, 31), "8:12", "10:6") == " (KL 1991:900 10:6)"
    assert legal.paragraph(date(2017, 12, 31), "8:12") == ""


@pytest.mark.parametrize("day", ["2016-06-13", "2018-06-13"])
def test_the_appeal_text_counts_from_the_noticeboard_and_never_from_the_letter(day: str) -> None:
    text = legal.appeal_in_swedish(date.fromisoformat(day))
    assert legal.noticeboard_on(date.fromisoformat(day)) in text
    assert legal.legal_on(date.fromisoformat(day)).law in text
    assert not re.search(r"del av beslutet|kan inte överklagas|cannot be appealed", text)


def test_every_legal_value_has_its_source_and_the_court_is_an_assumption() -> None:
    tables = tomllib.loads(legal.LEGAL.read_text(encoding="utf-8"))
    for versions in tables.values():
        assert [version["begins"] for version in versions] == sorted(version["begins"] for version in versions)
        for version in versions:
            assert all(value["source"] for key, value in version.items() if key != "begins")
    assert all(version["court"]["assumption"] is True for version in tables["versions"])
