"""Planning a sitting, its agenda, and the paragraphs' numbers; races run on both engines."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.meetings import actions
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus, MeetingStatus, NotAllowed, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.assessments import assessed, under_assessment
from tests.factories.decisions import approved, recorded
from tests.factories.meetings import board, on_agenda, opened, planned
from tests.factories.people import applicant, official, organisation


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def headings(meeting: Meeting) -> list[str]:
    db.session.refresh(meeting)
    return [item.heading for item in meeting.items]


def test_the_agenda_is_made_from_assessed_cases_and_plain_paragraphs(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        actions.add_item(meeting, "Upprop", by=by)
        first, second = assessed(), assessed()
        items = actions.put_on_agenda(meeting, [first, second], by=by)
        assert [len(item.cases) for item in meeting.items] == [0, 1, 1]
        assert [item.number for item in meeting.items] == [None, None, None]
        assert first.status is second.status is ApplicationStatus.ON_AGENDA
        assert items == meeting.items[1:]


def test_a_paragraph_may_hold_many_cases_and_never_names_the_applicant(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        cases = [assessed() for _ in range(3)]
        (item,) = actions.put_on_agenda(meeting, cases[:1], by=by)
        one = item.heading
        actions.put_on_agenda(meeting, cases[1:], item=item, by=by)
        assert len(item.cases) == 3
        assert item.heading != one
        for heading in (one, item.heading):
            assert "Kalix kommuns integrationsfond" in heading
            assert cases[0].applicant_name not in heading
            assert cases[0].title not in heading


def test_only_assessed_cases_of_the_sittings_own_body_come_to_the_agenda(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        with pytest.raises(StepNotPossible):
            actions.put_on_agenda(planned(secretary=by), [under_assessment()], by=by)
        with pytest.raises(StepNotPossible):
            actions.put_on_agenda(planned(secretary=by, body=board("FoK")), [assessed()], by=by)


def test_a_body_that_does_not_decide_gets_no_sitting(app: Flask) -> None:
    with app.app_context(), pytest.raises(StepNotPossible):
        planned(body=board("SOC"))


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECRETARY])
def test_only_the_secretary_prepares_a_sitting(app: Flask, role: Role) -> None:
    with app.app_context():
        meeting, case = planned(), assessed()
        other = official(role)
        for attempt in (
            lambda: actions.plan_meeting(board=board(), held_on=DAY, place="", by=other),
            lambda: actions.add_item(meeting, "Upprop", by=other),
            lambda: actions.put_on_agenda(meeting, [case], by=other),
            lambda: actions.open_meeting(meeting, by=other),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_a_secretary_with_a_conflict_does_not_put_the_case_on_the_agenda(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        case = assessed()
        declare_conflict(by=by, reason="Min bror är ordförande.", application=case)
        with pytest.raises(NotAllowed):
            actions.put_on_agenda(planned(secretary=by), [case], by=by)


def test_paragraphs_are_ordered_by_hand_until_they_have_numbers(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        items = [actions.add_item(meeting, heading, by=by) for heading in ("A", "B", "C")]
        actions.move_item(items[2], up=True, by=by)
        assert headings(meeting) == ["A", "C", "B"]
        actions.move_item(items[0], up=True, by=by)
        actions.move_item(items[0], up=False, by=by)
        assert headings(meeting) == ["C", "A", "B"]
        actions.open_meeting(meeting, by=by)
        assert [item.number for item in meeting.items] == [1, 2, 3]
        with pytest.raises(StepNotPossible):
            actions.move_item(items[0], up=True, by=by)


def test_numbers_go_on_through_the_year_and_a_late_paragraph_gets_the_next(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        first = planned(secretary=by)
        actions.add_item(first, "Upprop", by=by)
        actions.open_meeting(first, by=by)
        second = opened(secretary=by)
        actions.add_item(second, "Upprop", by=by)
        late = actions.add_item(first, "Övrigt", by=by)
        assert [item.number for item in (*first.items, *second.items)] == [1, 3, 2]
        assert late.designation == "KS 2017-03-06 § 3"
        other = opened(secretary=by, body=board("FoK"))
        assert actions.add_item(other, "Upprop", by=by).number == 1
        on_day(date(2018, 1, 15))
        assert actions.add_item(opened(secretary=by), "Upprop", by=by).number == 1


def test_a_sitting_opens_once_and_not_before_its_day(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        early = planned(secretary=by, held_on=date(2017, 3, 7))
        with pytest.raises(StepNotPossible):
            actions.open_meeting(early, by=by)
        db.session.rollback()
        by = official(Role.SECRETARY)
        meeting = opened(secretary=by)
        with pytest.raises(StepNotPossible):
            actions.open_meeting(meeting, by=by)


def test_a_sitting_ten_years_away_is_a_slip_of_the_pen(app: Flask) -> None:
    with app.app_context(), pytest.raises(StepNotPossible):
        planned(held_on=date(2027, 3, 6))


def test_a_case_taken_off_is_ready_again_and_its_empty_paragraph_is_gone(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        case = assessed()
        actions.put_on_agenda(meeting, [case], by=by)
        actions.take_off_agenda(meeting, case, by=by)
        assert case.status is ApplicationStatus.ASSESSED
        assert headings(meeting) == []
        with pytest.raises(StepNotPossible):
            actions.take_off_agenda(meeting, case, by=by)
        item = actions.put_on_agenda(meeting, [case], by=by)[0]
        assert case.status is ApplicationStatus.ON_AGENDA
        assert meeting.items == [item]


def test_a_case_with_an_outcome_stays_on_the_agenda(app: Flask) -> None:
    with app.app_context():
        decision = recorded()
        with pytest.raises(StepNotPossible):
            actions.take_off_agenda(decision.item.meeting, decision.application, by=official(Role.SECRETARY))


def test_a_paragraph_is_removed_only_without_cases_and_number(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        plain = actions.add_item(meeting, "Upprop", by=by)
        (full,) = actions.put_on_agenda(meeting, [assessed()], by=by)
        with pytest.raises(StepNotPossible):
            actions.remove_item(full, by=by)
        actions.remove_item(plain, by=by)
        assert headings(meeting) == [full.heading]
        actions.open_meeting(meeting, by=by)
        numbered = actions.add_item(meeting, "Övrigt", by=by)
        with pytest.raises(StepNotPossible):
            actions.remove_item(numbered, by=by)


def test_nothing_changes_on_an_agenda_whose_minutes_are_approved(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting, case = opened(secretary=by), assessed()
        approved(meeting, secretary=by)
        assert meeting.status is MeetingStatus.APPROVED
        with pytest.raises(StepNotPossible):
            actions.add_item(meeting, "Övrigt", by=by)
        with pytest.raises(StepNotPossible):
            actions.put_on_agenda(meeting, [case], by=by)


def test_a_case_goes_on_one_agenda_at_a_time(app: Flask) -> None:
    with app.app_context():
        item = on_agenda()
        with pytest.raises(StepNotPossible):
            on_agenda(item.cases[0].application)


def test_two_secretaries_opening_one_sitting_number_it_once(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        for heading in ("Upprop", "Val av justerare", "Dagordning"):
            actions.add_item(meeting, heading, by=by)
        db.session.commit()
        key, who = meeting.id, by.id
    start = Barrier(4)

    def open_it(_n: int) -> bool:
        with app.app_context():
            found, person = db.session.get_one(Meeting, key), db.session.get_one(Account, who)
            db.session.rollback()
            start.wait()
            try:
                actions.open_meeting(found, by=person)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(4) as workers:
        assert sorted(workers.map(open_it, range(4))) == [False, False, False, True]
    with app.app_context():
        numbers = db.session.scalars(select(MinuteItem.number).order_by(MinuteItem.position)).all()
        assert numbers == [1, 2, 3]


def test_sittings_opened_at_once_share_the_years_numbers_without_a_gap(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        by = official(Role.SECRETARY)
        keys = []
        for _ in range(6):
            meeting = planned(secretary=by)
            for heading in ("Upprop", "Val av justerare", "Ansökningar", "Övrigt"):
                actions.add_item(meeting, heading, by=by)
            keys.append(meeting.id)
        db.session.commit()
        who = by.id
    start = Barrier(6)

    def open_it(key: int) -> None:
        with app.app_context():
            found, person = db.session.get_one(Meeting, key), db.session.get_one(Account, who)
            db.session.rollback()
            start.wait()
            actions.open_meeting(found, by=person)
            db.session.commit()

    with ThreadPoolExecutor(6) as workers:
        list(workers.map(open_it, keys))
    with app.app_context():
        rows = db.session.execute(select(MinuteItem.meeting_id, MinuteItem.number).order_by(MinuteItem.position)).all()
        assert sorted(number for _key, number in rows) == list(range(1, 25))
        for key in keys:
            own = [number for owner, number in rows if owner == key]
            assert own == sorted(own)


def test_two_sittings_never_take_the_same_case(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        by = official(Role.SECRETARY)
        keys = [planned(secretary=by).id for _ in range(2)]
        case, who = assessed().id, by.id
        db.session.commit()
    start = Barrier(2)

    def put(key: int) -> bool:
        with app.app_context():
            found, person = db.session.get_one(Meeting, key), db.session.get_one(Account, who)
            application = db.session.get_one(Application, case)
            db.session.rollback()
            start.wait()
            try:
                actions.put_on_agenda(found, [application], by=person)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(put, keys)) == [False, True]
    with app.app_context():
        assert len(db.session.scalars(select(MinuteItem)).all()) == 1


def test_an_applicants_own_secretary_is_disqualified(app: Flask) -> None:
    with app.app_context():
        person = applicant()
        organisation(person)
        case = assessed(by=person)
        insider = official(Role.SECRETARY, email=person.email)
        with pytest.raises(NotAllowed):
            actions.put_on_agenda(planned(), [case], by=insider)
