"""Recording outcomes, pending and corrected, and making them final in one transaction."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import ApplicationKind
from fundapp.assessments.actions import finish_report, reconsider
from fundapp.db import db
from fundapp.decisions import actions, approving
from fundapp.decisions.models import Decision
from fundapp.funds.actions import NotEnoughLeft, change_frame
from fundapp.funds.models import LedgerEntry, LedgerKind
from fundapp.funds.queries import ledger_faults
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.meetings.actions import add_item
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.registry.models import Direction, Document
from fundapp.workflow import ApplicationStatus, MeetingStatus, NotAllowed, Outcome, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.assessments import assess, assessed
from tests.factories.decisions import approved, decided, granted, recorded, released, signed
from tests.factories.meetings import on_agenda, opened, planned
from tests.factories.people import official

ENDS = {
    Outcome.GRANT: ApplicationStatus.GRANTED,
    Outcome.GRANT_IN_PART: ApplicationStatus.GRANTED_IN_PART,
    Outcome.REJECT: ApplicationStatus.REJECTED,
    Outcome.DISMISS: ApplicationStatus.DISMISSED,
    Outcome.WRITE_OFF: ApplicationStatus.WRITTEN_OFF,
    Outcome.REFER_BACK: ApplicationStatus.UNDER_ASSESSMENT,
    Outcome.TABLE: ApplicationStatus.ASSESSED,
}


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def sums(decision: Decision) -> tuple[int, int, int]:
    """Reserved, granted and left of the case's round, as the database has them."""
    round_ = decision.application.round
    db.session.refresh(round_)
    return round_.reserved, round_.granted, round_.left


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_pending_outcome_changes_nothing_for_the_applicant(app: Flask, outcome: Outcome) -> None:
    with app.app_context():
        decision = recorded(outcome=outcome)
        assert decision.final_at is None
        assert decision.application.status is ApplicationStatus.ON_AGENDA
        assert sums(decision)[0] == (decision.amount or 0)
        assert not db.session.scalars(select(Project)).all()
        assert ledger_faults(db.session) == []


def test_a_correction_lifts_the_old_reservation_and_reserves_anew(app: Flask) -> None:
    with app.app_context():
        decision = recorded()
        item, application = decision.item, decision.application
        by = official(Role.SECRETARY)
        for outcome, amount, held in (
            (Outcome.GRANT_IN_PART, 20_000, 20_000),
            (Outcome.REJECT, None, 0),
            (Outcome.GRANT_IN_PART, 30_000, 30_000),
            (Outcome.GRANT, 45_000, 45_000),
        ):
            same = actions.record_outcome(item, application, outcome=outcome, amount=amount, by=by)
            assert same.id == decision.id
            assert sums(decision) == (held, 0, 3_000_000 - held)
            assert ledger_faults(db.session) == []
        assert db.session.scalar(select(func.count(Decision.id))) == 1


def test_more_than_is_left_is_refused_and_the_old_outcome_stands(app: Flask) -> None:
    with app.app_context():
        decision = recorded(outcome=Outcome.GRANT_IN_PART, amount=20_000)
        change_frame(decision.application.round, 30_000, reference="KS § 1", decided_on=DAY, by=None)
        with pytest.raises(NotEnoughLeft) as refusal:
            recorded(decision.item, amount=45_000)
        assert refusal.value.left == 30_000
        assert sums(decision) == (20_000, 0, 10_000)
        assert (decision.outcome, decision.amount) == (Outcome.GRANT_IN_PART, 20_000)
        assert ledger_faults(db.session) == []


def test_outcomes_need_an_opened_sitting_and_their_own_paragraph(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        closed = on_agenda(meeting=planned(secretary=by))
        with pytest.raises(StepNotPossible):
            recorded(closed)
        other = add_item(opened(secretary=by), "Upprop", by=by)
        with pytest.raises(StepNotPossible):
            recorded(other, on_agenda().cases[0].application)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECRETARY])
def test_only_the_secretary_records_and_approves(app: Flask, role: Role) -> None:
    with app.app_context():
        item = on_agenda()
        with pytest.raises(NotAllowed):
            recorded(item, secretary=official(role))
        recorded(item)
        with pytest.raises(NotAllowed):
            approving.approve_minutes(item.meeting, by=official(role))


def test_a_secretary_with_a_conflict_does_not_record_the_outcome(app: Flask) -> None:
    with app.app_context():
        item, by = on_agenda(), official(Role.SECRETARY)
        declare_conflict(by=by, reason="Jag sitter i styrelsen.", application=item.cases[0].application)
        with pytest.raises(NotAllowed):
            recorded(item, secretary=by)


