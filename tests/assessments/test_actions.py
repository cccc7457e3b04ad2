"""Assessing: who takes it up, what is kept, what the report freezes; also with two officials at one case."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from pypdfium2 import PdfDocument
from sqlalchemy import func, select

from fundapp import clock, documents
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account, OrganisationKind
from fundapp.applications import actions as applying
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments import actions, papers
from fundapp.assessments.models import Assessment, CompletionRequest, Finding, FormalCheck, ObjectiveLink, OfficerReport
from fundapp.db import db
from fundapp.languages import _d, speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.registry.models import Direction
from fundapp.workflow import ApplicationStatus, NotAllowed, Outcome, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import GRANT, submitted
from tests.factories.assessments import assess, assessed, checked, objective, under_assessment
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.registry.test_actions import at_once

TEXT: dict[str, Any] = {
    "scores": {},
    "summary": "",
    "text": "Bra.",
    "proposed_outcome": None,
    "proposed_amount": None,
    "reasons": "",
    "conditions": "",
}
DUE = date(2017, 3, 20)


@pytest.fixture(autouse=True)
def in_the_demo_year(app: Flask) -> None:
    on_day()


def test_who_takes_it_up_becomes_its_officer(app: Flask) -> None:
    with app.test_request_context():
        application, officer = registered(), official(Role.OFFICER, name="Karin")
        actions.take_up(application, by=officer)
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT
        assert application.officer is officer
        with pytest.raises(StepNotPossible):
            actions.take_up(application, by=official(Role.OFFICER))
        assert application.officer is officer


def test_what_is_not_registered_is_not_taken_up(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(StepNotPossible):
        actions.take_up(submitted(), by=official(Role.OFFICER))


Deed = Callable[[Application, Account], Any]
DEEDS: dict[str, Deed] = {
    "check": lambda a, by: actions.check(a, {"F1": (Finding.YES, "")}, by=by),
    "request_completion": lambda a, by: actions.request_completion(
        a, sections=["budget"], what="Rätta", due_on=DUE, by=by
    ),
    "link_objectives": lambda a, by: actions.link_objectives(a, [objective("2.3")], by=by),
    "save_assessment": lambda a, by: actions.save_assessment(a, version=0, by=by, **TEXT),
    "finish_report": lambda a, by: actions.finish_report(a, by=by),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.SECRETARY, Role.AUDITOR, Role.ADMINISTRATOR, Role.MEMBER])
def test_only_an_officer_assesses(app: Flask, deed: str, role: Role) -> None:
    with app.test_request_context(), pytest.raises(NotAllowed):
        DEEDS[deed](under_assessment(), official(role))


@pytest.mark.parametrize("deed", DEEDS)
def test_an_officer_with_a_conflict_touches_nothing(app: Flask, deed: str) -> None:
    with app.test_request_context():
        application, officer = under_assessment(), official(Role.OFFICER)
        declare_conflict(by=officer, reason="Släkt", application=application)
        with pytest.raises(NotAllowed):
            DEEDS[deed](application, officer)


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_assessed_once_the_report_is_finished(app: Flask, deed: str) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER)
        with pytest.raises(StepNotPossible):
            DEEDS[deed](assessed(officer=officer), officer)


def test_a_part_of_the_formal_check_is_kept_and_can_be_changed(app: Flask) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer)
        actions.check(application, {"F1": (Finding.YES, ""), "F3": (Finding.MISSING, "Ingen revisor")}, by=officer)
        actions.check(application, {"F3": (Finding.YES, "Kom den 8 mars")}, by=officer)
        rows = {row.item: (row.finding, row.note) for row in db.session.scalars(select(FormalCheck))}
        assert rows == {"F1": (Finding.YES, ""), "F3": (Finding.YES, "Kom den 8 mars")}


def test_an_item_that_the_terms_do_not_have_is_not_kept(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(KeyError):
        actions.check(under_assessment(), {"F99": (Finding.YES, "")}, by=official(Role.OFFICER))


# --- completion -------------------------------------------------------------------------------------------------


def ask(application: Application, by: Account) -> CompletionRequest:
    what = "Skicka protokollet.\n\nRätta summan för resor & fika <30 000>."
    return actions.request_completion(application, sections=["budget"], what=what, due_on=DUE, by=by)


def test_the_applicant_is_asked_in_their_language_with_words_day_and_link(app: Flask) -> None:
    with app.test_request_context():
        person = applicant(language="en", email="sam@grupp.example")
        application = under_assessment(by=person, language="en")
        ask(application, application.officer)
        assert application.status is ApplicationStatus.COMPLETION_REQUESTED
        mails = {m.to: m for m in db.session.scalars(select(Message).where(Message.subject.contains("additions by")))}
        assert set(mails) == {"sam@grupp.example", "styrelsen@sprakkafe.example"}
        mail = mails["sam@grupp.example"]
        assert mail.language == "en"
        assert mail.subject == "Your application needs additions by 20 March 2017"
        assert "Rätta summan för resor & fika <30 000>." in mail.body
        assert "- Budget" in mail.body
        assert f"http://localhost/en/applications/{application.public_id}" in mail.body


def test_the_request_is_filed_as_dispatched_with_its_words(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        ask(application, application.officer)
        last = application.case.documents[-1]
        assert last.direction is Direction.DISPATCHED
        assert last.counterpart == "Kalix Språkkafé"
        assert last.paper is not None
        assert "Skicka protokollet." in text_in(documents.pdf(last.paper))


def test_a_completion_can_be_asked_for_before_anybody_took_the_case_up(app: Flask) -> None:
    with app.test_request_context():
        application, officer = registered(), official(Role.OFFICER)
        ask(application, officer)
        assert application.officer is officer


def test_a_day_that_has_passed_is_refused(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        with pytest.raises(ValueError, match="passed"):
            actions.request_completion(
                application, sections=["budget"], what="x", due_on=date(2017, 3, 5), by=application.officer
            )
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT


def test_what_the_applicant_adds_ends_the_request_and_is_filed(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        request = ask(application, application.officer)
        before = len(application.case.documents)
        with clock.at(datetime(2017, 3, 10, 9, tzinfo=UTC)):
            applying.save_section(application, "budget", GRANT["budget"], by=application.created_by)
            submission = applying.submit(application, by=application.created_by)
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT
        assert (request.submission_id, request.ended_at is not None) == (submission.id, True)
        db.session.expire(application.case)
        new = application.case.documents[before:]
        assert [(d.paper_id, d.dated, d.direction) for d in new] == [
            (submission.paper_id, date(2017, 3, 10), Direction.RECEIVED)
        ]


def test_the_officer_may_go_on_without_and_the_request_is_ended(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        request = ask(application, application.officer)
        actions.go_on_without(application, by=application.officer)
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT
        assert request.ended_at is not None
        assert request.submission_id is None
        with pytest.raises(StepNotPossible):
            actions.go_on_without(application, by=application.officer)


# --- objectives and assessment ----------------------------------------------------------------------------------


def test_links_are_what_was_ticked_last(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        by = application.officer
        actions.link_objectives(application, [objective("2.3"), objective("5.1")], by=by)
        actions.link_objectives(application, [objective("5.1"), objective("3.2")], by=by)
        linked = {link.objective.code for link in db.session.scalars(select(ObjectiveLink))}
        assert linked == {"5.1", "3.2"}
        actions.link_objectives(application, [], by=by)
        assert db.session.scalar(select(func.count()).select_from(ObjectiveLink)) == 0


def test_a_second_save_from_an_old_page_is_refused_and_nothing_is_lost(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        one, two = application.officer, official(Role.OFFICER)
        actions.save_assessment(application, version=0, by=one, **(TEXT | {"text": "Den första"}))
        with pytest.raises(actions.ChangedMeanwhile) as caught:
            actions.save_assessment(application, version=0, by=two, **(TEXT | {"text": "Den andra"}))
        assert caught.value.assessment.text == "Den första"
        saved = actions.save_assessment(application, version=1, by=two, **(TEXT | {"text": "Båda"}))
        assert (saved.text, saved.version, saved.saved_by_id) == ("Båda", 2, two.id)


def test_more_than_was_sought_is_refused_also_without_the_page(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        more = TEXT | {"proposed_outcome": Outcome.GRANT, "proposed_amount": 45_001, "reasons": "Hyran har stigit."}
        with pytest.raises(StepNotPossible):
            actions.save_assessment(application, version=0, by=application.officer, **more)


def _save(key: int, by: int, text: str) -> str:
    application = db.session.get_one(Application, key)
    actions.save_assessment(application, version=0, by=db.session.get_one(Account, by), **(TEXT | {"text": text}))
    return text


def test_two_officials_who_save_at_once_do_not_overwrite_each_other(app_on_both: Flask) -> None:
    app = app_on_both
    with app.test_request_context():
        key = under_assessment().id
        officials = [official(Role.OFFICER).id for _ in range(4)]
        db.session.commit()
    results = at_once(app, [lambda n=n, by=by: _save(key, by, f"Text {n}") for n, by in enumerate(officials)])
    kept = [result for result in results if isinstance(result, str)]
    assert len(kept) == 1
    assert sum(isinstance(result, actions.ChangedMeanwhile) for result in results) == 3
    with app.app_context():
        assert [a.text for a in db.session.scalars(select(Assessment))] == kept


def _take_up(key: int, by: int) -> int:
    actions.take_up(db.session.get_one(Application, key), by=db.session.get_one(Account, by))
    return by


def test_two_officials_who_take_up_one_case_at_once_make_one_officer(app_on_both: Flask) -> None:
    app = app_on_both
    with app.test_request_context():
        key = registered().id
        officials = [official(Role.OFFICER).id for _ in range(4)]
        db.session.commit()
    results = at_once(app, [lambda by=by: _take_up(key, by) for by in officials])
    winners = [result for result in results if isinstance(result, int)]
    assert len(winners) == 1
    with app.app_context():
        assert db.session.get_one(Application, key).officer_id == winners[0]


def _finish(key: int, by: int) -> str:
    actions.finish_report(db.session.get_one(Application, key), by=db.session.get_one(Account, by))
    return "finished"


def test_two_officials_who_finish_one_report_at_once_make_one_report(app_on_both: Flask) -> None:
    app = app_on_both
    with app.test_request_context():
        application = assessed()
        actions.reopen(application, by=application.officer)
        key, officials = application.id, [application.officer_id, official(Role.OFFICER).id]
        db.session.commit()
    results = at_once(app, [lambda by=by: _finish(key, by) for by in officials])
    assert results.count("finished") == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(OfficerReport)) == 2


# --- the report -------------------------------------------------------------------------------------------------


def text_in(pdf: bytes) -> str:
    """What a PDF's text layer says, with ordinary blanks."""
    pages = PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).replace("\xa0", " ").split())


