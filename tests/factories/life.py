"""A board's year for the state machine of tests/test_life.py: the people, four cases in a frame that is soon used up,
and what is read back out of the database by rules of its own, not by the product's.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from flask import Flask
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.models import Appeal, AppealEnd, Decision, EarlyPayment, Letter
from fundapp.funds import actions as ledger
from fundapp.funds.models import Round
from fundapp.funds.queries import ledger_faults
from fundapp.mail import Enclosure, Message, MessageStatus
from fundapp.meetings.minutes import BoardNotice, Minutes, announced
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import room_of
from fundapp.meetings.proceedings import Ballot, Disqualification, Vote
from fundapp.permissions import Role
from fundapp.projects.models import Instalment, Project
from fundapp.workflow import ApplicationStatus, InstalmentStatus, MeetingStatus
from tests.factories.applications import open_round
from tests.factories.assessments import assessed
from tests.factories.people import applicant, official, organisation
from tests.factories.seats import full_house

SOUGHT, FRAME = 45_000, 100_000
INSIDER = 5  # the place in the full house of the member who acts for the last case's applicant

# The red days and the three eves of lag (1930:173) 2 §, from the almanac.
RED = {
    date(2017, *day)
    for day in [(4, 14), (4, 17), (5, 1), (5, 25), (6, 6), (6, 23), (12, 25), (12, 26)]
} | {
    date(2018, *day)
    for day in [(1, 1), (3, 30), (4, 2), (5, 1), (5, 10), (6, 6), (6, 22), (12, 24), (12, 25), (12, 26), (12, 31)]
}  # fmt: skip


@dataclass(frozen=True)
class People:
    """The accounts, by id; `both` is secretary and officer in one person."""

    registrar: int
    officer: int
    secretary: int
    both: int
    applicant: int
    insider: int


def settled() -> People:
    """The people, the body, the frame, and four cases ready for the board: three of one applicant, one of a member's
    own association. Call `on_day` first.
    """
    registrar, officer, secretary = (official(role) for role in (Role.REGISTRAR, Role.OFFICER, Role.SECRETARY))
    both = official(Role.SECRETARY, Role.OFFICER, Role.REGISTRAR, name="Båda Två")
    insider = full_house()[INSIDER].account
    db.session.flush()
    ledger.change_frame(open_round(), FRAME, reference="KF § 1", decided_on=clock.today(), by=None)
    person = applicant(email="amina@sprakkafe.example")
    for number in range(3):
        assessed(officer=officer, by=person, title=f"Projekt {number}", reasons=own_reasons())
    organisation(insider, name="Ledamotens förening", org_number="8024059882")
    assessed(officer=officer, by=insider, title="Ledamotens projekt", objectives=("2.3",), reasons=own_reasons())
    return People(*(each.id for each in (registrar, officer, secretary, both, person, insider)))


def in_force_from(announced_on: date) -> date:
    """Three weeks to the day, on to the next day that is no Saturday, Sunday or red day; and the day after that."""
    last = announced_on + timedelta(days=21)
    while last.weekday() in (5, 6) or last in RED:
        last += timedelta(days=1)
    return last + timedelta(days=1)


def books_are_right() -> None:
    """Totals and ledger agree, nothing is below zero or above the frame, and the money is that of the outcomes."""
    assert ledger_faults(db.session) == []
    for round_ in db.session.scalars(select(Round)):
        assert min(round_.frame, round_.reserved, round_.granted, round_.released, round_.paid, round_.left) >= 0
        of_round = select(func.coalesce(func.sum(Decision.amount), 0)).join(Application)
        of_round = of_round.where(Application.round_id == round_.id)
        assert db.session.scalar(of_round.where(Decision.final_at.is_(None))) == round_.reserved
        assert db.session.scalar(of_round.where(Decision.final_at.is_not(None))) == round_.granted
        paid = select(func.coalesce(func.sum(Instalment.amount), 0)).join(Project).join(Application)
        is_paid = (Application.round_id == round_.id, Instalment.status == InstalmentStatus.PAID)
        assert db.session.scalar(paid.where(*is_paid)) == round_.paid
        # Above the frame: what is given and not given back may never be more.
        assert round_.reserved + round_.granted - round_.released <= FRAME or round_.frame > FRAME


def paragraphs_are_numbered() -> None:
    """1, 2, 3 … of each body and year, none twice and none left out."""
    numbers: dict[tuple[int, int], list[int]] = {}
    rows = select(MinuteItem.board_id, MinuteItem.year, MinuteItem.number).where(MinuteItem.number.is_not(None))
    for board_id, year, number in db.session.execute(rows):
        numbers.setdefault((board_id, year), []).append(number)
    for found in numbers.values():
        assert sorted(found) == list(range(1, len(found) + 1))


def nothing_is_paid_too_early() -> None:
    """Every paid part was paid in force by the notice's own day, or by another's leave from that day on."""
    rows = select(Instalment, Decision).join(Instalment.project).join(Decision, Decision.id == Project.decision_id)
    for part, decision in db.session.execute(rows.where(Instalment.status == InstalmentStatus.PAID)):
        notices = select(BoardNotice.announced_on).join(announced, announced.c.board_notice_id == BoardNotice.id)
        day = db.session.scalar(notices.where(announced.c.minute_item_id == decision.minute_item_id))
        early = db.session.scalar(select(EarlyPayment).where(EarlyPayment.decision_id == decision.id))
        is_early = early is not None and clock.local_day(early.allowed_at) <= part.paid_on
        assert is_early or (day is not None and part.paid_on >= in_force_from(day)), (part.paid_on, day)
        assert is_early or not _tried_after(decision, part), part.paid_on


def _tried_after(decision: Decision, part: Instalment) -> list[Appeal]:
    """Appeals that were known when the part was paid, and that fell only after the day written for it."""
    fell = (AppealEnd.DISMISSED, AppealEnd.WITHDRAWN)
    found = db.session.scalars(select(Appeal).where(Appeal.decision_id == decision.id, Appeal.end_kind.in_(fell)))
    known = [one for one in found if one.recorded_at < part.ledger_entry.at]
    return [one for one in known if one.ended_on > part.paid_on]


def demand_payable(part: Instalment, *, by: Account) -> None:
    """What must hold at the moment of a payment, of the appeals that there are then."""
    decision = part.project.decision
    early = db.session.scalar(select(EarlyPayment).where(EarlyPayment.decision_id == decision.id))
    appeals = db.session.scalars(select(Appeal).where(Appeal.decision_id == decision.id)).all()
    for appeal in appeals:
        assert appeal.end_kind is not AppealEnd.ANNULLED
        is_before_leave = early is not None and appeal.recorded_at < early.allowed_at
        assert appeal.ended_on is not None or is_before_leave
    day = db.session.scalar(
        select(BoardNotice.announced_on)
        .join(announced, announced.c.board_notice_id == BoardNotice.id)
        .where(announced.c.minute_item_id == decision.minute_item_id)
    )
    is_open = any(appeal.ended_on is None for appeal in appeals)
    if is_open or day is None or clock.today() < in_force_from(day):
        assert early is not None
        assert early.allowed_by_id not in (by.id, part.proposed_by_id)


def two_persons_paid() -> None:
    """Whatever is paid was proposed by one and approved by another, and only that is in the ledger."""
    for part in db.session.scalars(select(Instalment).where(Instalment.ledger_entry_id.is_not(None))):
        assert part.status is InstalmentStatus.PAID
        assert None is not part.proposed_by_id != part.approved_by_id is not None
        assert part.ledger_entry is not None
        assert (part.ledger_entry.by_id, part.ledger_entry.amount) == (part.approved_by_id, part.amount)


def the_disqualified_are_out() -> None:
    """Who is disqualified serves nowhere in the case, has no vote in it, and finds it in no list."""
    for row in db.session.scalars(select(Disqualification).where(Disqualification.seat_id.is_not(None))):
        assert row.seat is not None
        cases = select(Application).join(AgendaCase).where(AgendaCase.minute_item_id == row.minute_item_id)
        if row.application_id is not None:
            cases = cases.where(Application.id == row.application_id)
        room = room_of(row.item.meeting)
        for case in db.session.scalars(cases).all():
            assert row.seat not in room.serving_under(row.item, case)
            assert not finds(row.seat.account, case.id), row.name
            votes = select(Ballot.id).join(Vote).where(Vote.minute_item_id == row.minute_item_id)
            is_of_case = Vote.application_id.is_(None) | (Vote.application_id == case.id)
            assert db.session.scalar(votes.where(Ballot.seat_id == row.seat_id, is_of_case)) is None


def the_insider_finds_nothing(people: People) -> None:
    """The member who acts for an applicant never finds its case as a member, recorded as disqualified or not."""
    insider = db.session.get_one(Account, people.insider)
    own = db.session.scalars(select(Application.id).where(Application.created_by_id == insider.id))
    assert not any(finds(insider, application_id) for application_id in own)


def finds(account: Account, application_id: int) -> bool:
    found = select(Application.id).where(visible_to(account), Application.id == application_id)
    return db.session.scalar(found) is not None


_numbers = count(1)


def own_reasons() -> str:
    """Reasons that no other case has: a letter of one must not seem to tell those of another."""
    return f"Skäl nummer {next(_numbers)} för förslaget."


def the_outbox_tells_nothing() -> None:
    """A letter that nobody released waits; no mail that may leave has a word of what is pending or unreleased."""
    unread = select(Letter.paper_id).where(Letter.released_at.is_(None))
    free = db.session.scalars(select(Message).where(Message.status != MessageStatus.HELD)).all()
    enclosed = select(Enclosure.message_id).where(Enclosure.paper_id.in_(unread))
    assert {message.id for message in free}.isdisjoint(db.session.scalars(enclosed))
    assert db.session.scalar(select(Letter.id).join(Letter.decision).where(Decision.final_at.is_(None))) is None
    secret = select(Decision.reasons).outerjoin(Letter).where(Letter.released_at.is_(None), Decision.reasons != "")
    for reasons in db.session.scalars(secret):
        assert not [message.id for message in free if reasons in message.body + message.subject]


def pending() -> list[Decision]:
    return list(db.session.scalars(select(Decision).where(Decision.final_at.is_(None)).order_by(Decision.id)))


def there() -> set[str]:
    """What kinds of things there are to do something with."""
    open_ = (MeetingStatus.PLANNED, MeetingStatus.OPENED)
    on_open = select(AgendaCase.id).join(MinuteItem).join(MinuteItem.meeting).where(Meeting.status.in_(open_))
    kinds = {
        **{status.value: select(Meeting.id).where(Meeting.status == status) for status in MeetingStatus},
        "assessed": select(Application.id).where(Application.status == ApplicationStatus.ASSESSED),
        "placed": on_open,
        "at the table": on_open.where(Meeting.status == MeetingStatus.OPENED),
        "disqualified": select(Disqualification.id),
        "pending": select(Decision.id).where(Decision.final_at.is_(None)),
        "final": select(Decision.id).where(Decision.final_at.is_not(None)),
        "minutes": select(Minutes.id).join(Minutes.meeting).where(Meeting.status != MeetingStatus.APPROVED),
        "letters": select(Letter.id).where(Letter.released_at.is_(None)),
        "appealed": select(Appeal.id).where(Appeal.ended_on.is_(None)),
        "unpaid": select(Instalment.id).where(Instalment.status == InstalmentStatus.PLANNED),
        "proposed": select(Instalment.id).where(Instalment.status == InstalmentStatus.PROPOSED),
    }
    return {kind for kind, rows in kinds.items() if db.session.scalar(rows.limit(1)) is not None}


def whole(app: Flask) -> None:
    """All that must hold after every step."""
    with app.app_context():
        books_are_right()
        paragraphs_are_numbered()
        nothing_is_paid_too_early()
        two_persons_paid()
        the_disqualified_are_out()
        the_outbox_tells_nothing()
