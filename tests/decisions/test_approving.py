"""Minutes that are signed are approved, all at once or one § before the others; letters wait to be released."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select

from fundapp import files, outbox
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.decisions import approving, releasing
from fundapp.decisions.actions import record_outcome
from fundapp.decisions.models import Letter
from fundapp.funds.queries import ledger_faults
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.mail import Message, MessageStatus
from fundapp.meetings import drawing_up, ending, presences, protocol, signing
from fundapp.meetings.actions import add_item
from fundapp.meetings.minutes import Minutes
from fundapp.meetings.models import Meeting
from fundapp.meetings.proceedings import Chairing, Presence
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.registry.models import Direction, Document
from fundapp.workflow import ApplicationStatus, MeetingStatus, NotAllowed, Outcome, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.applications import PDF
from tests.factories.decisions import approved, recorded, released, signed, with_checker
from tests.factories.meetings import on_agenda, opened
from tests.factories.people import official


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Refusals are compared in the language of the source."""
    with speaking("en"):
        yield


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def drawn_up(meeting: Meeting, by: Account) -> tuple[Minutes, list[signing.ToSign]]:
    """The sitting is ended and its minutes drawn up; who must sign them, the chair first."""
    with_checker(meeting, secretary=by)
    if meeting.status is MeetingStatus.OPENED:
        ending.end_meeting(meeting, by=by)
    minutes = drawing_up.draw_up_minutes(meeting, by=by)
    return minutes, signing.to_sign(presences.room_of(meeting), list(meeting.items))


def page(by: Account) -> files.StoredFile:
    return files.store(files.check("underskrifter.pdf", PDF), by_id=by.id)


