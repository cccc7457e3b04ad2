"""Motions, propositions, open votes with the chair's casting vote, reservations, and decisions without a case."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.meetings import attendance, disqualifying, proposing
from fundapp.meetings.actions import add_item
from fundapp.meetings.models import MinuteItem
from fundapp.meetings.presences import chair_under, serving_under
from fundapp.meetings.proceedings import Ballot, Choice, Motion, RemarkKind, Vote
from fundapp.permissions import Role
from fundapp.seats.models import Seat
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import on_agenda, opened
from tests.factories.people import official
from tests.factories.seats import full_house

NEW_ACT = date(2018, 3, 5)


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def case_of(item: MinuteItem) -> Application:
    return item.cases[0].application


def hold(item: MinuteItem, by: Any, *, yes: int, no: int, seats: list[Seat] | None = None, **more: Any) -> Vote:
    """A vote in the §'s case: the first so many yes, then no, and the rest abstain."""
    seats = seats or serving_under(item, case_of(item))
    choices = {
        seat: Choice.YES if n < yes else Choice.NO if n < yes + no else Choice.ABSTAIN for n, seat in enumerate(seats)
    }
    facts = {"yes_means": "Bifall till förslaget", "no_means": "Avslag", "application": case_of(item), "by": by}
    return proposing.hold_vote(item, more.pop("choices", choices), **(facts | more))


@pytest.mark.parametrize(("yes", "no", "is_carried"), [(7, 6, True), (6, 7, False), (1, 0, True), (3, 4, False)])
def test_the_majority_of_those_who_vote_decides(app: Flask, yes: int, no: int, is_carried: bool) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        vote = hold(on_agenda(secretary=by), by, yes=yes, no=no)
        assert (vote.is_carried, vote.casting_seat) == (is_carried, None)
        assert len(vote.ballots) == 13


@pytest.mark.parametrize("chairs_choice", [Choice.YES, Choice.NO])
def test_the_chairs_casting_vote_decides_a_tie(app: Flask, chairs_choice: Choice) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        chair = chair_under(item)
        assert chair is not None
        others = [seat for seat in serving_under(item, case_of(item)) if seat is not chair]
        other_choice = Choice.NO if chairs_choice is Choice.YES else Choice.YES
        choices = {chair: chairs_choice} | dict.fromkeys(others[:5], chairs_choice)
        choices |= dict.fromkeys(others[5:11], other_choice) | {others[11]: Choice.ABSTAIN}
        vote = hold(item, by, yes=0, no=0, choices=choices)
        assert (vote.is_carried, vote.casting_seat) == (chairs_choice is Choice.YES, chair)