def report_text(application: Application) -> str:
    report = db.session.scalars(
        select(OfficerReport).filter_by(application_id=application.id).order_by(OfficerReport.id.desc())
    ).first()
    assert report is not None
    return text_in(documents.pdf(report.paper))


def test_the_finished_report_is_frozen_filed_and_says_what_the_board_needs(app: Flask) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER, name="Karin Sandberg")
        application = assessed(officer=officer, outcome=Outcome.GRANT_IN_PART, amount=40_000)
        assert application.status is ApplicationStatus.ASSESSED
        last = application.case.documents[-1]
        report = db.session.scalars(select(OfficerReport)).one()
        assert (last.direction, last.paper_id) == (Direction.DRAWN_UP, report.paper_id)
        assert (report.proposed_outcome, report.proposed_amount) == (Outcome.GRANT_IN_PART, 40_000)
        text = report_text(application)
        for words in (
            "Kalix kommun",
            "Kommunstyrelsen",
            "Kommunledningskontoret",
            "Karin Sandberg",
            "KS 2017:1",
            "40 000 kr",
            "45 000 kr",
            "3 000 000 kr",
            "2 960 000 kr",
            "Anslaget får bara användas till det som står i beslutet.",
            "Projektet möter fondens mål och når målgruppen.",
            "2.3 Kommunala bidrag ska utformas",
            "Stadgar, Kalix Språkkafé, 2017-03-06",
            "2017-04-03 – 2017-12-15",
        ):
            assert words in text, words