def test_an_outcome_read_before_a_colleague_recorded_is_refused(app: Flask) -> None:
    with app.app_context():
        decision = recorded(on_agenda(), version=0)
        with pytest.raises(actions.ChangedMeanwhile):
            recorded(decision.item, outcome=Outcome.REJECT, version=0)
        recorded(decision.item, outcome=Outcome.REJECT, version=decision.version)
        assert decision.outcome is Outcome.REJECT


@pytest.mark.parametrize("outcome", list(Outcome))
def test_approval_makes_the_outcome_final_and_moves_the_case_on(app: Flask, outcome: Outcome) -> None:
    with app.app_context():
        decision = decided(outcome=outcome)
        meeting, application = decision.item.meeting, decision.application
        assert (meeting.status, meeting.approved_on) == (MeetingStatus.APPROVED, DAY)
        assert decision.final_at is not None
        assert application.status is ENDS[outcome]
        amount = decision.amount or 0
        assert sums(decision) == (0, amount, 3_000_000 - amount)
        assert len(db.session.scalars(select(Project)).all()) == outcome.gives_money
        if outcome.gives_money:
            entry = decision.grant_entry
            assert (entry.amount, entry.reference, entry.decided_on) == (amount, "KS 2017-03-06 § 1", DAY)
        assert ledger_faults(db.session) == []


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_applicant_gets_a_letter_and_the_case_its_documents(app: Flask, outcome: Outcome) -> None:
    with app.app_context():
        decision = recorded(outcome=outcome)
        application = decision.application
        approved(decision.item.meeting)
        released(decision.item.meeting)
        mails = letters()
        assert [mail.to for mail in mails] == [application.created_by.email, application.organisation.email]
        assert all(mail.enclosures[0].paper is decision.letter for mail in mails)
        documents = db.session.scalars(
            select(Document).where(Document.case_id == application.case_id).order_by(Document.number.desc()).limit(2)
        ).all()
        assert [(one.direction, one.paper.template) for one in documents] == [
            (Direction.DISPATCHED, "decisions/documents/letter.typ"),
            (Direction.DRAWN_UP, "decisions/documents/extract.typ"),
        ]
        assert documents[0].counterpart == application.applicant_name


def letters() -> list[Message]:
    """The mails that bring a letter about a decision; the receipt of what was sent in has other words."""
    mails = db.session.scalars(select(Message).order_by(Message.id))
    template = "decisions/documents/letter.typ"
    return [mail for mail in mails if any(each.paper.template == template for each in mail.enclosures)]


def test_an_award_of_the_stipend_starts_no_project(app: Flask) -> None:
    with app.app_context():
        decision = decided(kind=ApplicationKind.AWARD, amount=10_000)
        assert decision.application.status is ApplicationStatus.GRANTED
        assert not db.session.scalars(select(Project)).all()
        assert ledger_faults(db.session) == []


def test_a_nominations_letter_goes_to_the_nominator_and_to_the_association(app: Flask) -> None:
    with app.app_context():
        decision = recorded(kind=ApplicationKind.NOMINATION, amount=10_000)
        approved(decision.item.meeting)
        released(decision.item.meeting)
        mails = letters()
        assert [mail.to for mail in mails] == [decision.application.created_by.email, "yusuf@framtid.example"]
        assert all("Töre Framtid IF" in mail.body for mail in mails)
        assert decision.letter is mails[0].enclosures[0].paper


def test_a_nominated_association_hears_nothing_while_the_case_goes_on(app: Flask) -> None:
    with app.app_context():
        decided(kind=ApplicationKind.NOMINATION, outcome=Outcome.TABLE)
        assert "yusuf@framtid.example" not in db.session.scalars(select(Message.to)).all()


