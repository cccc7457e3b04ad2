"""Start, write, send, complete, withdraw: by the real actions, on a real database."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from pypdfium2 import PdfDocument
from sqlalchemy import func, select

from fundapp import clock, documents, files, smtp
from fundapp.accounts.models import OrganisationKind
from fundapp.accounts.queries import visible_to
from fundapp.applications import actions, rules
from fundapp.applications import answers as reading
from fundapp.applications.models import Application, ApplicationKind, Submission
from fundapp.applications.questions import section_form
from fundapp.assessments import actions as assessments
from fundapp.assessments.models import CompletionRequest
from fundapp.clock import start_of
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.registry.models import Direction
from fundapp.store import content_of
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import PDF, STIPEND, draft, open_round, submitted
from tests.factories.assessments import under_assessment
from tests.factories.people import applicant, official, organisation


def pdf_text(submission: Submission) -> str:
    """The text of the receipt, as a reader copies it out."""
    with PdfDocument(documents.pdf(submission.paper)) as pdf:
        texts = []
        for page in pdf:
            text_page = page.get_textpage()
            texts.append(text_page.get_text_bounded())
            text_page.close()
            page.close()
        return "\n".join(texts)


def message_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Message)) or 0


# --- start ------------------------------------------------------------------------------------------------------


def test_who_becomes_a_company_after_the_draft_was_begun_cannot_send_it_and_is_told_why(app: Flask) -> None:
    on_day()
    with app.app_context(), speaking("en"):
        by = applicant()
        made = draft(by=by, round_=open_round(STIPEND), kind=ApplicationKind.AWARD, organisation=organisation(by))
        assert made.organisation is not None
        made.organisation.kind = OrganisationKind.COMPANY
        with pytest.raises(rules.NotComplete) as refused:
            actions.submit(made, by=by)
        (state,) = refused.value.missing
        assert (state.code, state.missing[-1]) == (
            "organisation",
            "This kind of organisation cannot apply here: Company.",
        )
        form = section_form(made, "organisation")
        assert not form.validate()
        assert form.errors == {"particulars_right": [state.missing[-1]]}
        made.organisation.kind = OrganisationKind.ASSOCIATION
        assert actions.submit(made, by=by).number == 1


def test_what_is_sent_is_completed_whatever_kind_the_organisation_has_become(app: Flask) -> None:
    on_day()
    with app.app_context():
        case = under_assessment(round_=open_round(STIPEND), kind=ApplicationKind.AWARD)
        day = clock.today() + timedelta(days=14)
        assessments.request_completion(case, sections=["organisation"], what="Vem?", due_on=day, by=case.officer)
        assert case.organisation is not None
        case.organisation.kind = OrganisationKind.COMPANY
        assert actions.submit(case, by=case.created_by).number == 2


def test_a_company_cannot_apply_for_the_stipend_and_is_told_why(app: Flask) -> None:
    on_day()
    with app.app_context():
        by = applicant()
        company = organisation(by, kind=OrganisationKind.COMPANY)
        with pytest.raises(StepNotPossible) as refused:
            actions.start(
                round_=open_round(STIPEND), kind=ApplicationKind.AWARD, organisation=company, by=by, language="sv"
            )
        assert str(refused.value.reason) == str(rules.why_not_apply(open_round(STIPEND).fund.terms, company.kind))


def test_a_municipal_unit_applies_with_its_internal_account(app: Flask) -> None:
    on_day()
    with app.app_context():
        by = applicant()
        unit = organisation(by, name="Integrationsenheten", kind=OrganisationKind.MUNICIPAL_UNIT)
        sent = submitted(by, organisation=unit)
        assert sent.org_number is None
        assert "1234-567" in pdf_text(sent.submissions[0])


def test_nobody_applies_for_an_organisation_that_is_not_theirs(app: Flask) -> None:
    on_day()
    with app.app_context():
        theirs = organisation(applicant())
        with pytest.raises(NotAllowed):
            draft(applicant(), organisation=theirs)


def test_a_nomination_needs_no_organisation(app: Flask) -> None:
    on_day()
    with app.app_context():
        sent = submitted(kind=ApplicationKind.NOMINATION)
        assert sent.organisation is None
        assert (sent.applicant_name, sent.org_number) == ("Töre Framtid IF", "8020015577")
        assert sent.amount_requested is None


def test_a_round_that_is_not_open_cannot_be_applied_for(app: Flask) -> None:
    on_day()
    with app.app_context():
        by = applicant()
        association, round_ = organisation(by), open_round(STIPEND)
        with clock.at(round_.closes_at), pytest.raises(StepNotPossible):
            actions.start(round_=round_, kind=ApplicationKind.AWARD, organisation=association, by=by, language="sv")


# --- write ------------------------------------------------------------------------------------------------------


def test_a_section_is_kept_as_typed_though_it_cannot_be_sent(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft(amount="-5,50")
        kept = next(section for section in application.sections if section.code == "budget")
        assert kept.answers["amount"] == ["-5,50"]
        states = {state.code: state for state in reading.states(application)}
        assert states["budget"].status == "started"
        assert len(states["budget"].missing) == 1


def test_an_empty_form_has_every_part_not_begun(app: Flask) -> None:
    on_day()
    with app.app_context():
        states = reading.states(draft(answers={}, with_attachments=False))
        assert {state.status for state in states} == {"empty"}


def test_empty_rows_are_left_out_when_it_is_sent(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft()
        budget = next(section for section in application.sections if section.code == "budget")
        more = {"costs-7-category": [""], "costs-7-what": [" "], "costs-7-kronor": [""]}
        actions.save_section(application, "budget", budget.answers | more, by=application.created_by)
        sent = actions.submit(application, by=application.created_by)
        section = next(s for s in sent.content["sections"] if s["code"] == "budget")
        assert len(section["answers"][0]["answer"]) == 3


def test_amounts_written_with_arabic_digits_are_read(app: Flask) -> None:
    on_day()
    with app.app_context():
        assert submitted(amount="٤٥٠٠٠", women="۱۸").amount_requested == 45_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "-45000"},
        {"amount": "45000,50"},
        {"amount": "0"},
        {"starts_on": "2015-12-31"},
        {"ends_on": "2019-01-01"},
        {"ends_on": "2017-04-02"},
        {"women": "many"},
        {"fund_goals": ["G9"]},
        {"decided_on": "2017-03-07"},
        {"costs-0-kronor": "-1"},
        {"title": "  "},
    ],
)
def test_what_cannot_be_read_stands_in_the_way_of_sending(app: Flask, wrong: dict[str, str]) -> None:
    on_day()
    with app.app_context():
        application = draft(**wrong)
        with pytest.raises(rules.NotComplete) as refused:
            actions.submit(application, by=application.created_by)
        assert len(refused.value.missing) == 1
        assert application.status is ApplicationStatus.DRAFT
        assert not application.submissions


def test_a_nominated_associations_number_is_checked_where_it_is_given(app: Flask) -> None:
    on_day()
    with app.app_context():
        wrong = draft(kind=ApplicationKind.NOMINATION, nominee_org_number="802001-5578")
        with pytest.raises(rules.NotComplete):
            actions.submit(wrong, by=wrong.created_by)
        none = submitted(kind=ApplicationKind.NOMINATION, nominee_org_number="")
        assert none.org_number is None


def test_attachments_that_the_terms_ask_for_are_needed_and_others_are_not(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft(with_attachments=False)
        with pytest.raises(rules.NotComplete) as refused:
            actions.submit(application, by=application.created_by)
        assert [state.code for state in refused.value.missing] == ["attachments"]
        unit = organisation(application.created_by, kind=OrganisationKind.MUNICIPAL_UNIT)
        assert submitted(application.created_by, organisation=unit, with_attachments=False).submitted_at


def test_a_removed_attachment_is_gone_from_the_draft_and_a_sent_one_cannot_be_removed(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft()
        by = application.created_by
        extra = actions.attach(application, "other", files.check("offert.pdf", PDF), by=by)
        assert content_of(extra.file.key) == PDF
        actions.detach(extra, by=by)
        assert extra not in application.attachments
        kept = application.attachments[0]
        actions.submit(application, by=by)
        with pytest.raises(StepNotPossible):
            actions.detach(kept, by=by)


# --- send -------------------------------------------------------------------------------------------------------


def test_sending_turns_answers_into_facts(app: Flask) -> None:
    on_day()
    with app.app_context():
        sent = submitted()
        assert sent.status is ApplicationStatus.SUBMITTED
        assert (sent.title, sent.applicant_name) == ("Språkkafé vid älven", "Kalix Språkkafé")
        assert (sent.amount_requested, sent.total_cost) == (45_000, 50_000)
        assert (sent.starts_on, sent.ends_on) == (date(2017, 4, 3), date(2017, 12, 15))
        assert (sent.women, sent.men, sent.girls, sent.boys, sent.participants) == (18, 14, 4, 4, 40)
        assert [area.number for area in sent.areas] == [2, 3]
        assert clock.local_day(sent.submitted_at) == date(2017, 3, 6)


def test_the_copy_is_frozen_with_questions_answers_and_the_organisation_as_it_was(app: Flask) -> None:
    on_day()
    with app.app_context():
        sent = submitted(language="en")
        sent.organisation.name = "Ett annat namn"
        content = sent.submissions[0].content
        assert content["organisation"]["name"] == "Kalix Språkkafé"
        assert content["language"] == "en"
        goals = next(s for s in content["sections"] if s["code"] == "goals")["answers"][0]
        assert goals["answer"][0] == "lead to better integration"
        assert goals["answer_sv"][0] == "leda till förbättrad integration"
        assert len(content["attachments"]) == len(sent.attachments) > 0


def test_the_receipt_holds_reference_time_and_every_answer_in_its_own_script(app: Flask) -> None:
    on_day()
    with app.app_context():
        sent = submitted(title="القرار قررت", purpose="ሰላም ለሁሉም", risks="#strong[inget] *inget* $x$")
        text = pdf_text(sent.submissions[0])
        assert sent.reference in text
        assert "6 mars 2017 08:00" in text.replace("\N{NO-BREAK SPACE}", " ")
        assert "القرار" in text
        assert "ሰላም" in text
        assert "#strong[inget] *inget* $x$" in text
        assert "Båt och buss" in text


def test_the_receipt_is_mailed_to_the_person_and_to_the_organisation(app: Flask) -> None:
    on_day()
    with app.app_context():
        by = applicant(email="en@exempel.example", language="en")
        application = submitted(by)
        messages = db.session.scalars(select(Message).order_by(Message.id)).all()
        assert [(m.to, m.language) for m in messages] == [
            ("en@exempel.example", "en"),
            ("styrelsen@sprakkafe.example", "sv"),
        ]
        assert messages[0].subject == f"We have received: {application.reference}"
        assert "http://localhost/en/applications/" in messages[0].body
        attached = [part.get_content_type() for part in smtp.as_email(messages[0]).iter_attachments()]
        assert attached == ["application/pdf"]


def test_one_address_gets_one_mail(app: Flask) -> None:
    on_day()
    with app.app_context():
        submitted(applicant(email="styrelsen@sprakkafe.example"))
        assert message_count() == 1


def test_the_history_of_a_sent_application_holds_no_typed_text(app: Flask) -> None:
    on_day()
    with app.app_context():
        sent = submitted()
        entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.thread == sent.thread)).all()
        assert "submit" in [entry.event for entry in entries]
        assert "Språkkafé" not in str([entry.facts for entry in entries])


def test_sending_again_gives_the_same_receipt(app: Flask) -> None:
    on_day()
    with app.app_context():
        sent = submitted()
        mails = message_count()
        assert actions.submit(sent, by=sent.created_by) is sent.submissions[0]
        assert len(sent.submissions) == 1
        assert message_count() == mails


def test_two_clicks_at_once_send_one_application(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.app_context():
        application = draft(applicant(email="klick@exempel.example"))
        key, by_id = application.id, application.created_by_id
        db.session.commit()
        db.session.close()
    barrier, got, faults = Barrier(4), [], []

    def click() -> None:
        try:
            with app_on_both.app_context():
                mine = db.session.get_one(Application, key)
                person = mine.created_by
                assert person.id == by_id
                db.session.rollback()
                barrier.wait()
                submission = actions.submit(db.session.get_one(Application, key), by=person)
                got.append(submission.id)
                db.session.commit()
        except Exception as fault:
            faults.append(fault)

    threads = [Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(got) == 4
    assert len(set(got)) == 1
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count()).select_from(Submission)) == 1
        assert message_count() == 2


def test_only_people_of_the_organisation_may_send_or_write(app: Flask) -> None:
    on_day()
    with app.app_context():
        application, stranger = draft(), applicant()
        with pytest.raises(NotAllowed):
            actions.submit(application, by=stranger)
        with pytest.raises(NotAllowed):
            actions.save_section(application, "project", {}, by=stranger)


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.OFFICER, Role.SECRETARY, Role.MEMBER, Role.AUDITOR])
def test_a_draft_is_invisible_to_every_official_also_in_counts(app: Flask, role: Role) -> None:
    on_day()
    with app.app_context():
        draft()
        person = official(role)
        assert not db.session.scalar(select(func.count()).select_from(Application).where(visible_to(person)))


# --- complete and withdraw --------------------------------------------------------------------------------------


def asked_to_complete() -> tuple[Application, CompletionRequest]:
    officer = official(Role.OFFICER)
    application = under_assessment(officer=officer)
    request = assessments.request_completion(
        application, sections=["budget", "attachments"], what="Offert på båten.", due_on=date(2017, 3, 20), by=officer
    )
    return application, request


def test_only_the_parts_that_are_asked_for_can_be_changed(app: Flask) -> None:
    on_day()
    with app.app_context():
        application, _request = asked_to_complete()
        assert actions.open_sections(application) == ["budget", "attachments"]
        with pytest.raises(StepNotPossible):
            actions.save_section(application, "project", {}, by=application.created_by)


def test_additions_become_a_second_copy_that_is_filed_with_its_files(app: Flask) -> None:
    on_day()
    with app.app_context():
        application, request = asked_to_complete()
        by, received = application.created_by, Direction.RECEIVED
        before = [d for d in application.case.documents if d.direction is received]
        first = application.submissions[0].content
        budget = next(section for section in application.sections if section.code == "budget")
        actions.save_section(application, "budget", budget.answers | {"amount": ["40 000"]}, by=by)
        actions.attach(application, "other", files.check("offert.pdf", PDF), by=by)
        second = actions.submit(application, by=by)
        assert (second.number, application.status) == (2, ApplicationStatus.UNDER_ASSESSMENT)
        assert application.amount_requested == 40_000
        assert application.submissions[0].content == first
        assert (request.submission_id, request.ended_at is not None) == (second.id, True)
        db.session.expire(application.case)
        new = [d for d in application.case.documents if d.direction is received][len(before) :]
        assert [d.paper_id for d in new if d.paper_id] == [second.paper_id]
        assert [d.file.name for d in new if d.file] == ["offert.pdf"]
        assert actions.submit(application, by=by) is second


def test_additions_are_taken_after_the_round_has_closed(app: Flask) -> None:
    on_day()
    with app.app_context():
        application, _request = asked_to_complete()
        with clock.at(start_of(date(2019, 2, 1))):
            assert actions.submit(application, by=application.created_by).number == 2


def test_a_withdrawn_application_cannot_be_sent_again(app: Flask) -> None:
    on_day()
    with app.app_context():
        sent = submitted()
        actions.withdraw(sent, by=sent.created_by)
        assert sent.status is ApplicationStatus.WITHDRAWN
        with pytest.raises(StepNotPossible):
            actions.submit(sent, by=sent.created_by)


def test_withdrawing_a_registered_application_is_filed_and_ends_the_request(app: Flask) -> None:
    on_day()
    with app.app_context():
        application, request = asked_to_complete()
        actions.withdraw(application, by=application.created_by)
        db.session.expire(application.case)
        assert application.case.documents[-1].direction is Direction.RECEIVED
        assert request.ended_at is not None
        assert request.submission_id is None


def test_a_draft_cannot_be_withdrawn(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft()
        with pytest.raises(StepNotPossible):
            actions.withdraw(application, by=application.created_by)
