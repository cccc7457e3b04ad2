"""Referrals: who asks and when, what is mailed and filed, how an answer comes in, and who is reminded."""

from datetime import date, timedelta

import pytest
from flask import Flask
from pypdfium2 import PdfDocument
from sqlalchemy import func, select

from fundapp import clock, documents
from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import Application
from fundapp.assessments import papers as reports
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.referrals import actions
from fundapp.referrals.models import Referral
from fundapp.referrals.reminders import remind_of_referrals
from fundapp.referrals.rules import Receiver
from fundapp.registry.models import Direction, Document
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.applications import submitted
from tests.factories.assessments import assessed, under_assessment
from tests.factories.people import applicant, official

QUESTION = "Har föreningen en lokal hos er för projektet?"
SOCIAL = Receiver("Socialnämnden, Socialförvaltningen", "social@kalix.example")
POLICE = Receiver("Polisen i Kalix", "", "Polishuset\n952 81 Kalix")
DUE = DAY + timedelta(days=14)


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def referred(application: Application | None = None, *receivers: Receiver, answer_by: date = DUE) -> Referral:
    """A referral to each of the receivers, the first of which is given; the whole case goes along."""
    officer = official(Role.OFFICER)
    case = application or under_assessment(officer=officer)
    assert case.case is not None
    sent = actions.refer(
        case,
        receivers or [SOCIAL],
        question=QUESTION,
        answer_by=answer_by,
        sent_along=case.case.documents[:1],
        by=officer,
    )
    return sent[0]


def mails(to: str) -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.to == to).order_by(Message.id)))


def text_of(paper: Paper | None) -> str:
    assert paper is not None
    drawn = PdfDocument(documents.pdf(paper))
    found = " ".join(page.get_textpage().get_text_bounded() for page in drawn)
    drawn.close()
    return " ".join(found.split())


