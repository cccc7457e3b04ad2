"""The roll, who comes and goes, the chair, the checker, the quorum, and what cannot be changed afterwards."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.languages import speaking
from fundapp.meetings import actions, attendance, comings, ending
from fundapp.meetings.models import ItemKind, Meeting, MinuteItem
from fundapp.meetings.presences import chair_under, demand_quorum, room_of, serving_under
from fundapp.meetings.proceedings import Ballot, Capacity, Choice, Disqualification, Ground, Presence, Vote
from fundapp.permissions import Role
from fundapp.seats.models import Position, Seat
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import recorded
from tests.factories.meetings import board, on_agenda, opened, planned
from tests.factories.people import official
from tests.factories.seats import full_house, seated


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def sitting(by: Account, paragraphs: int = 5, body: Any = None) -> Meeting:
    """An opened sitting of § 1, § 2, …, whose roll is not called."""
    full_house(body or board())
    meeting = planned(secretary=by, body=body)
    for n in range(paragraphs):
        actions.add_item(meeting, f"Ärende {n + 1}", by=by)
    actions.open_meeting(meeting, by=by)
    return meeting


def called(by: Account, absent: int = 0, **choices: Any) -> tuple[Meeting, list[Seat], list[Seat]]:
    """A sitting with the roll called, without its last `absent` members and with all substitutes."""
    meeting = sitting(by)
    seats = full_house()
    members, substitutes = seats[:13], seats[13:]
    attendance.call_roll(meeting, [*members[: 13 - absent], *substitutes], by=by, **choices)
    return meeting, members, substitutes


def item(meeting: Meeting, number: int) -> MinuteItem:
    return next(one for one in meeting.items if one.number == number)


def refused(reason: str) -> Any:
    """The change is refused with this in its sentence, in English."""
    return pytest.raises(StepNotPossible, match=reason)


@pytest.fixture
def by(app: Flask) -> Any:
    with app.app_context(), speaking("en"):
        yield official(Role.SECRETARY)


def test_substitutes_serve_in_the_order_of_the_list_in_the_places_of_absent_members(by: Account) -> None:
    meeting, members, (first, second, third) = called(by, absent=2)
    serving = serving_under(item(meeting, 1))
    assert serving == [*members[:11], first, second]
    rows = {row.seat_id: row for row in comings.presences_of(meeting)}
    assert [rows[seat.id].in_place_of for seat in (first, second, third)] == [members[11], members[12], None]
    assert rows[third.id].capacity is Capacity.SUBSTITUTE
    assert chair_under(item(meeting, 5)) == members[0]


def test_a_substitute_may_serve_for_a_certain_member_or_sit_there_without_serving(by: Account) -> None:
    meeting, members, (first, second, third) = called(by)
    attendance.call_roll(
        meeting, [*members[:11], first, second, third], places={third: members[11]}, idle=[first], by=by
    )
    rows = {row.seat_id: row for row in comings.presences_of(meeting)}
    assert [rows[seat.id].in_place_of for seat in (first, second, third)] == [None, members[12], members[11]]
    with refused("whose place is taken"):
        attendance.call_roll(meeting, [*members, third], places={third: members[3]}, by=by)
    assert len(serving_under(item(meeting, 1))) == 13


def test_the_vice_chair_presides_where_the_chair_is_absent_and_somebody_must(by: Account) -> None:
    meeting = sitting(by)
    members = full_house()[:13]
    attendance.call_roll(meeting, members[1:], by=by)
    assert chair_under(item(meeting, 1)) == members[1]
    with refused("Choose who is in the chair"):
        attendance.call_roll(meeting, members[3:], by=by)
    attendance.call_roll(meeting, members[3:], chair=members[7], by=by)
    assert chair_under(item(meeting, 1)) == members[7]
    with refused("Choose who is in the chair"):
        attendance.call_roll(meeting, members[3:], chair=members[0], by=by)


def test_only_seats_that_hold_on_the_day_are_called(by: Account) -> None:
    meeting = sitting(by)
    former = seated(term=(date(2011, 1, 1), date(2014, 12, 31)))
    elsewhere = full_house(board("FoK"))[0]
    for stranger in (former, elsewhere):
        with refused("has no seat in the body on the day"):
            attendance.call_roll(meeting, [*full_house()[:13], stranger], by=by)
    assert not room_of(meeting).is_called


def test_more_than_the_bodys_members_never_serve(by: Account) -> None:
    meeting = sitting(by)
    one_more = seated(rank=99)
    with refused("14 serve under § 1, but the body has 13 members"):
        attendance.call_roll(meeting, [*full_house()[:13], one_more], by=by)


@pytest.mark.parametrize(
    ("there", "held_on", "told"),
    [(7, DAY, None), (6, DAY, r"Only 6 of the body's 13 members .* \(quorum\)"), (6, date(2018, 1, 15), "KL 6:27")],
)
def test_a_quorum_is_more_than_half_of_the_members_by_the_law_of_the_day(
    by: Account, there: int, held_on: date, told: str | None
) -> None:
    on_day(held_on)
    meeting = sitting(by)
    attendance.call_roll(meeting, full_house()[:there], by=by)
    if told is None:
        demand_quorum(item(meeting, 1))
    else:
        with refused(told):
            demand_quorum(item(meeting, 1))


def test_before_the_roll_there_is_no_quorum_and_a_body_without_a_number_is_not_watched(by: Account) -> None:
    meeting = sitting(by)
    with refused("Call the roll first"):
        demand_quorum(item(meeting, 1))
    meeting.board.sittings = {}
    demand_quorum(item(meeting, 1))


def test_who_is_disqualified_does_not_count_and_a_substitute_does(by: Account) -> None:
    case = assessed()
    meeting = opened(secretary=by)
    members, substitute = full_house()[:13], full_house()[13]
    (under,) = actions.put_on_agenda(meeting, [case], by=by)
    attendance.call_roll(meeting, [*members[:7], substitute], idle=[substitute], by=by)
    out = Disqualification(
        item=under, application=case, seat=members[0], name="", ground=Ground.DECLARED, recorded_at=clock.now()
    )
    db.session.add(out)
    assert serving_under(under) == members[:7]
    assert serving_under(under, case) == members[1:7]
    assert chair_under(under) == members[0]
    assert room_of(meeting).chair_under(under, case) == members[1]
    demand_quorum(under)
    with refused("Only 6"):
        demand_quorum(under, case)
    out.replaced_by = substitute
    assert serving_under(under, case) == [*members[1:7], substitute]
    demand_quorum(under, case)
    # In all of the § at once.
    out.application = None
    assert serving_under(under) == [*members[1:7], substitute]


def test_a_whole_sittings_attendance_is_one_statement(by: Account) -> None:
    meeting, *_rest = called(by, absent=2)
    items = attendance.attended.numbered(meeting)
    assert meeting.board.sittings
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    room = room_of(meeting)
    for one in items:
        assert [seat.name for seat in room.serving_under(one)]
        room.demand_quorum(one)
    assert len(statements) == 1, statements


def test_who_leaves_is_replaced_by_the_first_substitute_in_the_room(by: Account) -> None:
    meeting, members, substitutes = called(by)
    comings.leaves(meeting, members[5], 2, by=by)
    assert members[5] in serving_under(item(meeting, 2))
    assert substitutes[0] not in serving_under(item(meeting, 2))
    assert members[5] not in serving_under(item(meeting, 3))
    assert substitutes[0] in serving_under(item(meeting, 3))
    (row,) = [row for row in comings.presences_of(meeting) if row.in_place_of_id == members[5].id]
    assert (row.seat, row.first, row.last) == (substitutes[0], 3, None)
    # The next one goes without, and a third is replaced by whom the secretary names.
    comings.leaves(meeting, members[6], 2, is_replaced=False, by=by)
    comings.leaves(meeting, members[7], 3, replaced_by=substitutes[2], by=by)
    assert len(serving_under(item(meeting, 3))) == 12
    assert serving_under(item(meeting, 4))[-2:] == [substitutes[0], substitutes[2]]
    with refused("is not in the room without a place"):
        comings.leaves(meeting, members[8], 3, replaced_by=substitutes[0], by=by)


def test_a_member_who_comes_late_takes_the_place_back_and_who_returns_has_two_rows(by: Account) -> None:
    meeting, members, substitutes = called(by, absent=1)
    comings.arrives(meeting, members[12], 3, by=by)
    assert substitutes[0] in serving_under(item(meeting, 2))
    assert serving_under(item(meeting, 3)) == members
    assert room_of(meeting).substitutes_under(item(meeting, 3)) == substitutes
    with refused("is there already"):
        comings.arrives(meeting, members[12], 4, by=by)
    comings.leaves(meeting, members[12], 3, by=by)
    comings.arrives(meeting, members[12], 5, by=by)
    rows = [(row.first, row.last) for row in comings.presences_of(meeting) if row.seat == members[12]]
    assert rows == [(3, 3), (5, None)]
    assert [len(serving_under(item(meeting, n))) for n in range(1, 6)] == [13] * 5


def test_a_late_substitute_takes_an_empty_place_and_no_other(by: Account) -> None:
    meeting = sitting(by)
    seats = full_house()
    attendance.call_roll(meeting, seats[:12], by=by)
    with refused("place is taken"):
        comings.arrives(meeting, seats[13], 2, in_place_of=seats[4], by=by)
    comings.arrives(meeting, seats[13], 2, serves=False, by=by)
    assert len(serving_under(item(meeting, 2))) == 12
    comings.arrives(meeting, seats[14], 2, by=by)
    assert serving_under(item(meeting, 2)) == [*seats[:12], seats[14]]
    comings.arrives(meeting, seats[15], 2, by=by)
    assert serving_under(item(meeting, 2)) == [*seats[:12], seats[14]]


def test_the_chair_changes_for_a_range_and_must_serve_in_all_of_it(by: Account) -> None:
    meeting, members, substitutes = called(by)
    comings.change_chair(meeting, members[1], 2, 3, by=by)
    assert [chair_under(item(meeting, n)) for n in range(1, 6)] == [
        members[0], members[1], members[1], members[0], members[0],
    ]  # fmt: skip
    with refused("is in the chair under § 4"):
        comings.leaves(meeting, members[0], 3, by=by)
    comings.change_chair(meeting, members[2], 4, by=by)
    comings.leaves(meeting, members[0], 3, by=by)
    assert chair_under(item(meeting, 5)) == members[2]
    with refused("is in the chair under § 1, but does not serve there"):
        comings.change_chair(meeting, substitutes[2], 1, by=by)
    assert [(row.first, row.last) for row in comings.chairings_of(meeting)] == [(None, 1), (2, 3), (4, None)]


def test_a_range_has_its_ends_in_the_sitting_and_in_order(by: Account) -> None:
    meeting, members, _substitutes = called(by)
    with refused("§ 6 is not a paragraph of this sitting"):
        comings.leaves(meeting, members[4], 6, by=by)
    row = next(row for row in comings.presences_of(meeting) if row.seat == members[4])
    with refused("comes before the first"):
        comings.correct_presence(row, 3, 2, by=by)
    comings.correct_presence(row, 2, 3, by=by)
    assert [members[4] in serving_under(item(meeting, n)) for n in range(1, 6)] == [False, True, True, False, False]
    comings.strike_presence(row, by=by)
    assert len(serving_under(item(meeting, 2))) == 12


def test_others_are_there_with_their_title_and_never_serve(by: Account) -> None:
    meeting, _members, substitutes = called(by, others=[("Oskar Nyström", "handläggare")])
    attendance.add_other(meeting, "Rut Lindbäck", "registrator", first=2, last=2, by=by)
    rows = [row for row in comings.presences_of(meeting) if row.capacity is Capacity.OTHER]
    assert [(row.name, row.title, row.first, row.last) for row in rows] == [
        ("Oskar Nyström", "handläggare", None, None), ("Rut Lindbäck", "registrator", 2, 2),
    ]  # fmt: skip
    assert len(serving_under(item(meeting, 2))) == 13
    assert room_of(meeting).substitutes_under(item(meeting, 2)) == substitutes


def test_nobody_who_voted_is_made_absent_there(by: Account) -> None:
    meeting, members, substitutes = called(by)
    vote = Vote(
        item=item(meeting, 3), yes_means="ja", no_means="nej", is_carried=True, held_at=clock.now(),
        recorded_by_id=by.id,
        ballots=[Ballot(seat=members[8], choice=Choice.YES)],
    )  # fmt: skip
    db.session.add(vote)
    with refused("voted, moved or reserved under § 3"):
        comings.leaves(meeting, members[8], 2, by=by)
    with refused("voted, moved or reserved under § 3"):
        attendance.call_roll(meeting, [*members[:8], *substitutes], by=by)
    assert members[8] in serving_under(item(meeting, 3))
    assert len(comings.presences_of(meeting)) == 16
    comings.leaves(meeting, members[8], 3, by=by)


def test_an_outcome_keeps_its_quorum(by: Account) -> None:
    meeting, members, _substitutes = called(by)
    (under,) = actions.put_on_agenda(meeting, [assessed()], by=by)
    attendance.call_roll(meeting, members[:7], by=by)
    recorded(under, under.cases[0].application, secretary=by)
    with refused("Only 6 of the body's 13 members"):
        comings.leaves(meeting, members[6], 2, by=by)
    assert len(serving_under(under)) == 7


def test_attendance_under_a_paragraph_that_is_approved_stays(by: Account) -> None:
    meeting, members, _substitutes = called(by)
    item(meeting, 2).approved_on, item(meeting, 2).approved_at = DAY, clock.now()
    with refused("§ 2 is approved already"):
        comings.leaves(meeting, members[6], 1, by=by)
    comings.leaves(meeting, members[6], 2, by=by)


def test_the_checker_serves_and_is_not_in_the_chair(by: Account) -> None:
    meeting, members, substitutes = called(by)
    with refused("is in the chair and approves"):
        attendance.choose_checker(meeting, members[0], by=by)
    with refused("does not serve"):
        attendance.choose_checker(meeting, substitutes[2], by=by)
    with refused("cannot be approved before the sitting"):
        attendance.choose_checker(meeting, members[4], signing_on=date(2017, 3, 5), by=by)
    attendance.choose_checker(meeting, members[4], signing_on=date(2017, 3, 13), place="Stadshuset", by=by)
    assert (meeting.checker, meeting.signing_on, meeting.signing_place) == (members[4], date(2017, 3, 13), "Stadshuset")
    with refused("is in the chair and approves"):
        comings.change_chair(meeting, members[4], 3, by=by)
    row = next(row for row in comings.presences_of(meeting) if row.seat == members[4])
    with refused("does not serve"):
        comings.strike_presence(row, by=by)


def test_the_choice_of_a_checker_stands_under_its_paragraph_until_somebody_writes_there(by: Account) -> None:
    meeting, members, _substitutes = called(by)
    item(meeting, 2).kind = ItemKind.CHECKER
    attendance.choose_checker(meeting, members[4], by=by)
    assert members[4].name in item(meeting, 2).resolution
    attendance.choose_checker(meeting, members[5], signing_on=date(2017, 3, 13), by=by)
    assert members[5].name in item(meeting, 2).resolution
    assert "13 mars 2017" in item(meeting, 2).resolution
    item(meeting, 2).resolution = "Egna ord."
    attendance.choose_checker(meeting, members[6], by=by)
    assert item(meeting, 2).resolution == "Egna ord."


def test_a_sitting_ends_when_roll_checker_and_outcomes_are_there_and_can_be_gone_back_to(by: Account) -> None:
    meeting = sitting(by)
    members = full_house()[:13]
    with refused("Call the roll first"):
        ending.end_meeting(meeting, by=by)
    attendance.call_roll(meeting, members, by=by)
    with refused("Choose first who approves"):
        ending.end_meeting(meeting, by=by)
    attendance.choose_checker(meeting, members[4], by=by)
    (under,) = actions.put_on_agenda(meeting, [assessed()], by=by)
    with refused("An outcome is missing under § 6"):
        ending.end_meeting(meeting, by=by)
    recorded(under, under.cases[0].application, secretary=by)
    ending.end_meeting(meeting, by=by)
    assert meeting.status is MeetingStatus.ENDED
    assert meeting.ended_at is not None
    with refused("The sitting is ended"):
        comings.leaves(meeting, members[6], 2, by=by)
    ending.resume_meeting(meeting, by=by)
    assert (meeting.status, meeting.ended_at) == (MeetingStatus.OPENED, None)
    comings.leaves(meeting, members[6], 2, by=by)


def test_a_sitting_that_is_not_opened_has_no_roll(by: Account) -> None:
    full_house()
    meeting = planned(secretary=by)
    with refused("Open the sitting first"):
        attendance.call_roll(meeting, full_house()[:13], by=by)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECRETARY])
def test_only_a_secretary_records_who_is_there(app: Flask, role: Role) -> None:
    with app.app_context():
        meeting = opened()
        other, members = official(role), full_house()[:13]
        for attempt in (
            lambda: attendance.call_roll(meeting, members, by=other),
            lambda: comings.leaves(meeting, members[4], 1, by=other),
            lambda: attendance.choose_checker(meeting, members[4], by=other),
            lambda: ending.end_meeting(meeting, by=other),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_the_roll_of_another_body_has_its_own_members(by: Account) -> None:
    meeting = sitting(by, body=board("FoK"))
    seats = full_house(board("FoK"))
    attendance.call_roll(meeting, seats[:9], by=by)
    assert len(serving_under(item(meeting, 1))) == 9
    assert not set(seats) & set(full_house())
    with pytest.raises(StepNotPossible):
        attendance.call_roll(meeting, full_house()[:9], by=by)


def test_an_opened_sitting_of_the_factories_has_its_roll(by: Account) -> None:
    under = on_agenda(secretary=by)
    assert [seat.position for seat in serving_under(under)][:4] == [
        Position.CHAIR, Position.FIRST_VICE_CHAIR, Position.SECOND_VICE_CHAIR, Position.MEMBER,
    ]  # fmt: skip
    assert db.session.query(Presence).count() == 13
