"""The letter and the extract, read from the finished PDFs, and the mail that brings the letter."""

import re
from datetime import date

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import documents, smtp
from fundapp.accounts.models import OrganisationKind
from fundapp.applications.models import ApplicationKind
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.languages import AUTHORITY_LANGUAGE, speaking
from fundapp.mail import Message
from fundapp.meetings.disqualifying import disqualify
from fundapp.permissions import Role
from fundapp.registry.models import Document
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import REASONS, approved, decided, granted, recorded, released
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation

ENGLISH_TRIAL = "A member of the municipality can ask a court to test whether the decision is lawful."


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def text_of(paper: documents.Paper) -> str:
    """The PDF's text on one line."""
    pdf = pypdfium2.PdfDocument(documents.pdf(paper))
    try:
        pages = [page.get_textpage().get_text_range() for page in pdf]
    finally:
        pdf.close()
    return " ".join(re.sub(r"\s+", " ", page.replace("\ufffe", "-")) for page in pages)


def last_mail() -> Message:
    return db.session.scalars(select(Message).order_by(Message.id.desc())).first()


def extract_of(decision: Decision) -> documents.Paper:
    return (
        db.session.scalars(
            select(Document)
            .join(Document.paper)
            .where(
                Document.case_id == decision.application.case_id,
                documents.Paper.template == "decisions/documents/extract.typ",
            )
        )
        .one()
        .paper
    )


def test_a_grants_letter_says_what_the_applicant_needs(app: Flask) -> None:
    with app.app_context():
        decision = granted(language="en")
        text = text_of(decision.letter)
        for needed in (
            "Kalix kommun",
            decision.application.case.diary_number,
            "Kommunstyrelsen",
            "6 March 2017",
            "§ 1",
            "45 000 kr",
            "22 500 kr",
            "5050-1055",
            REASONS,
            "Förvaltningsrätten i Luleå",
            "15 February 2018",
            "10 kap. kommunallagen (1991:900)",
            "The Swedish text applies",
            "noticeboard announced",
        ):
            assert needed in text, needed


def test_swedish_comes_first_and_stands_alone_for_a_swedish_reader(app: Flask) -> None:
    with app.app_context():
        both, alone = granted(language="en").letter, granted(language="sv").letter
        assert [part["lang"] for part in both.content["parts"]] == ["sv", "en"]
        assert [part["lang"] for part in alone.content["parts"]] == ["sv"]
        assert both.content["parts"][0]["governs"] == ""
        assert "6 mars 2017" in text_of(alone)
        with speaking("en"):
            assert both.content["parts"][1]["title"] == "Decision: your application is granted"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_letter_never_says_that_nothing_can_be_done_nor_counts_from_the_receipt(app: Flask, outcome: Outcome) -> None:
    with app.app_context():
        text = text_of(decided(outcome=outcome, language="en").letter)
        for wrong in ("cannot be appealed", "går inte att överklaga", "can not be", "received", "fick del av"):
            assert wrong not in text
        assert (ENGLISH_TRIAL in text) is outcome.ends_case
        assert ("three weeks" in text or "3 weeks" in text) is outcome.ends_case


def test_a_referral_says_why_and_what_happens_next(app: Flask) -> None:
    with app.app_context():
        decision = decided(assessed(language="en"), outcome=Outcome.REFER_BACK)
        text = text_of(decision.letter)
        assert REASONS in text
        assert "You need do nothing, unless we ask you for something." in text
        assert "Payment" not in text


def test_the_decision_of_2018_names_the_new_law(app: Flask) -> None:
    on_day(date(2018, 1, 15))
    with app.app_context():
        decision = granted(starts_on="2018-02-01", ends_on="2018-06-30", decided_on="2018-01-08")
        assert "13 kap. kommunallagen (2017:725)" in text_of(decision.letter)


def test_the_funds_own_conditions_are_translated_and_others_stand_as_written(app: Flask) -> None:
    with app.app_context():
        own = "1. Anslaget får bara användas till det som står i beslutet."
        letters = []
        for conditions in (own, own + "\n2. Kaféet hålls i Töre."):
            decision = recorded(on_agenda(assessed(language="en")), conditions=conditions)
            approved(decision.item.meeting)
            released(decision.item.meeting)
            letters.append(decision.letter.content["parts"][1]["sections"])
        translated, written = (next(part for part in parts if part["heading"] == "Conditions") for parts in letters)
        assert translated["lang"] == "en"
        assert translated["text"] == "1. The grant may only be used for what the decision says."
        assert written["lang"] == "sv"
        assert written["text"] == own + "\n2. Kaféet hålls i Töre."