def test_every_body_gets_its_own_letter_which_is_filed_as_dispatched(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        referred(application, SOCIAL, POLICE)
        filed = [d for d in application.case.documents if d.direction is Direction.DISPATCHED]
        assert [each.counterpart for each in filed] == [SOCIAL.body, POLICE.body]
        assert QUESTION in text_of(filed[0].paper)
        assert "Polishuset" in text_of(filed[1].paper)
        assert "Polishuset" not in text_of(filed[0].paper)


def test_the_mail_holds_the_question_the_paper_and_what_goes_along(app: Flask) -> None:
    with app.test_request_context():
        referral = referred()
        letter = mails("social@kalix.example")[0]
        assert QUESTION in letter.body
        assert f"/sv/referrals/{referral.public_id}" in letter.body
        assert referral.asked_by.email in letter.body
        along = [enclosure.paper for enclosure in letter.enclosures]
        assert along == [referral.document.paper, referral.application.case.documents[0].paper]
        assert referral.application.case.diary_number in letter.subject


def test_a_body_without_e_mail_gets_a_paper_and_no_mail(app: Flask) -> None:
    with app.test_request_context():
        before = db.session.scalar(select(func.count()).select_from(Message))
        application = under_assessment()
        mailed = db.session.scalar(select(func.count()).select_from(Message))
        referral = referred(application, POLICE)
        assert referral.document.paper is not None
        assert db.session.scalar(select(func.count()).select_from(Message)) == mailed
        assert before is not None


def test_the_same_question_is_sent_once(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        officer = official(Role.OFFICER)
        for _press in range(2):
            actions.refer(application, [SOCIAL], question=QUESTION, answer_by=DUE, by=officer)
        assert len(mails("social@kalix.example")) == 1
        assert db.session.scalar(select(func.count()).select_from(Referral)) == 1


def test_a_case_is_not_referred_before_it_is_registered_nor_when_it_is_the_boards(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        officer = official(Role.OFFICER)
        for application, why in ((submitted(), "not registered"), (assessed(), "while it is prepared")):
            with pytest.raises(StepNotPossible, match=why):
                actions.refer(application, [SOCIAL], question=QUESTION, answer_by=DUE, by=officer)
        assert db.session.scalar(select(func.count()).select_from(Referral)) == 0


def test_a_day_that_has_passed_and_another_cases_document_are_refused(app: Flask) -> None:
    with app.test_request_context():
        officer, application, other = official(Role.OFFICER), under_assessment(), under_assessment()
        with pytest.raises(ValueError, match="passed"):
            actions.refer(application, [SOCIAL], question=QUESTION, answer_by=DAY - timedelta(days=1), by=officer)
        with pytest.raises(ValueError, match="another case"):
            actions.refer(
                application,
                [SOCIAL],
                question=QUESTION,
                answer_by=DUE,
                sent_along=other.case.documents[:1],
                by=officer,
            )


def test_only_an_officer_without_a_conflict_refers(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        biased = official(Role.OFFICER)
        declare_conflict(by=biased, reason="Min bror är kassör.", application=application)
        for person in (biased, official(Role.REGISTRAR), official(Role.MEMBER), applicant()):
            with pytest.raises(NotAllowed):
                actions.refer(application, [SOCIAL], question=QUESTION, answer_by=DUE, by=person)


def test_an_answer_in_words_is_filed_as_received_on_the_day_it_came(app: Flask) -> None:
    with app.test_request_context():
        referral = referred()
        on_day(DAY + timedelta(days=5))
        answer = actions.record_answer(
            referral,
            came_on=DAY + timedelta(days=4),
            answered_by="Socialnämnden, § 12",
            text="Ja, varje torsdag.",
            file=None,
            by=official(Role.REGISTRAR),
        )
        filed = answer.document
        assert (filed.direction, filed.dated) == (Direction.RECEIVED, DAY + timedelta(days=4))
        assert filed.counterpart == "Socialnämnden, § 12"
        text = text_of(filed.paper)
        assert "Ja, varje torsdag." in text
        assert QUESTION in text


def test_an_answer_comes_once_and_not_from_tomorrow_or_before_the_question(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        referral, by = referred(), official(Role.OFFICER)

        def answer(came_on: date) -> None:
            actions.record_answer(referral, came_on=came_on, answered_by="Social", text="Ja.", file=None, by=by)

        for wrong, why in ((DAY + timedelta(days=1), "today's date"), (DAY - timedelta(days=1), "sent later")):
            with pytest.raises(StepNotPossible, match=why):
                answer(wrong)
        answer(DAY)
        with pytest.raises(StepNotPossible, match="answered already"):
            answer(DAY)
        with pytest.raises(StepNotPossible, match="answered already"):
            actions.withdraw(referral, "Behövs inte.", by=by)


def test_a_withdrawn_referral_is_told_filed_and_takes_no_answer(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        referral, by = referred(), official(Role.OFFICER)
        actions.withdraw(referral, "Vi har fått svar från föreningen.", by=by)
        letter = mails("social@kalix.example")[-1]
        assert "Vi har fått svar från föreningen." in letter.body
        last = db.session.scalars(select(Document).order_by(Document.id.desc())).first()
        assert last is not None
        assert (last.direction, last.counterpart) == (Direction.DISPATCHED, SOCIAL.body)
        with pytest.raises(StepNotPossible, match="withdrawn"):
            actions.record_answer(referral, came_on=DAY, answered_by="Social", text="Ja.", file=None, by=by)


def test_the_body_itself_answers_with_the_address_that_was_asked_and_nobody_else(app: Flask) -> None:
    with app.test_request_context():
        referral = referred()
        for other in (applicant(), official(Role.OFFICER)):
            with pytest.raises(NotAllowed):
                actions.reply(referral, text="Nej.", file=None, by=other)
        answer = actions.reply(referral, text="Ja.", file=None, by=applicant("Sara Lund", "social@kalix.example"))
        assert answer.answered_by == "Socialnämnden, Socialförvaltningen, Sara Lund"
        officer = referral.application.officer
        assert officer is not None
        told = mails(officer.email)[-1]
        assert f"/cases/{referral.application.public_id}" in told.body
        assert "Ja." not in told.body


def test_an_officer_who_has_a_conflict_by_then_is_not_told_of_the_answer(app: Flask) -> None:
    with app.test_request_context():
        referral = referred()
        officer = referral.application.officer
        assert officer is not None
        declare_conflict(by=officer, reason="Min bror är kassör.", application=referral.application)
        actions.reply(referral, text="Ja.", file=None, by=applicant("Sara Lund", "social@kalix.example"))
        assert mails(officer.email) == []


def test_the_applicants_own_people_answer_no_referral_in_their_case(app: Flask) -> None:
    with app.test_request_context():
        owner = applicant("Amina", "amina@forening.example")
        referral = referred(under_assessment(by=owner), Receiver("Föreningen", "amina@forening.example"))
        with pytest.raises(NotAllowed):
            actions.reply(referral, text="Ja.", file=None, by=owner)


@pytest.mark.usefixtures("both_engines")
def test_a_body_is_reminded_once_before_the_day_and_once_after_it(app: Flask) -> None:
    with app.test_request_context():
        referred()
        db.session.commit()

        def reminded(on: date) -> list[str]:
            on_day(on)
            before = len(mails("social@kalix.example"))
            remind_of_referrals()
            db.session.commit()
            return [m.subject for m in mails("social@kalix.example")[before:]]

        assert reminded(DUE - timedelta(days=4)) == []
        soon = reminded(DUE - timedelta(days=3))
        assert len(soon) == 1
        assert reminded(DUE) == []
        late = reminded(DUE + timedelta(days=1))
        assert len(late) == 1
        assert late != soon
        assert reminded(DUE + timedelta(days=9)) == []


def test_nobody_is_reminded_of_what_is_answered_or_withdrawn_or_was_asked_in_haste(app: Flask) -> None:
    with app.test_request_context():
        by = official(Role.OFFICER)
        actions.withdraw(referred(), "Behövs inte.", by=by)
        actions.record_answer(referred(), came_on=DAY, answered_by="Social", text="Ja.", file=None, by=by)
        on_day(DUE + timedelta(days=1))
        assert remind_of_referrals() == 0
        on_day()
        referred(answer_by=DAY + timedelta(days=2))
        assert remind_of_referrals() == 0


def test_the_officers_report_tells_who_answered_and_who_did_not(app: Flask) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer)
        answered = referred(application, SOCIAL)
        referred(application, POLICE)
        withdrawn = referred(application, Receiver("Kyrkan", "kyrkan@kalix.example"))
        actions.withdraw(withdrawn, "Behövs inte.", by=officer)
        actions.record_answer(
            answered, came_on=clock.today(), answered_by=SOCIAL.body, text="Ja.", file=None, by=officer
        )
        content = reports.report_content(application, by=officer, serves_no_objective=True)
        told = str(content["sections"])
        assert told.count("Socialnämnden, Socialförvaltningen") == 1
        assert told.count("Polisen i Kalix") == 1
        assert "Kyrkan" not in told
