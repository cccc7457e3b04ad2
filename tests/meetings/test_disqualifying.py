"""Who is disqualified takes no part, is replaced, and sees nothing of the case until it is lifted."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts.actions import declare_conflict, end_conflict
from fundapp.accounts.models import Conflict, Signatory
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.meetings import attendance, disqualifying, proposing
from fundapp.meetings.actions import add_item, put_on_agenda, remove_item, take_off_agenda
from fundapp.meetings.models import MinuteItem
from fundapp.meetings.presences import serving_under
from fundapp.meetings.proceedings import Choice, Disqualification, Ground
from fundapp.permissions import Role
from fundapp.seats.models import Seat
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import on_agenda, opened, planned
from tests.factories.people import applicant, official, organisation
from tests.factories.seats import full_house, seated


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def case_of(item: MinuteItem) -> Application:
    return item.cases[0].application


def sees(seat: Seat, application: Application) -> bool:
    seen = select(Application.id).where(visible_to(seat.account), Application.id == application.id)
    return db.session.scalar(seen) is not None


def with_substitute(item: MinuteItem, by: object) -> Seat:
    """The first substitute is in the room without a place."""
    seats = full_house(item.meeting.board)
    spare = next(seat for seat in seats if not seat.is_member)
    present = [*(seat for seat in seats if seat.is_member), spare]
    attendance.call_roll(item.meeting, present, by=by)
    return spare


def test_who_is_disqualified_leaves_and_sees_the_case_no_more_until_it_is_lifted(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        seat, application = full_house()[4], case_of(item)
        assert sees(seat, application)
        (row,) = disqualifying.disqualify(item, seat, application=application, by=by)
        assert seat not in serving_under(item, application)
        assert len(serving_under(item, application)) == 12
        assert not sees(seat, application)
        disqualifying.lift(row, by=by)
        assert sees(seat, application)
        assert len(serving_under(item, application)) == 13
        assert db.session.scalar(select(func.count(Disqualification.id))) == 0
        events = db.session.scalars(select(HistoryEntry.event).where(HistoryEntry.subject == "disqualification")).all()
        assert events == ["disqualify", "lift_disqualification"]


def test_other_cases_of_the_same_sitting_stay_open_to_the_disqualified(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda([assessed(), assessed()], secretary=by)
        one, other = (row.application for row in item.cases)
        seat = full_house()[4]
        disqualifying.disqualify(item, seat, application=one, by=by)
        assert (sees(seat, one), sees(seat, other)) == (False, True)
        assert seat in serving_under(item, other)


def test_a_whole_paragraph_closes_each_of_its_cases_those_that_come_later_too(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = opened(secretary=by)
        item = on_agenda([assessed(), assessed()], secretary=by, meeting=meeting)
        seat = full_house()[4]
        assert len(disqualifying.disqualify(item, seat, by=by)) == 2
        assert not any(sees(seat, row.application) for row in item.cases)
        empty = add_item(meeting, "Fler ansökningar", by=by)
        disqualifying.disqualify(empty, seat, by=by)
        late = assessed()
        put_on_agenda(meeting, [late], item=empty, by=by)
        assert not sees(seat, late)


def test_a_lifted_disqualification_leaves_a_declared_conflict_as_it_was(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        seat, application = full_house()[4], case_of(item)
        own = declare_conflict(by=seat.account, reason="Min syster är kassör.", application=application)
        (row,) = disqualifying.disqualify(item, seat, application=application, by=by)
        recorded = db.session.scalars(select(Conflict).where(Conflict.disqualification_id == row.id)).one()
        with pytest.raises(NotAllowed):
            end_conflict(recorded, by=seat.account)
        disqualifying.lift(row, by=by)
        assert own.ended_at is None
        assert not sees(seat, application)


def test_nobody_is_disqualified_who_has_voted_and_nobody_votes_who_is_disqualified(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        application, seat = case_of(item), full_house()[4]
        serving = serving_under(item, application)
        means = {"yes_means": "Bifall", "no_means": "Avslag", "application": application, "by": by}
        vote = proposing.hold_vote(item, dict.fromkeys(serving, Choice.YES), **means)
        with pytest.raises(StepNotPossible):
            disqualifying.disqualify(item, seat, application=application, by=by)
        proposing.remove_vote(vote, by=by)
        disqualifying.disqualify(item, seat, application=application, by=by)
        with pytest.raises(StepNotPossible):
            proposing.hold_vote(item, dict.fromkeys(serving, Choice.YES), **means)
        with pytest.raises(StepNotPossible):
            proposing.move(item, seat, "Avslag", application=application, by=by)


def test_a_substitute_in_the_room_serves_instead_and_nobody_else(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        application, house = case_of(item), full_house()
        absent = [seat for seat in house if not seat.is_member][-1]
        with pytest.raises(StepNotPossible):
            disqualifying.disqualify(item, house[4], application=application, replaced_by=absent, by=by)
        spare = with_substitute(item, by)
        (row,) = disqualifying.disqualify(item, house[4], application=application, replaced_by=spare, by=by)
        assert spare in serving_under(item, application)
        assert len(serving_under(item, application)) == 13
        with pytest.raises(StepNotPossible):
            disqualifying.disqualify(item, house[5], application=application, replaced_by=spare, by=by)
        with pytest.raises(StepNotPossible):
            disqualifying.disqualify(item, spare, application=application, by=by)
        proposing.move(item, spare, "Bifall", application=application, by=by)
        with pytest.raises(StepNotPossible):
            disqualifying.lift(row, by=by)


def test_a_disqualified_substitute_cannot_serve_instead(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        application = case_of(item)
        spare = with_substitute(item, by)
        declare_conflict(by=spare.account, reason="Styrelsen.", application=application)
        with pytest.raises(StepNotPossible):
            disqualifying.disqualify(item, full_house()[4], application=application, replaced_by=spare, by=by)


def test_the_same_person_is_recorded_once_and_needs_a_seat_in_this_body(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        application, seat = case_of(item), full_house()[4]
        disqualifying.disqualify(item, seat, application=application, by=by)
        with pytest.raises(StepNotPossible):
            disqualifying.disqualify(item, seat, application=application, by=by)
        disqualifying.disqualify(item, None, name=" Eva  Ek ", application=application, by=by)
        names = [row.name for row in disqualifying.disqualified_in(item, application)]
        assert names == [seat.name, "Eva Ek"]
        with pytest.raises(StepNotPossible):
            disqualifying.disqualify(item, None, name="  ", application=application, by=by)


def test_it_may_be_known_before_the_sitting_and_only_the_secretary_records_it(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by, meeting=planned(secretary=by))
        seat = full_house()[4]
        for role in (Role.OFFICER, Role.MEMBER, Role.ADMINISTRATOR):
            with pytest.raises(NotAllowed):
                disqualifying.disqualify(item, seat, application=case_of(item), by=official(role))
        disqualifying.disqualify(item, seat, application=case_of(item), ground=Ground.FOUND, by=by)
        assert not sees(seat, case_of(item))


def test_the_system_proposes_who_acts_signs_or_is_named_however_the_name_is_written(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        owner = applicant("Amina Karlsson", "amina@forening.example")
        ours = organisation(owner)
        application = assessed(by=owner)
        ours.signatories.append(Signatory(position=1, name="Ève  LINDSTRÖM", contact=""))
        item = put_on_agenda(opened(secretary=by), [application], by=by)[0]
        member = seated(owner)
        signatory = seated(applicant("Eve Lindström", "eve@annan.example"))
        declared = seated(applicant("Karl Annan", "karl@annan.example"))
        declare_conflict(by=declared.account, reason="Vän.", application=application)
        seated(applicant("Någon Annan", "nagon@annan.example"))
        db.session.flush()
        found = {one.seat: one.ground for one in disqualifying.proposed_for(item.meeting, reader=by)}
        assert found == {member: Ground.FOUND, signatory: Ground.FOUND, declared: Ground.DECLARED}
        disqualifying.disqualify(item, signatory, application=application, by=by)
        assert signatory not in {one.seat for one in disqualifying.proposed_for(item.meeting, reader=by)}


def test_a_secretary_with_a_conflict_is_proposed_nobody_in_that_case(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        owner = applicant("Amina Karlsson", "amina@forening.example")
        organisation(owner)
        item = on_agenda(secretary=by, by=owner)
        seated(owner)
        assert disqualifying.proposed_for(item.meeting, reader=by)
        declare_conflict(by=by, reason="Min bror.", application=case_of(item))
        assert not disqualifying.proposed_for(item.meeting, reader=by)


def test_a_case_taken_off_the_agenda_opens_again_for_who_was_disqualified_there(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        meeting, application, seat = item.meeting, case_of(item), full_house()[4]
        disqualifying.disqualify(item, seat, application=application, by=by)
        motion = proposing.move(item, full_house()[5], "Avslag", application=application, by=by)
        with pytest.raises(StepNotPossible):
            take_off_agenda(meeting, application, by=by)
        proposing.withdraw_motion(motion, by=by)
        take_off_agenda(meeting, application, by=by)
        assert not db.session.scalars(select(Disqualification)).all()
        again = put_on_agenda(meeting, [application], by=by)[0]
        assert seat in serving_under(again, application)
        assert sees(seat, application)


def test_a_paragraph_that_leaves_the_agenda_takes_its_disqualifications_along(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        item = add_item(meeting, "Remiss", by=by)
        disqualifying.disqualify(item, full_house()[4], by=by)
        remove_item(item, by=by)
        assert not db.session.scalars(select(Disqualification)).all()
