"""Funds are changed on their pages: versions, what has been sent, faults in words, two administrators at once."""

from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.applications import actions as applying
from fundapp.applications.changed import since_begun
from fundapp.applications.questions import section_form
from fundapp.assessments.rules import check_items
from fundapp.db import db
from fundapp.funds import editing
from fundapp.funds.models import Fund, FundVersion
from fundapp.funds.terms import as_data, checked, terms_of
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.applications import FUND, STIPEND, draft, submitted
from tests.factories.funds import OWN, SAID, edited, fund, person
from tests.factories.people import official
from tests.funds.test_youth_fund import posted, text_of
from tests.ground.apps import SignIn
from tests.ground.pages import send

EDIT = f"/en/funds/{FUND}"


@pytest.mark.parametrize("code", [FUND, STIPEND])
def test_terms_as_data_are_read_back_by_the_rules_of_the_files_as_they_were(code: str) -> None:
    kept = as_data(next(terms for terms in terms_of("kalix") if terms.code == code))
    assert checked(kept) == kept


# --- what has been sent -------------------------------------------------------------------------------------------


def test_what_was_sent_keeps_its_questions_when_it_is_completed_and_checked(office: Flask) -> None:
    with office.test_request_context("/sv/"):
        sent, begun = submitted(), draft()
        db.session.commit()
        checks = [item["code"] for item in check_items(sent.terms, "association")]
        edited(
            own_questions=[OWN],
            asked_otherwise=[{"code": "project.integration", "is_off": True, "is_needed": False}],
            formal_checks=[{"code": "F1", "text": {"sv": "En enda"}, "applicant_types": ["association"]}],
        )
        db.session.commit()
        assert "integration" in section_form(sent, "project")
        assert "own_q1" not in section_form(sent, "participants")
        assert [item["code"] for item in check_items(sent.terms, "association")] == checks
        assert section_form(begun, "project").integration is None
        assert "own_q1" in section_form(begun, "participants")
        assert (sent.terms_version, fund().version) == (1, 2)


def test_a_draft_is_told_what_has_changed_since_it_was_begun(office: Flask, signed_in: SignIn) -> None:
    with office.test_request_context("/sv/"):
        begun = draft()
        db.session.commit()
        assert since_begun(begun) is None
        edited(
            own_questions=[OWN],
            asked_otherwise=[
                {"code": "project.integration", "is_off": True, "is_needed": False},
                {"code": "project.risks", "is_off": False, "is_needed": True},
            ],
        )
        db.session.commit()
        email, place = begun.created_by.email, begun.public_id
    page = text_of(signed_in(email).get(f"/en/applications/{place}").text)
    for told in (
        "What is asked has changed since you began",
        "New: How old are they?",
        "No longer asked: How the project promotes integration",
        "Must be answered now: Risks",
    ):
        assert told in page


def test_a_draft_that_lacks_a_new_question_is_not_sent(office: Flask) -> None:
    with office.test_request_context("/sv/"):
        begun = draft()
        edited(own_questions=[OWN])
        with pytest.raises(StepNotPossible):
            applying.submit(begun, by=begun.created_by)
        answers = next(s.answers for s in begun.sections if s.code == "participants")
        applying.save_section(begun, "participants", answers | {"own_q1": ["17"]}, by=begun.created_by)
        db.session.expire(begun, ["sections"])
        content = applying.submit(begun, by=begun.created_by).content
        asked = {a["code"]: a["answer"] for s in content["sections"] for a in s["answers"]}
        assert asked["own_q1"] == "17"
        assert begun.terms_version == 2


def test_an_own_number_that_is_no_number_is_told_in_words(office: Flask) -> None:
    with office.test_request_context("/en/"), speaking("en"):
        edited(own_questions=[OWN])
        begun = draft()
        form = section_form(begun, "participants", {"own_q1": ["about ten"]})
        form.validate()
        assert form["own_q1"].errors == ["Write a whole number with digits only, for example 25. Write 0 for none."]


# --- the pages ----------------------------------------------------------------------------------------------------