def test_at_a_tie_the_chair_must_vote_and_the_new_act_names_its_paragraph(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        for when, names_it in ((None, False), (NEW_ACT, True)):
            if when:
                on_day(when)
            item = on_agenda(secretary=by)
            chair = chair_under(item)
            others = [seat for seat in serving_under(item, case_of(item)) if seat is not chair]
            choices = {chair: Choice.ABSTAIN} | dict.fromkeys(others[:6], Choice.YES)
            with pytest.raises(StepNotPossible) as refusal:
                hold(item, by, yes=0, no=0, choices=choices | dict.fromkeys(others[6:], Choice.NO))
            assert ("KL 5:54" in str(refusal.value.reason)) is names_it
            assert db.session.scalars(select(Vote)).all() == []


def test_a_vote_adds_up_to_exactly_who_serves(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        serving = serving_under(item, case_of(item))
        absent = next(seat for seat in full_house() if not seat.is_member)
        with pytest.raises(StepNotPossible, match=serving[-1].name):
            hold(item, by, yes=12, no=0, seats=serving[:-1])
        with pytest.raises(StepNotPossible, match=absent.name):
            hold(item, by, yes=14, no=0, seats=[*serving, absent])
        with pytest.raises(StepNotPossible):
            hold(item, by, yes=13, no=0, yes_means=" ")
        assert db.session.scalars(select(Vote)).all() == []


def test_a_vote_on_the_whole_paragraph_leaves_out_who_is_disqualified_in_any_of_its_cases(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda([assessed(), assessed()], secretary=by)
        seat = full_house()[4]
        disqualifying.disqualify(item, seat, application=item.cases[1].application, by=by)
        everybody = serving_under(item)
        assert seat in everybody
        means = {"yes_means": "Bifall", "no_means": "Avslag", "by": by}
        with pytest.raises(StepNotPossible):
            proposing.hold_vote(item, dict.fromkeys(everybody, Choice.YES), **means)
        rest = [one for one in everybody if one is not seat]
        assert len(proposing.hold_vote(item, dict.fromkeys(rest, Choice.YES), **means).ballots) == 12


def test_without_a_quorum_nothing_is_voted_or_decided(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        other = add_item(item.meeting, "Val av justerare", by=by)
        attendance.call_roll(item.meeting, full_house()[:6], by=by)
        with pytest.raises(StepNotPossible, match="13"):
            hold(item, by, yes=6, no=0)
        with pytest.raises(StepNotPossible, match="13"):
            proposing.resolve(other, "Eva Ek utses.", by=by)
        assert other.resolution == ""


def test_a_removed_vote_takes_its_ballots_along(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        vote = hold(on_agenda(secretary=by), by, yes=7, no=6)
        proposing.remove_vote(vote, by=by)
        assert db.session.scalars(select(Ballot)).all() == []


def test_only_who_serves_moves_and_a_withdrawn_motion_is_withdrawn_once(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        house = full_house()
        with pytest.raises(StepNotPossible):
            proposing.move(item, house[13], "Avslag", by=by)
        with pytest.raises(StepNotPossible):
            proposing.move(item, house[3], "  ", by=by)
        with pytest.raises(NotAllowed):
            proposing.move(item, house[3], "Avslag", by=official(Role.MEMBER))
        motion = proposing.move(item, house[3], "Avslag", application=case_of(item), by=by)
        proposing.withdraw_motion(motion, by=by)
        with pytest.raises(StepNotPossible):
            proposing.withdraw_motion(motion, by=by)
        assert db.session.scalars(select(Motion)).all() == [motion]


def test_propositions_stand_at_the_case_or_at_the_paragraph(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        proposing.put_propositions(item, " Ordföranden ställer proposition. ", application=case_of(item), by=by)
        assert (item.cases[0].propositions, item.propositions) == ("Ordföranden ställer proposition.", "")
        proposing.put_propositions(item, "Om hela paragrafen.", by=by)
        assert item.propositions == "Om hela paragrafen."


def test_a_reservation_is_announced_before_the_sitting_ends_and_written_until_the_approval(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        house, application = full_house(), case_of(item)
        remark = proposing.announce_reservation(item, house[3], application=application, by=by)
        assert (remark.kind, remark.text) == (RemarkKind.RESERVATION, "")
        with pytest.raises(StepNotPossible):
            proposing.announce_reservation(item, house[13], application=application, by=by)
        with pytest.raises(StepNotPossible):
            proposing.add_note(item, house[3], " ", by=by)
        item.meeting.ended_at, item.meeting.status = item.meeting.opened_at, type(item.meeting.status).ENDED
        db.session.flush()
        with pytest.raises(StepNotPossible):
            proposing.announce_reservation(item, house[5], application=application, by=by)
        proposing.write_remark(remark, "Vi ville avslå.", by=by)
        assert remark.text == "Vi ville avslå."


def test_a_paragraph_without_cases_is_resolved_and_one_with_cases_is_not(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = opened(secretary=by)
        item = add_item(meeting, "Upprop", by=by)
        proposing.resolve(item, " Uppropet godkänns. ", by=by)
        assert item.resolution == "Uppropet godkänns."
        with pytest.raises(StepNotPossible):
            proposing.resolve(on_agenda(secretary=by, meeting=meeting), "Bifall", by=by)


def test_nothing_is_recorded_under_an_approved_paragraph(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        item.approved_on, item.approved_at = item.meeting.held_on, item.meeting.opened_at
        db.session.flush()
        seat = full_house()[3]
        for step in (
            lambda: proposing.move(item, seat, "Avslag", by=by),
            lambda: proposing.put_propositions(item, "x", by=by),
            lambda: hold(item, by, yes=13, no=0),
            lambda: disqualifying.disqualify(item, seat, application=case_of(item), by=by),
        ):
            with pytest.raises(StepNotPossible):
                step()
