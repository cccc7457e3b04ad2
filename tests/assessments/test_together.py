"""Two officers at one case: neither's words are lost, and the second is told who and when."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments import together
from fundapp.assessments.models import FormalCheck, ObjectiveLink
from fundapp.db import db
from fundapp.goals.models import Objective
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.assessments import objective, under_assessment
from tests.factories.people import official
from tests.ground.apps import SignIn


@pytest.fixture
def officers(app: Flask, signed_in: SignIn) -> tuple[str, FlaskClient, FlaskClient]:
    """A case under assessment, and two officers' browsers."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        one = official(Role.OFFICER, name="Karin Strand", email="karin@kommun.example")
        official(Role.OFFICER, name="Torsten Ek", email="torsten@kommun.example")
        key = under_assessment(officer=one).public_id
        db.session.commit()
    return key, signed_in("karin@kommun.example"), signed_in("torsten@kommun.example")


def fields_of(client: FlaskClient, path: str) -> dict[str, Any]:
    """What the page's form would send as it stands."""
    return _fields(client.get(path).text)


def _fields(page: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    form = BeautifulSoup(page, "html.parser").select_one("main form[method=post]")
    assert form is not None
    for field in form.select("input[name], textarea[name], select[name]"):
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            found[field["name"]] = chosen["value"] if chosen else ""
        elif field.get("type") == "checkbox":
            if field.has_attr("checked"):
                found.setdefault(field["name"], []).append(field["value"])
        else:
            found[field["name"]] = field.get_text() if field.name == "textarea" else field.get("value", "")
    return found


@contextmanager
def looking(app: Flask, key: str) -> Iterator[Application]:
    with app.test_request_context():
        yield db.session.scalars(select(Application).where(Application.public_id == key)).one()


def findings(app: Flask, key: str) -> dict[str, tuple[str, str, str]]:
    """Each item's finding, note and who wrote it."""
    with looking(app, key) as case:
        rows = db.session.execute(
            select(FormalCheck.item, FormalCheck.finding, FormalCheck.note, Account.name)
            .join(Account, Account.id == FormalCheck.checked_by_id)
            .where(FormalCheck.application_id == case.id)
        )
        return {item: (finding.name, note, who) for item, finding, note, who in rows}


def test_two_who_answer_different_items_both_keep_their_answers(
    app: Flask, officers: tuple[str, FlaskClient, FlaskClient]
) -> None:
    key, karin, torsten = officers
    path = f"/en/cases/{key}/formal-check"
    hers, his = fields_of(karin, path), fields_of(torsten, path)
    assert karin.post(path, data=hers | {"finding_F1": "YES", "note_F1": "Stadgar finns"}).status_code == 302
    assert torsten.post(path, data=his | {"finding_F2": "NO", "note_F2": "Ingen styrelse"}).status_code == 302
    assert findings(app, key) == {
        "F1": ("YES", "Stadgar finns", "Karin Strand"),
        "F2": ("NO", "Ingen styrelse", "Torsten Ek"),
    }


def test_an_item_that_both_answered_is_shown_with_both_and_nothing_is_saved_before_the_choice(
    app: Flask, officers: tuple[str, FlaskClient, FlaskClient]
) -> None:
    key, karin, torsten = officers
    path = f"/en/cases/{key}/formal-check"
    his = fields_of(torsten, path)
    hers = fields_of(karin, path) | {"finding_F1": "YES", "note_F1": "Stadgar finns", "finding_F3": "YES"}
    karin.post(path, data=hers)
    mine = {"finding_F1": "MISSING", "note_F1": "Sidan två saknas", "finding_F2": "YES"}
    answer = torsten.post(path, data=his | mine)
    assert answer.status_code == 409
    page = " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())
    assert "Karin Strand saved: Yes. Stadgar finns" in page
    shown = _fields(answer.text)
    assert (shown["finding_F1"], shown["note_F1"], shown["finding_F2"]) == ("MISSING", "Sidan två saknas", "YES")
    assert shown["finding_F3"] == "YES", "what she answered and he did not stands in his page now"
    assert "F2" not in findings(app, key)
    assert torsten.post(path, data=shown).status_code == 302
    assert findings(app, key) == {
        "F1": ("MISSING", "Sidan två saknas", "Torsten Ek"),
        "F2": ("YES", "", "Torsten Ek"),
        "F3": ("YES", "", "Karin Strand"),
    }


def test_a_page_sent_as_it_was_opened_takes_nothing_back(
    app: Flask, officers: tuple[str, FlaskClient, FlaskClient]
) -> None:
    key, karin, torsten = officers
    path = f"/en/cases/{key}/formal-check"
    karin.post(path, data=fields_of(karin, path) | {"finding_F1": "YES"})
    his = fields_of(torsten, path)
    karin.post(path, data=fields_of(karin, path) | {"finding_F1": "NO", "note_F1": "Gamla stadgar"})
    assert torsten.post(path, data=his).status_code == 302
    assert findings(app, key)["F1"] == ("NO", "Gamla stadgar", "Karin Strand")


def test_a_note_without_a_finding_is_told_of_and_stays_in_its_field(
    officers: tuple[str, FlaskClient, FlaskClient],
) -> None:
    key, karin, _torsten = officers
    path = f"/en/cases/{key}/formal-check"
    answer = karin.post(path, data=fields_of(karin, path) | {"note_F1": "Jag ringer i morgon"})
    assert answer.status_code == 422
    assert "Choose a finding too: a note alone is not saved." in answer.text
    assert _fields(answer.text)["note_F1"] == "Jag ringer i morgon"


def test_two_who_link_objectives_both_have_their_way(
    app: Flask, officers: tuple[str, FlaskClient, FlaskClient]
) -> None:
    key, karin, torsten = officers
    path = f"/en/cases/{key}/objectives"
    with app.test_request_context():
        first, second, third = (objective(code) for code in ("2.3", "5.1", "3.2"))
        boxes = {each.code: (f"area_{each.code[0]}", str(each.id)) for each in (first, second, third)}
    page = karin.get(path).text
    seen = _fields(page)["seen"]
    karin.post(path, data={"seen": seen, boxes["2.3"][0]: boxes["2.3"][1], boxes["5.1"][0]: boxes["5.1"][1]})
    his = fields_of(torsten, path)
    # Karin takes one away while Torsten, who still sees both, adds a third.
    karin.post(path, data={"seen": his["seen"], boxes["5.1"][0]: boxes["5.1"][1]})
    answer = torsten.post(
        path, data={"seen": his["seen"]} | {boxes[code][0]: boxes[code][1] for code in boxes}, follow_redirects=True
    )
    assert "Somebody else changed some meanwhile" in answer.text
    with looking(app, key) as case:
        linked = select(Objective.code).join(ObjectiveLink).where(ObjectiveLink.application_id == case.id)
        assert sorted(db.session.scalars(linked)) == ["3.2", "5.1"]


def test_the_second_to_save_an_assessment_sees_the_firsts_words_and_points_beside_the_own(
    officers: tuple[str, FlaskClient, FlaskClient],
) -> None:
    key, karin, torsten = officers
    path = f"/en/cases/{key}/assessment"
    his = fields_of(torsten, path)
    karin.post(path, data=fields_of(karin, path) | {"text": "Karins ord", "score_K1": "2"})
    answer = torsten.post(path, data=his | {"text": "Torstens ord"})
    page = " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())
    assert answer.status_code == 409
    for words in ("Karin Strand saved the assessment while you wrote", "Karins ord", "The fund's three goals: 2"):
        assert words in page, words
    assert _fields(answer.text)["text"].strip() == "Torstens ord"


def test_the_case_page_says_who_is_at_work_and_who_changed_it_last(
    officers: tuple[str, FlaskClient, FlaskClient],
) -> None:
    key, karin, torsten = officers
    path = f"/en/cases/{key}/assessment"
    karin.post(path, data=fields_of(karin, path) | {"text": "Karins ord"})
    pages = [
        " ".join(BeautifulSoup(client.get(f"/en/cases/{key}").text, "html.parser").get_text(" ").split())
        for client in (torsten, karin)
    ]
    assert "Karin Strand is at work here: “Saved the assessment”" in pages[0]
    assert "is at work here" not in pages[1]
    assert "Changed last by Karin Strand" in pages[1]


MERGES = {
    "nobody else": ({1, 2}, {1}, {1}, {1, 2}),
    "both add": ({1, 2}, {1}, {1, 3}, {1, 2, 3}),
    "both take away": (set(), {1, 2}, {1}, set()),
    "one takes away what the other left": ({1, 2}, {1, 2}, {1}, {1}),
    "both add the same": ({1, 2}, {1}, {1, 2}, {1, 2}),
}


@pytest.mark.parametrize(("mine", "seen", "now", "both"), MERGES.values(), ids=MERGES)
def test_ticks_of_two(mine: set[int], seen: set[int], now: set[int], both: set[int]) -> None:
    assert together.merged(mine, seen, now) == both


def test_what_is_no_sign_is_left_out() -> None:
    written = {"F1": ("YES", "Två ord: med kolon"), "F10": ("NO", "")}
    signs = together.read_marks(together.marks(written))
    assert signs == {code: together.mark(each) for code, each in written.items()}
    assert together.read_marks("skräp F3: :x  F4:ab") == {"F4": "ab"}