def test_a_change_is_kept_with_who_and_what_stood_there_before(ada: FlaskClient, office: Flask) -> None:
    assert posted(ada, f"{EDIT}/edit/report_months", count="3", source="KS 2017-03-06 § 45").status_code == 302
    with office.app_context():
        entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "edit_fund")).one()
        assert (entry.who, entry.facts["part"]) == ("Ada Admin", "report_months")
        assert (entry.facts["old"], entry.facts["new"]) == (2, 3)
        versions = db.session.scalars(select(FundVersion).join(Fund).where(Fund.code == FUND)).all()
        assert [version.terms["report_months"]["value"] for version in versions] == [2, 3]
    page = text_of(ada.get(f"{EDIT}/versions").text)
    assert "Version 2: Months until the report" in page


def test_a_changed_swedish_text_drops_the_translations_that_say_another_thing(ada: FlaskClient, office: Flask) -> None:
    with office.app_context():
        editing.translate(fund(), "fi", {"goals.G1.text": "omasta päästä"}, seen=1, by=person())
        db.session.commit()
        assert _goal() == {"sv": _goal()["sv"], "en": "lead to better integration", "fi": "omasta päästä"}
    assert posted(ada, f"{EDIT}/edit/goals", source="KS § 1").status_code == 302
    with office.app_context():
        assert _goal()["fi"] == "omasta päästä"
    assert posted(ada, f"{EDIT}/edit/goals", **{"items-0-sv": "något annat"}).status_code == 302
    with office.app_context():
        assert _goal() == {"sv": "något annat", "en": "lead to better integration"}


def _goal() -> dict[str, str]:
    return dict(fund().terms["goals"]["value"][0]["text"])


def test_a_text_in_another_language_is_read_there_and_a_missing_one_falls_back_visibly(
    ada: FlaskClient, office: Flask
) -> None:
    sv = "Fonden betalar bara det som är nytt i Kalix."
    change = {"items-0-sv": sv, "items-0-en": "", "source": "KS § 1"}
    assert posted(ada, f"{EDIT}/edit/not_supported", **change).status_code == 302
    nobody = office.test_client()
    english = nobody.get(f"/en/grants/{FUND}").text
    assert f'<span lang="sv" dir="ltr">{sv}</span>' in english
    assert posted(ada, f"{EDIT}/texts/en", **{"not_supported.N1.text": "Only what is new."}).status_code == 302
    assert "Only what is new." in nobody.get(f"/en/grants/{FUND}").text


@pytest.mark.parametrize(
    ("part", "typed", "told"),
    [
        ("instalments", {"parts": "50, 40"}, "Write per cents above 0 that make 100 together, for example 50, 50."),
        ("instalments", {"parts": "all at once"}, "Write whole numbers with a comma between them"),
        ("report_months", {"count": "0"}, "Write 1 month or more."),
        ("late_days", {"count": "a month"}, "Write a whole number with digits only, for example 30."),
        ("goals", {"items-0-sv": ""}, "Write the text in Swedish: it is the one that holds."),
        ("purpose", {"sv": ""}, "Write the text in Swedish: it is the one that holds."),
        ("purpose", {"source": ""}, "Write which decision or text it comes from."),
        ("applicant_types", {"types": None}, "Choose at least one kind of organisation."),
        ("contact", {"address": "Kalix", "email": "kansliet"}, "Write an e-mail address, for example"),
        ("deciding_body", {"body": "FoK"}, "An open fund keeps its body. Copy the fund to let another body decide."),
    ],
)
def test_what_does_not_hold_is_told_at_the_field_and_nothing_is_changed(
    ada: FlaskClient, office: Flask, part: str, typed: dict[str, Any], told: str
) -> None:
    refused = posted(ada, f"{EDIT}/edit/{part}", **typed)
    assert refused.status_code == 422
    assert told in text_of(refused.text)
    for value in (value for value in typed.values() if value):
        assert value in refused.text
    with office.app_context():
        assert fund().version == 1


def test_a_part_that_is_in_no_fund_is_not_there(ada: FlaskClient) -> None:
    for path in ("edit/rounds", "edit/colour", "texts/sv", "texts/xx", "questions/q9"):
        assert ada.get(f"{EDIT}/{path}").status_code == 404, path