def test_approval_names_the_paragraphs_that_lack_an_outcome(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = opened(secretary=by)
        items = [on_agenda(meeting=meeting, secretary=by) for _ in range(3)]
        recorded(items[1])
        with pytest.raises(StepNotPossible, match="§ 1, § 3"):
            approved(meeting, secretary=by)


def test_minutes_are_approved_once_and_their_decisions_stay(app: Flask) -> None:
    with app.app_context():
        decision = granted()
        by = official(Role.SECRETARY)
        with pytest.raises(StepNotPossible):
            approving.approve_minutes(decision.item.meeting, by=by)
        with pytest.raises(StepNotPossible):
            recorded(decision.item, outcome=Outcome.REJECT)
        assert db.session.scalar(select(func.count()).where(LedgerEntry.kind == LedgerKind.GRANT)) == 1


def test_a_tabled_case_gets_its_decision_in_a_later_sitting(app: Flask) -> None:
    with app.app_context():
        first = decided(outcome=Outcome.TABLE)
        second = granted(first.application)
        assert first.item.number == 1
        assert second.item.number == 2
        assert first.outcome is Outcome.TABLE
        assert second.application.status is ApplicationStatus.GRANTED


def test_a_rejection_is_changed_only_by_a_new_decision(app: Flask) -> None:
    with app.app_context():
        first = decided(outcome=Outcome.REJECT)
        officer = official(Role.OFFICER)
        reconsider(first.application, by=officer)
        finish_report(first.application, by=officer)
        second = granted(first.application)
        assert (first.outcome, second.outcome) == (Outcome.REJECT, Outcome.GRANT)
        assert db.session.scalar(select(func.count(Decision.id))) == 2


def test_twenty_cases_under_one_paragraph_become_final_together(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        cases = [assessed() for _ in range(20)]
        item = on_agenda(cases, secretary=by)
        for place, case in enumerate(cases):
            recorded(item, case, outcome=Outcome.GRANT if place % 2 else Outcome.REJECT, secretary=by)
        decisions = approved(item.meeting, secretary=by)
        assert [decision.application for decision in decisions] == cases
        assert len(db.session.scalars(select(Project)).all()) == 10
        assert sums(decisions[0]) == (0, 450_000, 2_550_000)
        assert ledger_faults(db.session) == []


@pytest.mark.usefixtures("both_engines")
def test_a_failure_in_the_middle_leaves_nothing(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        cases = [assessed() for _ in range(3)]
        item = on_agenda(cases, secretary=by)
        for case in cases:
            recorded(item, case, secretary=by)
        signed(item.meeting, secretary=by)
        db.session.commit()
        before = stored(item.meeting_id)
        started = []

        def fail_at_the_third(_mapper: Any, _connection: Any, project: Project) -> None:
            started.append(project.title)
            if len(started) == 3:
                raise OSError("the disk is full")

        event.listen(Project, "before_insert", fail_at_the_third)
        try:
            with pytest.raises(OSError, match="disk"):
                approving.approve_minutes(item.meeting, by=by)
        finally:
            event.remove(Project, "before_insert", fail_at_the_third)
        db.session.rollback()
        assert stored(item.meeting_id) == before
        assert len(started) == 3
        approving.approve_minutes(item.meeting, by=by)
        db.session.commit()
        assert len(db.session.scalars(select(Project)).all()) == 3


def stored(meeting: int) -> dict[str, Any]:
    """Everything an approval touches, as numbers."""
    tables = (Decision, Project, Message, Document, LedgerEntry, HistoryEntry)
    found: dict[str, Any] = {table.__tablename__: db.session.scalar(select(func.count(table.id))) for table in tables}
    found["final"] = db.session.scalar(select(func.count(Decision.id)).where(Decision.final_at.is_not(None)))
    found["faults"] = ledger_faults(db.session)
    return found


def test_the_history_tells_who_recorded_corrected_and_approved(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY, name="Siv Sekreterare")
        decision = recorded(outcome=Outcome.REJECT, secretary=by)
        recorded(decision.item, secretary=by)
        approved(decision.item.meeting, secretary=by)
        events = db.session.execute(
            select(HistoryEntry.event, HistoryEntry.who, HistoryEntry.facts)
            .where(HistoryEntry.subject == "decision")
            .order_by(HistoryEntry.id)
        ).all()
        assert [(event_, who) for event_, who, _facts in events] == [
            ("record_outcome", "Siv Sekreterare"),
            ("correct_outcome", "Siv Sekreterare"),
            ("make_final", "Siv Sekreterare"),
        ]
        assert events[1].facts == {"outcome": "GRANT", "amount": 45_000}


@pytest.mark.usefixtures("both_engines")
def test_a_rejected_case_that_is_taken_up_again_gets_a_second_report_paragraph_and_letter(app: Flask) -> None:
    with app.app_context():
        first = decided(outcome=Outcome.REJECT)
        application, officer = first.application, first.application.officer
        old_letter = first.letter
        reconsider(application, by=officer)
        assess(application, by=officer)
        second = decided(application, outcome=Outcome.GRANT)
        db.session.flush()
        assert (first.outcome, first.letter) == (Outcome.REJECT, old_letter)
        assert second.letter is not old_letter
        assert (first.item.number, second.item.number) == (1, 2)
        assert application.status is ApplicationStatus.GRANTED
        assert db.session.scalars(select(Project)).one().decision is second
        drawn = [document.paper.template for document in application.case.documents if document.paper is not None]
        for template in ("officer_report", "letter", "extract"):
            assert sum(f"/{template}.typ" in one for one in drawn) == 2
        assert ledger_faults(db.session) == []


def test_what_was_changed_before_a_row_is_held_is_not_lost(app: Flask) -> None:
    with app.app_context():
        decision = recorded()
        meeting, by = decision.item.meeting, official(Role.SECRETARY)
        meeting.place = "Kulturhuset"
        approved(meeting, secretary=by)
        assert meeting.place == "Kulturhuset"
