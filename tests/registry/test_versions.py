"""The difference between two versions: answer by answer, word by word, and nothing lost."""

import time
from datetime import UTC, date, datetime

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications import actions as applying
from fundapp.assessments import actions as assessing
from fundapp.assessments.translations import save_translations
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry import versions
from fundapp.registry.versions import Piece
from tests.factories import on_day
from tests.factories.applications import GRANT
from tests.factories.assessments import under_assessment
from tests.factories.people import official
from tests.ground.apps import SignIn

TEXTS = {
    "a word changed": ("Vi möts på onsdagar.", "Vi möts på torsdagar.", "Vi möts på[- onsdagar.-][+ torsdagar.+]"),
    "a word came": ("Vi möts ofta.", "Vi möts mycket ofta.", "Vi möts[+ mycket+] ofta."),
    "a word went": ("Vi möts mycket ofta.", "Vi möts ofta.", "Vi möts[- mycket-] ofta."),
    "the first word went": ("Nu möts vi.", "möts vi.", "[-Nu-] möts vi."),
    "it was empty": ("", "Nytt svar", "[+Nytt svar+]"),
    "it is empty now": ("Gammalt svar", "", "[-Gammalt svar-]"),
    "in Arabic": ("نلتقي كل أسبوع", "نلتقي كل يوم", "نلتقي كل[- أسبوع-][+ يوم+]"),
    "a new line": ("Ett.\nTvå.", "Ett.\nTvå.\nTre.", "Ett.\nTvå.[+\nTre.+]"),
}


def shown(pieces: list[Piece]) -> str:
    signs = {"": ("", ""), "del": ("[-", "-]"), "ins": ("[+", "+]")}
    return "".join(f"{signs[mark][0]}{text}{signs[mark][1]}" for mark, text in pieces)


@pytest.mark.parametrize(("before", "after", "marked"), TEXTS.values(), ids=TEXTS)
def test_words_that_came_and_went(before: str, after: str, marked: str) -> None:
    assert shown(versions.pieces(before, after)) == marked


@given(st.text(alphabet="ab \n", max_size=60), st.text(alphabet="ab \n", max_size=60))
@settings(max_examples=200, deadline=None)
def test_the_marks_give_both_texts_back(before: str, after: str) -> None:
    pieces = versions.pieces(before, after)
    assert "".join(text for mark, text in pieces if mark != "del").split() == after.split()
    assert "".join(text for mark, text in pieces if mark != "ins").split() == before.split()


def test_texts_made_to_be_slow_are_shown_whole_and_at_once() -> None:
    before, after = "a b " * 2_000, "b a a " * 1_500
    began = time.monotonic()
    assert shown(versions.pieces(before, after)) == f"[-{before}-][+{after}+]"
    assert time.monotonic() - began < 1


@pytest.fixture
def completed(app: Flask) -> str:
    """A case whose applicant changed the purpose, a cost and nothing else; written in Arabic, translated before."""
    on_day()
    with app.test_request_context():
        officer = official(Role.OFFICER, email="officer@kommun.example")
        case = under_assessment(officer=officer, purpose="نلتقي كل أسبوع", text_language="ar", title="Språkkafé")
        save_translations(case, {"project.purpose": "Vi möts varje vecka"}, seen=0, by=officer)
        assessing.request_completion(
            case, sections=["project", "budget"], what="Skriv mer", due_on=date(2017, 3, 20), by=officer
        )
        person = db.session.get_one(Account, case.created_by_id)
        with clock.at(datetime(2017, 3, 10, 9, tzinfo=UTC)):
            project = GRANT["project"] | {"purpose": ["نلتقي كل يوم"], "title": ["Språkkafé"]}
            applying.save_section(case, "project", project, by=person)
            budget = GRANT["budget"] | {"costs-1-what": ["Fika och frukt"]}
            applying.save_section(case, "budget", budget, by=person)
            applying.submit(case, by=person)
        db.session.commit()
        return case.public_id


def page(signed_in: SignIn, path: str) -> Tag:
    answer = signed_in("officer@kommun.example").get(path)
    assert answer.status_code == 200
    main = BeautifulSoup(answer.text, "html.parser").select_one("main")
    assert main is not None
    return main


def test_the_page_shows_only_what_is_not_the_same_each_text_in_its_direction(completed: str, signed_in: SignIn) -> None:
    main = page(signed_in, f"/en/cases/{completed}/versions")
    text = " ".join(main.get_text(" ").split())
    assert "What changed between version 1 and 2" in text
    assert [part.get_text(strip=True) for part in main.select("dt")] == ["Syfte", "Kostnader"]
    purpose = main.select_one(".differences .original")
    assert purpose is not None
    assert (purpose["lang"], purpose["dir"]) == ("ar", "auto")
    assert all(hidden["dir"] == "ltr" for hidden in purpose.select(".visually-hidden")), "else they turn the text"
    assert "(taken away: أسبوع )" in " ".join(main.select("del")[1].get_text(" ").split())
    assert "(added: يوم )" in " ".join(main.select("ins")[1].get_text(" ").split())
    assert "Vi möts varje vecka" in text
    assert "The later text is not translated yet." in text


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("?from=1&to=2", "What changed between version 1 and 2"),
        ("?from=2&to=1", "What changed between version 1 and 2"),
        ("?from=2", "Choose two different versions. The last two are shown."),
        ("?to=1", "Choose two different versions. The last two are shown."),
        ("?from=1&to=9", "There is no version 9. The last two are shown."),
        ("?from=0", "There is no version 0. The last two are shown."),
        ("?from=99999999999999999999", "The last two are shown."),
        ("?from=x&to=y", "What changed between version 1 and 2"),
    ],
)
def test_an_address_that_asks_for_what_is_not_there_is_answered_in_words(
    completed: str, signed_in: SignIn, asked: str, words: str
) -> None:
    main = page(signed_in, f"/en/cases/{completed}/versions{asked}")
    assert words in " ".join(main.get_text(" ").split())


def test_a_single_version_has_nothing_to_be_compared_with(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        key = under_assessment(officer=official(Role.OFFICER, email="officer@kommun.example")).public_id
        db.session.commit()
    text = page(signed_in, f"/en/cases/{key}/versions").get_text()
    assert "There is only one version" in text
    assert "What changed" not in page(signed_in, f"/en/cases/{key}").get_text()


def test_the_case_page_leads_to_what_changed(completed: str, signed_in: SignIn) -> None:
    for shown_version in ("", "?version=1"):
        main = page(signed_in, f"/en/cases/{completed}{shown_version}")
        link = next(a for a in main.select("a") if a.get_text() == "What changed")
        assert "What changed between version 1 and 2" in page(signed_in, str(link["href"])).get_text()