def test_minutes_are_approved_on_the_day_of_the_last_signature(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        decision = recorded(secretary=by)
        meeting = decision.item.meeting
        minutes, (chair, checker) = drawn_up(meeting, by)
        signing.sign(minutes, by=chair.seat.account)
        with pytest.raises(StepNotPossible, match=checker.seat.name):
            approving.approve_minutes(meeting, by=by)
        on_day(DAY + timedelta(days=3))
        signing.sign(minutes, by=checker.seat.account)
        on_day(DAY + timedelta(days=5))
        approving.approve_minutes(meeting, by=by)
        assert (meeting.status, meeting.approved_on) == (MeetingStatus.APPROVED, DAY + timedelta(days=3))
        assert decision.item.approved_on == DAY + timedelta(days=3)
        assert decision.is_final
        assert decision.application.status is ApplicationStatus.GRANTED


def test_minutes_that_were_not_drawn_up_or_not_signed_are_not_approved(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = recorded(secretary=by).item.meeting
        with pytest.raises(StepNotPossible):
            drawing_up.draw_up_minutes(meeting, by=by)
        with_checker(meeting, secretary=by)
        with pytest.raises(StepNotPossible):
            approving.approve_minutes(meeting, by=by)
        ending.end_meeting(meeting, by=by)
        with pytest.raises(StepNotPossible, match="Draw up"):
            approving.approve_minutes(meeting, by=by)
        drawing_up.draw_up_minutes(meeting, by=by)
        with pytest.raises(StepNotPossible, match="not signed"):
            approving.approve_minutes(meeting, by=by)


def test_only_the_chair_and_the_checker_sign_and_each_once(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = recorded(secretary=by).item.meeting
        minutes, (chair, checker) = drawn_up(meeting, by)
        other = next(
            seat for seat in presences.serving_under(meeting.items[0]) if seat not in (chair.seat, checker.seat)
        )
        for person in (other.account, by, official(Role.OFFICER)):
            with pytest.raises(NotAllowed):
                signing.sign(minutes, by=person)
        signing.sign(minutes, by=chair.seat.account)
        with pytest.raises(StepNotPossible):
            signing.sign(minutes, by=chair.seat.account)


def test_a_new_version_makes_the_signatures_under_the_old_one_void(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = recorded(secretary=by).item.meeting
        old = signed(meeting, secretary=by)
        new = drawing_up.draw_up_minutes(meeting, by=by)
        assert (old.version, new.version) == (1, 2)
        with pytest.raises(StepNotPossible):
            approving.approve_minutes(meeting, by=by)
        with pytest.raises(StepNotPossible, match="newer"):
            signing.sign(old, by=signing.to_sign(presences.room_of(meeting), list(meeting.items))[0].seat.account)


def test_what_was_changed_after_the_signatures_is_not_approved_with_them(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        decision = recorded(secretary=by)
        meeting = decision.item.meeting
        minutes = signed(meeting, secretary=by)
        ending.resume_meeting(meeting, by=by)
        record_outcome(decision.item, decision.application, outcome=Outcome.REJECT, reasons="Nej.", by=by)
        with pytest.raises(StepNotPossible):
            approving.approve_minutes(meeting, by=by)
        ending.end_meeting(meeting, by=by)
        with pytest.raises(StepNotPossible, match="changed"):
            approving.approve_minutes(meeting, by=by)
        assert not decision.is_final
        again = signed(meeting, secretary=by)
        assert again.version == minutes.version + 1
        approving.approve_minutes(meeting, by=by)
        assert decision.application.status is ApplicationStatus.REJECTED


def test_a_change_that_was_undone_needs_no_new_version(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        decision = recorded(secretary=by)
        signed(decision.item.meeting, secretary=by)
        ending.resume_meeting(decision.item.meeting, by=by)
        ending.end_meeting(decision.item.meeting, by=by)
        approving.approve_minutes(decision.item.meeting, by=by)
        assert decision.is_final


@pytest.mark.parametrize("days", [-1, 1])
def test_a_page_is_not_signed_before_the_sitting_nor_in_the_future(app: Flask, days: int) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        minutes, (chair, _checker) = drawn_up(recorded(secretary=by).item.meeting, by)
        with pytest.raises(StepNotPossible):
            signing.record_signature(minutes, chair.seat, signed_on=DAY + timedelta(days), file=page(by), by=by)


@pytest.mark.parametrize(
    ("held_on", "words"), [(date(2017, 3, 6), "after the sitting. Write"), (date(2018, 3, 6), "KL 5:69 by 6:35")]
)
def test_the_rule_is_named_with_the_paragraph_of_the_law_that_held(held_on: date, words: str) -> None:
    reason = signing.why_not_signed_on(held_on - timedelta(days=1), held_on, held_on)
    assert words in str(reason)


def test_a_page_signed_on_paper_counts_and_says_who_recorded_it(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = recorded(secretary=by).item.meeting
        minutes, (chair, checker) = drawn_up(meeting, by)
        on_day(DAY + timedelta(days=2))
        with pytest.raises(NotAllowed):
            signing.record_signature(minutes, chair.seat, signed_on=DAY, file=page(by), by=official(Role.OFFICER))
        for who, day_ in ((chair, DAY), (checker, DAY + timedelta(days=1))):
            row = signing.record_signature(minutes, who.seat, signed_on=day_, file=page(by), by=by)
            assert (row.recorded_by_id, row.signed_on) == (by.id, day_)
        approving.approve_minutes(meeting, by=by)
        assert meeting.approved_on == DAY + timedelta(days=1)


@pytest.mark.parametrize(("days", "is_late"), [(14, False), (15, True)])
def test_a_late_approval_is_recorded_and_not_refused(app: Flask, days: int, is_late: bool) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        decision = recorded(secretary=by)
        meeting = decision.item.meeting
        on_day(DAY + timedelta(days=days))
        approved(meeting, secretary=by)
        late = select(HistoryEntry.facts).where(HistoryEntry.event == "approved_late")
        assert decision.is_final
        assert db.session.scalars(late).all() == ([{"days": days}] if is_late else [])


def test_without_a_quorum_the_minutes_are_neither_drawn_up_nor_approved(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = recorded(secretary=by).item.meeting
        signed(meeting, secretary=by)
        rows = db.session.scalars(select(Presence).where(Presence.meeting_id == meeting.id).order_by(Presence.id)).all()
        for row in rows[6:12]:
            db.session.delete(row)
        db.session.flush()
        assert presences.room_of(meeting).why_no_quorum(meeting.items[0]) is None
        db.session.delete(rows[5])
        db.session.flush()
        for act in (approving.approve_minutes, drawing_up.draw_up_minutes):
            with pytest.raises(StepNotPossible, match="More than half"):
                act(meeting, by=by)


def test_whoever_was_in_the_chair_for_some_of_it_signs_too(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = recorded(secretary=by).item.meeting
        add_item(meeting, "Övrigt", by=by)
        with_checker(meeting, secretary=by)
        seats = presences.serving_under(meeting.items[0])
        db.session.execute(delete(Chairing).where(Chairing.meeting_id == meeting.id))
        db.session.add_all(
            [Chairing(meeting=meeting, seat=seats[0], last=1), Chairing(meeting=meeting, seat=seats[1], first=2)]
        )
        db.session.flush()
        minutes, wanted = drawn_up(meeting, by)
        assert [(each.seat, each.paragraphs) for each in wanted] == [
            (seats[0], (1,)),
            (seats[1], (2,)),
            (meeting.checker, (1, 2)),
        ]
        for each in wanted[1:]:
            signing.sign(minutes, by=each.seat.account)
        with pytest.raises(StepNotPossible, match=seats[0].name):
            approving.approve_minutes(meeting, by=by)


def test_one_paragraph_is_approved_at_once_and_the_others_later(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        first = recorded(secretary=by)
        meeting = first.item.meeting
        second = recorded(on_agenda(meeting=meeting, secretary=by), secretary=by)
        signed(meeting, first.item, secretary=by)
        decisions = approving.approve_item(first.item, by=by)
        assert decisions == [first]
        assert (first.item.approved_on, first.item.is_immediate) == (DAY, True)
        assert first.application.status is ApplicationStatus.GRANTED
        assert (second.is_final, second.application.status) == (False, ApplicationStatus.ON_AGENDA)
        assert meeting.status is MeetingStatus.OPENED
        with pytest.raises(StepNotPossible):
            approving.approve_item(first.item, by=by)
        with pytest.raises(StepNotPossible):
            record_outcome(first.item, first.application, outcome=Outcome.REJECT, by=by)
        on_day(DAY + timedelta(days=4))
        assert approved(meeting, secretary=by) == [second]
        assert (first.item.approved_on, second.item.approved_on) == (DAY, DAY + timedelta(days=4))
        assert (first.item.is_immediate, second.item.is_immediate) == (True, False)
        assert len(db.session.scalars(select(Project)).all()) == 2
        assert ledger_faults(db.session) == []


def test_a_paragraph_without_its_outcome_is_not_drawn_up(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        with_checker(item.meeting, secretary=by)
        with pytest.raises(StepNotPossible, match="§ 1"):
            drawing_up.draw_up_minutes(item.meeting, item=item, by=by)


def test_letters_are_held_until_they_are_released_and_filed_then(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        decision = recorded(secretary=by)
        meeting = decision.item.meeting
        before = db.session.scalar(select(func.count(Message.id))) or 0
        approved(meeting, secretary=by)
        letter = db.session.scalars(select(Letter)).one()
        held = letters_since(before)
        assert [(mail.status, mail.enclosures[0].paper) for mail in held] == [(MessageStatus.HELD, letter.paper)] * 2
        assert decision.letter is None
        assert dispatched(decision.application.case_id) == 0
        with pytest.raises(NotAllowed):
            releasing.release([letter], by=official(Role.OFFICER))
        assert releasing.release([letter], by=by) == 1
        assert {mail.status for mail in held} == {MessageStatus.WAITING}
        assert decision.letter is letter.paper
        assert dispatched(decision.application.case_id) == 1
        assert releasing.release([letter], by=by) == 0
        assert dispatched(decision.application.case_id) == 1


def letters_since(before: int) -> list[Message]:
    """Mail to the applicant, not that to who signs."""
    mails = db.session.scalars(select(Message).order_by(Message.id).offset(before))
    return [mail for mail in mails if mail.enclosures]


def dispatched(case: int | None) -> int:
    of_case = select(func.count(Document.id)).where(Document.case_id == case)
    return db.session.scalar(of_case.where(Document.direction == Direction.DISPATCHED)) or 0


def test_the_outbox_does_not_take_what_is_held(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        decision = recorded(secretary=by)
        approved(decision.item.meeting, secretary=by)
        db.session.commit()
        held = db.session.scalars(select(Message.id).where(Message.status == MessageStatus.HELD)).all()
        assert held
        assert not set(held) & set(outbox._due_after(0))
        released(decision.item.meeting, secretary=by)
        db.session.commit()
        assert set(held) <= set(outbox._due_after(0))


def test_who_reads_the_minutes_does_not_read_of_a_case_with_a_conflict(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        first = recorded(secretary=by)
        meeting = first.item.meeting
        second = recorded(on_agenda(meeting=meeting, secretary=by), secretary=by)
        minutes, _wanted = drawn_up(meeting, by)
        content = protocol.without(minutes.paper.content, {first.application.public_id})
        told = str(content)
        assert first.case.diary_number not in told
        assert second.case.diary_number in told
        assert len(content["items"]) == 2


def test_who_must_sign_gets_a_mail_with_a_link_to_the_version(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        before = db.session.scalar(select(func.count(Message.id))) or 0
        minutes, wanted = drawn_up(recorded(secretary=by).item.meeting, by)
        mails = db.session.scalars(select(Message).order_by(Message.id).offset(before)).all()
        asked = [mail for mail in mails if minutes.public_id in mail.body]
        assert [mail.to for mail in asked] == [each.seat.account.email for each in wanted]
        assert all(mail.language == "sv" for mail in asked)


def test_an_empty_sitting_has_minutes_too(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = opened(secretary=by)
        add_item(meeting, "Upprop", by=by)
        assert approved(meeting, secretary=by) == []
        assert meeting.items[0].approved_on == DAY