def test_the_report_is_in_the_authoritys_language_whoever_asks_for_it(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment(by=applicant(language="en"), language="en")
        by = application.officer
        with speaking("en"):
            in_english = papers.report_content(application, by=by, serves_no_objective=False)
        with speaking("sv"):
            in_swedish = papers.report_content(application, by=by, serves_no_objective=False)
        assert in_english == in_swedish


def test_a_later_change_does_not_reach_a_finished_report(app: Flask) -> None:
    with app.test_request_context():
        application = assessed(title="Språkkafé vid älven")
        before = report_text(application)
        application.organisation.name = "Ett annat namn"
        application.applicant_name = "Ett annat namn"
        application.round.frame = 1_000_000
        db.session.flush()
        assert report_text(application) == before


def test_a_report_that_lacks_something_says_all_of_it(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        with pytest.raises(actions.NotReady) as caught:
            actions.finish_report(application, by=application.officer)
        assert len(caught.value.missing) == 4
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT


def test_an_application_that_serves_no_objective_needs_that_said(app: Flask) -> None:
    with app.test_request_context():
        application = under_assessment()
        by = application.officer
        checked(application, by=by)
        proposal = TEXT | {"proposed_outcome": Outcome.REJECT}
        actions.save_assessment(application, version=0, by=by, **proposal)
        with pytest.raises(actions.NotReady):
            actions.finish_report(application, by=by)
        actions.finish_report(application, by=by, serves_no_objective=True)
        content = db.session.scalars(select(OfficerReport)).one().paper.content
        with speaking("sv"):
            said = _d("The application serves none of the plan's objectives.")
        assert {"kind": "text", "text": said, "lang": "sv"} in [b for s in content["sections"] for b in s["blocks"]]


def test_a_stipend_has_no_budget_and_no_objectives(app: Flask) -> None:
    with app.test_request_context():
        application = assessed(kind=ApplicationKind.NOMINATION, objectives=(), amount=8_000)
        text = report_text(application)
        assert "8 000 kr" in text
        assert "20 000 kr" in text
        assert "12 000 kr" in text
        assert "3 000 000" not in text


def test_a_municipal_project_carries_the_plans_priority_into_the_report(app: Flask) -> None:
    with app.test_request_context():
        person = applicant()
        unit = organisation(person, name="Integrationsenheten", kind=OrganisationKind.MUNICIPAL_UNIT)
        text = report_text(assessed(by=person, organisation=unit))
        assert "Kommunala projekt inom området kommer att prioriteras." in text


def test_typed_markup_stays_words_in_the_report(app: Flask) -> None:
    nasty = '#panic("x") *fet* @nyckel <b> ~ $x$ \\ `kod` العربية'
    with app.test_request_context():
        application = under_assessment(title="#include *allt*")
        by = application.officer
        checked(application, by=by)
        actions.link_objectives(application, [objective("2.3")], by=by)
        words = TEXT | {"text": nasty, "summary": nasty, "reasons": nasty, "conditions": nasty}
        words |= {"proposed_outcome": Outcome.GRANT, "proposed_amount": 45_000}
        actions.save_assessment(application, version=0, by=by, **words)
        actions.finish_report(application, by=by)
        text = report_text(application)
        assert '#panic("x") *fet* @nyckel <b>' in text
        assert "#include *allt*" in text


def test_a_reopened_case_gets_another_report_and_the_first_stays(app: Flask) -> None:
    with app.test_request_context():
        application = assessed()
        by = application.officer
        actions.reopen(application, by=by)
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT
        assess(application, by=by, outcome=Outcome.REJECT)
        reports = db.session.scalars(select(OfficerReport).order_by(OfficerReport.id)).all()
        assert [report.proposed_outcome for report in reports] == [Outcome.GRANT, Outcome.REJECT]


def test_only_an_ended_case_is_taken_up_for_a_new_decision(app: Flask) -> None:
    with app.test_request_context():
        application = assessed()
        with pytest.raises(StepNotPossible):
            actions.reconsider(application, by=application.officer)