def test_the_last_question_of_a_part_stays(ada: FlaskClient) -> None:
    all_off = {f"goals.{code}": "off" for code in ("fund_goals", "target_groups", "areas")}
    refused = posted(ada, f"{EDIT}/questions", **all_off)
    assert refused.status_code == 422
    assert "Ask at least one question in this part." in text_of(refused.text)


def test_a_choice_needs_two_alternatives_and_a_row_is_added_without_losing_a_word(ada: FlaskClient) -> None:
    typed = {"sv": "Vilken ort?", "kind": "choice", "options-0-sv": "Töre", "section": "project"}
    refused = posted(ada, f"{EDIT}/questions/new", **typed)
    assert refused.status_code == 422
    assert "Write at least two alternatives." in text_of(refused.text)
    more = posted(ada, f"{EDIT}/questions/new", **typed, add="1")
    assert "Vilken ort?" in more.text
    assert 'name="options-3-sv"' in more.text
    assert posted(ada, f"{EDIT}/questions/new", **typed, **{"options-1-sv": "Nyborg"}).status_code == 302
    assert "Vilken ort?" in ada.get(f"{EDIT}/questions").text
    assert posted(ada, f"{EDIT}/questions/q1", remove="1").status_code == 302
    assert "Vilken ort?" not in ada.get(f"{EDIT}/questions").text


def test_the_second_of_two_administrators_is_told_and_keeps_the_text(
    ada: FlaskClient, signed_in: SignIn, office: Flask
) -> None:
    bo = signed_in("bo@kommun.example")
    was = ada.get(f"{EDIT}/edit/purpose")
    assert was.status_code == 200
    assert posted(bo, f"{EDIT}/edit/purpose", sv="Bos ord").status_code == 302
    late = {"sv": "Adas ord", "en": "", "source": "KS", "version": "1"}
    refused = send(ada, f"{EDIT}/edit/purpose", late)
    assert refused.status_code == 422
    assert "Bo Admin changed this at" in text_of(refused.text)
    assert "Adas ord" in refused.text
    assert send(ada, f"{EDIT}/edit/handling", late).status_code == 302  # nobody has touched that part
    with office.app_context():
        assert fund().terms["purpose"]["value"]["sv"] == "Bos ord"
        assert fund().terms["handling"]["value"]["sv"] == "Adas ord"


def test_two_administrators_at_the_same_instant_lose_nothing(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.app_context():
        official(Role.ADMINISTRATOR, email="ada@kommun.example")
        official(Role.ADMINISTRATOR, email="bo@kommun.example")
        db.session.commit()
    start, outcomes = Barrier(2), list[str]()

    def change(email: str) -> None:
        with app_on_both.app_context():
            words = {"value": {"sv": email}} | SAID
            start.wait()
            try:
                editing.edit(fund(), {"purpose": words}, part="purpose", seen=1, by=person(email))
                db.session.commit()
                outcomes.append(email)
            except editing.ChangedMeanwhile:
                db.session.rollback()
                outcomes.append("told")

    threads = [Thread(target=change, args=[email]) for email in ("ada@kommun.example", "bo@kommun.example")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes)[1] == "told"
    with app_on_both.app_context():
        assert fund().terms["purpose"]["value"]["sv"] == sorted(outcomes)[0]
        assert fund().version == 2


def test_the_history_of_a_text_in_another_language_shows_that_text(ada: FlaskClient) -> None:
    assert posted(ada, f"{EDIT}/texts/so", **{"purpose": "Qoraal tijaabo ah"}).status_code == 302
    assert "Qoraal tijaabo ah" in ada.get(f"{EDIT}/versions").text


@pytest.mark.parametrize(
    ("path", "typed", "told"),
    [
        ("edit/second_look", {"answer": None, "source": "KS"}, "Choose yes or no."),
        ("questions/new", {"sv": "Varför?", "kind": None}, "Choose how it is answered."),
        ("questions/new", {"sv": "Varför?", "kind": "essay"}, "This does not hold together"),
    ],
)
def test_what_is_not_chosen_is_asked_for(ada: FlaskClient, path: str, typed: dict[str, Any], told: str) -> None:
    refused = posted(ada, f"{EDIT}/{path}", **typed)
    assert refused.status_code == 422
    assert told in text_of(refused.text)
