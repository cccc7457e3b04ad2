"""A decision in another language: asked for by the applicant, a right in Finnish and Meänkieli (lag 2009:724, 8 §)."""

import re
import threading

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import documents
from fundapp.accounts.models import Account
from fundapp.db import WrittenOnce, db
from fundapp.decisions.models import Decision, DecisionTranslation
from fundapp.decisions.translations import ask_for_translation, translate_decision
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.registry.models import Document
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.decisions import REASONS, granted, recorded, translated
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn

FINNISH = "Hanke tuo uudet ja vanhat asukkaat yhteen."


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    """The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()


def _made(app: Flask) -> tuple[Account, Account, str, str]:
    """The applicant, an officer, and the public ids of the decision and its application."""
    with app.test_request_context():
        decision, officer = granted(), official(Role.OFFICER, name="Olga Officer")
        found = decision.application.created_by, officer, decision.public_id, decision.application.public_id
        db.session.commit()
    return found


def test_from_the_request_to_the_letter_in_both_languages(app: Flask, signed_in: SignIn) -> None:
    owner, officer, decision, application = _made(app)
    mine, desk = signed_in(owner), signed_in(officer)
    page = mine.get(f"/en/applications/{application}").text
    assert "In Finnish and Meänkieli you have a right" in page
    asked = mine.post(f"/en/decisions/{decision}/translations", data={"language": "fit"}, follow_redirects=True)
    assert "You have asked for the decision in this language: meänkieli" in asked.text
    assert "Decisions to translate" in desk.get("/en/desk").text
    assert application in desk.get("/en/cases?translate=1").text
    case = desk.get(f"/en/cases/{application}").text
    assert "The applicant has a right to it (lag 2009:724, 8 §)." in case
    place = f"/en/decisions/{decision}/translations/fit"
    assert place in case
    assert REASONS in desk.get(place).text
    assert desk.post(place, data={"reasons": FINNISH}).status_code == 302
    assert application not in desk.get("/en/cases?translate=1").text
    page = re.sub(r"\s+", " ", mine.get(f"/en/applications/{application}").text)
    assert f'<div lang="fit" dir="ltr"><p>{FINNISH}</p></div>' in page
    assert REASONS in page
    pdf = mine.get(f"/en/decisions/{decision}/letter-fit.pdf")
    text = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf.data))
    assert FINNISH in re.sub(r"\s+", " ", text)
    assert REASONS in re.sub(r"\s+", " ", text)


def test_a_language_that_is_no_right_is_called_a_service(app: Flask, signed_in: SignIn) -> None:
    owner, officer, decision, application = _made(app)
    signed_in(owner).post(f"/ar/decisions/{decision}/translations", data={"language": "ar"})
    assert "It is a service, not a right." in signed_in(officer).get(f"/en/cases/{application}").text


def test_the_translated_letter_is_filed_as_dispatched_and_mailed(app: Flask) -> None:
    with app.test_request_context():
        decision = translated(granted(), "ar", reasons="المشروع يجمع الناس.")
        row = decision.newest_translations[0]
        filed = db.session.scalars(select(Document).where(Document.paper_id == row.paper_id)).one()
        assert (filed.direction.name, filed.case_id) == ("DISPATCHED", decision.application.case_id)
        message = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert message is not None
        assert [enclosure.paper_id for enclosure in message.enclosures] == [row.paper_id]
        assert message.language == "ar"
        assert "المشروع يجمع الناس." in message.body
        assert REASONS in message.body
        assert documents.pdf(row.paper).startswith(b"%PDF")


def test_asking_again_changes_nothing(app: Flask) -> None:
    with app.test_request_context():
        decision = granted()
        owner = decision.application.created_by
        first = ask_for_translation(decision, "fi", by=owner)
        assert ask_for_translation(decision, "fi", by=owner) is first
        translated(decision, "fi")
        assert ask_for_translation(decision, "fi", by=owner).is_made
        assert db.session.query(DecisionTranslation).count() == 1


def test_a_correction_is_a_new_version_and_the_first_stays(app: Flask) -> None:
    with app.test_request_context():
        decision, by = translated(granted()), official(Role.OFFICER)
        with pytest.raises(StepNotPossible):
            translate_decision(decision, "fi", reasons="Toinen.", conditions="", seen=0, by=by)
        second = translate_decision(decision, "fi", reasons="Toinen.", conditions="", seen=1, by=by)
        db.session.expire_all()
        assert second.number == 2
        assert [row.reasons for row in decision.translations] == ["Hanke tuo ihmisiä yhteen.", "Toinen."]
        assert decision.newest_translations == [second]
        decision.translations[0].reasons = "Muutettu."
        with pytest.raises(WrittenOnce):
            db.session.flush()


def test_two_who_ask_at_once_make_one_request(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        decision = granted()
        key, owner = decision.id, decision.application.created_by_id
        db.session.commit()
    faults: list[BaseException] = []
    together = threading.Barrier(2)

    def ask() -> None:
        with app_on_both.app_context():
            try:
                found, by = db.session.get_one(Decision, key), db.session.get_one(Account, owner)
                db.session.rollback()
                together.wait()
                ask_for_translation(found, "fi", by=by)
                db.session.commit()
            except BaseException as fault:
                faults.append(fault)
                raise

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with app_on_both.app_context():
        assert db.session.query(DecisionTranslation).count() == 1


def test_only_the_applicant_asks_and_only_for_a_final_decision(app: Flask) -> None:
    with app.test_request_context():
        with pytest.raises(NotAllowed):
            ask_for_translation(granted(), "fi", by=applicant("Stranger"))
        pending = recorded()
        with pytest.raises(StepNotPossible):
            ask_for_translation(pending, "fi", by=pending.application.created_by)
        decision = granted()
        for language in ("sv", "klingon", ""):
            with pytest.raises(StepNotPossible):
                ask_for_translation(decision, language, by=decision.application.created_by)
        with pytest.raises(NotAllowed):
            translated(decision, by=official(Role.AUDITOR))


def test_reasons_that_are_not_translated_are_asked_for_and_nothing_is_sent(app: Flask, signed_in: SignIn) -> None:
    _owner, officer, decision, _application = _made(app)
    place = f"/en/decisions/{decision}/translations/fi"
    answer = signed_in(officer).post(place, data={"reasons": "  "})
    assert answer.status_code == 422
    assert "Write the translation of the text beside." in answer.text
    assert signed_in(officer).get(place.replace("/fi", "/sv")).status_code == 404
    with app.app_context():
        assert db.session.query(DecisionTranslation).count() == 0