@pytest.mark.parametrize(
    ("kind", "how"),
    [(OrganisationKind.ASSOCIATION, "5050-1055"), (OrganisationKind.MUNICIPAL_UNIT, "1234-567")],
)
def test_the_letter_says_where_the_money_goes(app: Flask, kind: OrganisationKind, how: str) -> None:
    with app.app_context():
        person = applicant()
        organisation(person, kind=kind)
        assert how in text_of(granted(by=person).letter)


def test_the_stipends_letter_names_the_recipient_and_the_motivation(app: Flask) -> None:
    with app.app_context():
        decision = granted(kind=ApplicationKind.NOMINATION, amount=7_000, language="en")
        text = text_of(decision.letter)
        assert "has awarded Kalix kommuns integrationsstipendium to Töre Framtid IF" in text
        assert "Motivation" in text
        assert REASONS in text
        assert "7 000 kr" in text
        assert "Payment" not in text
        assert "Report" not in text


def test_the_mail_says_what_the_letter_says(app: Flask) -> None:
    with app.app_context():
        decision = granted(language="en")
        message = last_mail()
        assert message.language == "en"
        assert message.subject == f"{decision.application.case.diary_number}: Decision: your application is granted"
        for part in decision.letter.content["parts"]:
            assert part["title"] in message.body
            for section in part["sections"]:
                assert section["text"] in message.body
        assert f"/en/applications/{decision.application.public_id}" in message.body
        assert "&#" not in message.body
        sent = smtp.as_email(message)
        (enclosed,) = list(sent.iter_attachments())
        assert enclosed.get_content_type() == "application/pdf"
        assert enclosed.get_content().startswith(b"%PDF")


def test_typed_markup_stays_text_in_papers_and_mail(app: Flask) -> None:
    with app.app_context():
        nasty = '#import "x" <b>fet</b> *stjärnor* $x$ \\ [länk] & "citat"'
        item = on_agenda()
        disqualify(item, None, name="*Eva* #Ek", application=item.cases[0].application, by=official(Role.SECRETARY))
        decision = recorded(item, reasons=nasty)
        approved(decision.item.meeting)
        released(decision.item.meeting)
        for text in (text_of(decision.letter), text_of(extract_of(decision)), last_mail().body):
            assert nasty in text
        assert "*Eva* #Ek" in text_of(extract_of(decision))


def test_the_extract_holds_body_day_paragraph_number_decision_and_conflicts(app: Flask) -> None:
    with app.app_context():
        decision = granted()
        text = text_of(extract_of(decision))
        for needed in ("Kommunstyrelsen", "2017-03-06", "§ 1", decision.application.case.diary_number, "45 000 kr"):
            assert needed in text, needed
        assert "Sessionssalen" in text


def test_an_extract_holds_its_own_case_alone(app: Flask) -> None:
    with app.app_context():
        people = [applicant() for _ in range(2)]
        for person, name in zip(people, ("Kalix Språkkafé", "Töre Fotboll"), strict=True):
            organisation(person, name=name)
        item = on_agenda([assessed(by=person) for person in people])
        decisions = [recorded(item, row.application) for row in item.cases]
        approved(item.meeting)
        first, second = (text_of(extract_of(decision)) for decision in decisions)
        assert "Töre Fotboll" not in first
        assert "Kalix Språkkafé" not in second


def test_the_same_letter_is_always_the_same_bytes(app: Flask) -> None:
    with app.app_context():
        letter = granted().letter
        assert letter.language == AUTHORITY_LANGUAGE
        assert documents.pdf(letter) == documents.pdf(letter)


@pytest.mark.parametrize("outcome", [Outcome.REJECT, Outcome.DISMISS])
def test_nobody_nominated_is_told_of_an_application(app: Flask, outcome: Outcome) -> None:
    with app.app_context():
        decision = decided(kind=ApplicationKind.NOMINATION, outcome=outcome)
        papers = [document.paper for document in decision.case.documents if document.paper is not None]
        ours = [paper for paper in papers if "/letter.typ" in paper.template or "/extract.typ" in paper.template]
        assert len(ours) == 3  # the nominator's letter, the nominee's, the extract
        for paper in ours:
            assert "ansökan" not in text_of(paper).lower()
            assert "Töre Framtid IF" in text_of(paper)


def test_the_decision_states_the_period_and_the_report_day_that_its_conditions_refer_to(app: Flask) -> None:
    with app.app_context():
        decision = granted()
        assert "3 april 2017 – 15 december 2017" in text_of(decision.letter)
        extract = text_of(extract_of(decision))
        assert "Projektet pågår från 2017-04-03 till 2017-12-15 och redovisas senast 2018-02-15." in extract
        assert "Föreningen vill ordna språkkafé varje vecka." in extract
        assert "Tjänsteskrivelse, 2017-03-06" in extract
