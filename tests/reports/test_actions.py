"""A report is kept as typed, sent once, reviewed, and settles the money."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import clock, documents
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.funds.models import LedgerEntry, LedgerKind
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects.actions import change_plan
from fundapp.projects.models import Project
from fundapp.projects.rules import Part
from fundapp.registry.models import Direction
from fundapp.reports import actions
from fundapp.reports.forms import facts_of, report_form
from fundapp.reports.models import Repayment, Report
from fundapp.workflow import InstalmentStatus, NotAllowed, ProjectStatus, ReportStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.people import applicant, official
from tests.factories.projects import paid, pay, running
from tests.factories.reports import answers_for, approved, reported

# Mails hold links, so these contexts know the site's address as a request does.
URL = "http://localhost/sv/"


def _mails(words: str) -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.subject.contains(words))))


def _released() -> int:
    return db.session.scalar(
        select(func.coalesce(func.sum(LedgerEntry.amount), 0)).where(LedgerEntry.kind == LedgerKind.RELEASE)
    )


def test_a_draft_is_kept_exactly_as_typed(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running()
        typed = {"used": ["fyra, tror jag"], "women": ["-3"], "what_was_done": [""]}
        report = actions.save_report(project, typed, by=project.application.created_by)
        assert report.answers == typed
        assert (report.status, report.used, report.submitted_at) == (ReportStatus.DRAFT, None, None)


def test_only_people_of_the_organisation_write_the_report(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running()
        for stranger in (applicant(), official(Role.OFFICER), official(Role.ADMINISTRATOR)):
            with pytest.raises(NotAllowed):
                actions.save_report(project, {}, by=stranger)


def test_sending_turns_answers_into_facts_and_files_a_copy(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        report = reported(used="40 000")
        assert report.status is ReportStatus.SUBMITTED
        assert (report.used, report.unused, report.participants) == (40_000, 5_000, 46)
        assert {result.objective.code: result.text for result in report.results} == {
            "2.3": "Vi nådde målet 2.3.",
            "5.1": "Vi nådde målet 5.1.",
        }
        case = report.project.application.case
        assert case is not None
        filed = [document for document in case.documents if document.paper_id == report.paper_id]
        assert [document.direction for document in filed] == [Direction.RECEIVED]
        assert report.paper is not None
        assert documents.pdf(report.paper).startswith(b"%PDF")


def test_sending_twice_gives_one_copy_and_one_mail(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        writer = applicant(language="en")
        first = reported(running(by=writer), by=writer)
        sent, paper = first.submitted_at, first.paper_id
        form = report_form(first.project.objectives, first.answers)
        again = actions.submit_report(
            first.project, facts_of(form, first.project.objectives), by=first.project.application.created_by
        )
        assert (again.id, again.submitted_at, again.paper_id) == (first.id, sent, paper)
        assert len(_mails("We have received your report")) == 1
        assert db.session.scalar(select(func.count(Report.id))) == 1


def test_sending_at_once_from_two_windows_gives_one_copy(app_on_both: Flask, both_engines: str) -> None:
    app, contenders = app_on_both, 3
    on_day()
    with app.test_request_context(URL):
        project = running()
        answers = answers_for(project)
        actions.save_report(project, answers, by=project.application.created_by)
        key, writer = project.id, project.application.created_by_id
        papers = db.session.scalar(select(func.count(documents.Paper.id)))
        db.session.commit()
    barrier = Barrier(contenders)

    def send(_number: int) -> None:
        with app.test_request_context(URL):
            if both_engines == "postgresql":
                db.session.get_one(Project, key)
            barrier.wait()
            project = db.session.get_one(Project, key)
            form = report_form(project.objectives, answers)
            assert form.validate()
            by = db.session.get_one(Account, writer)
            actions.submit_report(project, facts_of(form, project.objectives), by=by)
            db.session.commit()

    with ThreadPoolExecutor(contenders) as pool:
        list(pool.map(send, range(contenders)))
    with app.app_context():
        assert db.session.scalar(select(func.count(documents.Paper.id))) == (papers or 0) + 1


def test_a_sent_report_cannot_be_changed(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        report = reported()
        with pytest.raises(StepNotPossible):
            actions.save_report(report.project, {"used": ["1"]}, by=report.project.application.created_by)


def test_additions_are_asked_for_in_the_applicants_language_and_sent_again(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        writer = applicant(language="en")
        report = reported(running(by=writer), by=writer)
        actions.request_additions(report, note="Skriv vad båten kostade.", by=official(Role.OFFICER))
        assert report.status is ReportStatus.COMPLETION_REQUESTED
        mail = _mails("needs additions")[0]
        assert (mail.to, mail.language) == (writer.email, "en")
        assert "Skriv vad båten kostade." in mail.body
        again = reported(report.project, by=writer, used="44 000", result_2_3="Trettio kom.")
        assert (again.id, again.status, again.used) == (report.id, ReportStatus.SUBMITTED, 44_000)
        assert [result.text for result in again.results if result.objective.code == "2.3"] == ["Trettio kom."]
        assert len(again.results) == 2


def test_what_an_official_asks_for_is_not_in_the_history(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        report = reported()
        actions.request_additions(report, note="Kort fråga", by=official(Role.OFFICER))
        db.session.flush()
        entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.subject == "report")).all()
        assert entries
        assert all("Kort fråga" not in str(entry.facts) for entry in entries)


def test_approval_closes_the_project_and_leaves_what_was_used_to_be_paid(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(amount=45_000)
        paid(project)
        report = approved(project, used="45 000")
        assert (report.status, project.status) == (ReportStatus.APPROVED, ProjectStatus.CLOSED)
        assert project.instalments[1].status is InstalmentStatus.PLANNED
        assert _released() == 0
        pay(project.instalments[1], reference="LEV-2")
        assert project.paid == 45_000


def test_never_paid_money_is_cancelled_and_released_at_once(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(amount=45_000)
        left = project.application.round.left
        paid(project)
        report = approved(project, used="30 000")
        assert [(part.status, part.amount) for part in project.instalments] == [
            (InstalmentStatus.PAID, 22_500),
            (InstalmentStatus.PLANNED, 7_500),
        ]
        assert report.release is not None
        assert report.release.amount == 15_000
        assert project.application.round.left == left + 15_000
        assert db.session.scalar(select(func.count(Repayment.id))) == 0


def test_paid_but_unused_money_is_asked_back_and_released_when_it_comes_in(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(amount=45_000, by=applicant(language="en"))
        left = project.application.round.left
        paid(project)
        approved(project, used="10 000")
        repayment = db.session.scalars(select(Repayment)).one()
        assert (repayment.amount, repayment.due_on) == (12_500, clock.today() + timedelta(days=30))
        assert project.instalments[1].status is InstalmentStatus.CANCELLED
        assert project.application.round.left == left + 22_500
        assert "12 500 kr" in _mails("approved")[0].body
        officer = official(Role.OFFICER)
        for _click in range(2):
            actions.receive_repayment(repayment, received_on=clock.today(), reference="BG 1", by=officer)
        assert project.application.round.left == left + 35_000
        assert _released() == 35_000


def test_repaid_money_cannot_come_in_tomorrow_nor_twice(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(amount=45_000)
        paid(project, 2)
        approved(project, used="10 000")
        repayment = db.session.scalars(select(Repayment)).one()
        officer = official(Role.OFFICER)
        with pytest.raises(StepNotPossible):
            actions.receive_repayment(
                repayment, received_on=clock.today() + timedelta(days=1), reference="BG 1", by=officer
            )
        actions.receive_repayment(repayment, received_on=clock.today(), reference="BG 1", by=officer)
        with pytest.raises(StepNotPossible):
            actions.receive_repayment(repayment, received_on=clock.today(), reference="BG 2", by=officer)


def test_money_used_beyond_the_grant_changes_nothing(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(amount=45_000)
        paid(project, 2)
        report = approved(project, used="60 000")
        assert (report.used, report.unused, _released()) == (60_000, 0, 0)


def test_a_closed_projects_plan_cannot_change(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(amount=45_000)
        approved(project)
        with pytest.raises(StepNotPossible):
            change_plan(project, [Part(45_000, clock.today())], by=official(Role.OFFICER))


def test_an_approved_report_is_approved_once(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        report = approved()
        with pytest.raises(StepNotPossible):
            actions.approve_report(report, by=official(Role.OFFICER))


def test_two_officers_approving_at_once_release_once(app_on_both: Flask, both_engines: str) -> None:
    app, contenders = app_on_both, 3
    on_day()
    with app.test_request_context(URL):
        report = reported(used="0")
        key = report.id
        officers = [official(Role.OFFICER).id for _ in range(contenders)]
        db.session.commit()
    barrier = Barrier(contenders)

    def approve(number: int) -> str:
        with app.test_request_context(URL):
            if both_engines == "postgresql":
                db.session.get_one(Report, key)
            barrier.wait()
            report = db.session.get_one(Report, key)
            try:
                actions.approve_report(report, by=db.session.get_one(Account, officers[number]))
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return "approved"

    with ThreadPoolExecutor(contenders) as pool:
        outcomes = list(pool.map(approve, range(contenders)))
    assert sorted(outcomes) == ["approved", "refused", "refused"]
    with app.app_context():
        assert _released() == 45_000


def test_the_applicants_own_official_cannot_review(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        report = reported()
        for person in (report.project.application.created_by, official(Role.REGISTRAR), official(Role.AUDITOR)):
            with pytest.raises(NotAllowed):
                actions.approve_report(report, by=person)
