"""What the clients of the history check have before them: people, drafts, and what can be done with each case now."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from fundapp import clock
from fundapp.accounts.models import Account, Membership, Organisation
from fundapp.applications.models import Application, Section
from fundapp.assessments import rules
from fundapp.assessments.models import Assessment, FormalCheck, ObjectiveLink
from fundapp.db import db
from fundapp.decisions.models import Decision, EarlyPayment
from fundapp.funds import actions as ledger
from fundapp.meetings.minutes import Minutes, MinutesSignature
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.proceedings import Presence
from fundapp.permissions import Role
from fundapp.projects.models import Instalment, Project
from fundapp.workflow import ApplicationStatus, InstalmentStatus, MeetingStatus
from tests.factories import applications as factory
from tests.factories import people
from tests.factories.assessments import objective
from tests.factories.seats import full_house
from tests.faults.ground import _copy, _signed_in, _title

CLIENTS, ORGANISATIONS = 8, 4
FRAME = 900_000_000_000  # kronor: the frame never refuses here
SITTINGS_AT_ONCE = 2
AGENDA = 4  # cases on an agenda before the sitting opens
CHECKED = "risks"  # the answer of the section `project` that the clients write
_A, _I, _M = ApplicationStatus, InstalmentStatus, MeetingStatus


@dataclass(frozen=True)
class Somebody:
    """An account by its key, and the cookie of its session."""

    account: int
    cookie: str


@dataclass
class World:
    """`staff`: for each client the persons it is, by role; `board`: who signs minutes, by seat's key."""

    token: str
    staff: list[dict[str, Somebody]]
    board: dict[int, Somebody]
    drafts: list[str]
    roll: list[tuple[str, str]]
    checker: str
    check: dict[str, str]
    objectives: dict[str, str]


@dataclass(frozen=True)
class Card:
    """One thing that can be done now. `weight`: how likely it is drawn; `facts`: what its form needs."""

    kind: str
    thread: str
    weight: float = 1.0
    facts: dict[str, Any] = field(default_factory=dict)


def made(app: Flask, count: int) -> World:
    """The people and `count` complete drafts; committed. Call on the tests' day."""
    with app.test_request_context("/"):
        staff = [_persons(app, number) for number in range(CLIENTS)]
        seats = full_house()
        db.session.flush()
        ledger.change_frame(factory.open_round(), FRAME, reference="KF § 1", decided_on=clock.today(), by=None)
        drafts = [key for number in range(ORGANISATIONS) for key in _drafts(number, count // ORGANISATIONS, staff)]
        some = db.session.scalars(select(Application).limit(1)).one()
        goal = objective("2.3")
        world = World(
            token=URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps("faults"),
            staff=staff,
            board={seat.id: Somebody(seat.account.id, _signed_in(app, seat.account)) for seat in seats},
            drafts=drafts,
            roll=[("present", seat.public_id) for seat in seats if seat.is_member],
            checker=seats[3].public_id,
            check=_all_yes(some),
            objectives={f"area_{goal.area.number}": str(goal.id)},
        )
        db.session.commit()
        db.session.close()
    return world


def _persons(app: Flask, number: int) -> dict[str, Somebody]:
    """One client's own applicant and officials."""
    accounts = {"applicant": people.applicant(f"Amina Lindqvist {number}", f"amina{number}@forening.example")} | {
        role.value: people.official(role, name=f"{role.name} {number}", email=f"{role.value}{number}@kommun.example")
        for role in (Role.REGISTRAR, Role.OFFICER, Role.SECRETARY)
    }
    db.session.flush()
    return {name: Somebody(account.id, _signed_in(app, account)) for name, account in accounts.items()}


def _drafts(number: int, count: int, staff: list[dict[str, Somebody]]) -> list[str]:
    """The drafts of one organisation, in which every client's applicant may write and send."""
    applicants = [db.session.get_one(Account, each["applicant"].account) for each in staff]
    organisation = people.organisation(
        applicants[0],
        name=f"Förening {number}",
        org_number=str(8020000000 + number),
        email=f"f{number}@forening.example",
    )
    _join(organisation, applicants[1:])
    first = factory.draft(by=applicants[0], organisation=organisation, title=f"Språkkafé {number}:0")
    db.session.flush()
    others = [_another(first, place) for place in range(1, count)]
    db.session.add_all(others)
    db.session.flush()
    return [each.public_id for each in (first, *others)]


def _another(first: Application, place: int) -> Application:
    """A copy of a draft, under a title of its own."""
    other: Application = _copy(
        first,
        sections=[_copy(section, version=1) for section in first.sections],
        attachments=[_copy(attachment, file=attachment.file) for attachment in first.attachments],
    )
    written = next(section for section in other.sections if section.code == "project")
    written.answers = written.answers | {"title": [f"{_title(first).partition(':')[0]}:{place}"]}
    return other


def _join(organisation: Organisation, accounts: list[Account]) -> None:
    db.session.add_all([Membership(account=each, organisation=organisation, since=clock.now()) for each in accounts])
    db.session.flush()


def _all_yes(application: Application) -> dict[str, str]:
    kind = application.organisation.kind.value if application.organisation else None
    return {f"finding_{item['code']}": "YES" for item in rules.check_items(application.round.fund.terms, kind)}


# --- what can be done now ---------------------------------------------------------------------------------------


class Table:
    """The cards that lie on the table: read from the database now and then, so sometimes stale, as a page is.

    `at_once`: cases in play; what is over makes room for the next draft.
    """

    def __init__(self, world: World, at_once: int) -> None:
        self.at_once = at_once
        self._left = list(world.drafts)
        self._in_play: list[str] = []

    @property
    def is_empty(self) -> bool:
        """Whether no draft is left that nobody has touched."""
        return not self._left

    def deal(self, session: Session) -> list[Card]:
        cards: list[Card] = []
        over: set[str] = set()
        for row in self._cases(session):
            found = _of_case(row)
            cards += found
            if not found:
                over.add(row.public_id)
        sittings = _sittings(session)
        cards += _to_agenda(cards, sittings)
        cards = [card for card in cards if card.kind != "ready"]
        for sitting in sittings:
            cards += _of_sitting(session, sitting)
        if sum(each.status is _M.PLANNED for each in sittings) < SITTINGS_AT_ONCE:
            cards.append(Card("plan", "", 0.5))
        paid, unpaid = _of_projects(session, self._in_play)
        cards += paid
        self._in_play = [key for key in self._in_play if key not in over or key in unpaid]
        while len(self._in_play) < self.at_once and self._left:
            self._in_play.append(self._left.pop(0))
        return cards

    def _cases(self, session: Session) -> list[Any]:
        of = Application.id
        return list(
            session.execute(
                select(
                    Application.public_id,
                    Application.status,
                    Section.version.label("section"),
                    Assessment.version.label("assessment"),
                    exists().where(FormalCheck.application_id == of).label("is_checked"),
                    exists().where(ObjectiveLink.application_id == of).label("is_linked"),
                )
                .outerjoin(Section, (Section.application_id == of) & (Section.code == "project"))
                .outerjoin(Assessment, Assessment.application_id == of)
                .where(Application.public_id.in_(self._in_play))
            )
        )


def _of_case(row: Any) -> list[Card]:
    """What can be done with a case; nothing where it is over."""
    key = row.public_id
    withdraw = Card("withdraw", key, 0.05)
    if row.status is _A.DRAFT:
        return [Card("save", key, 2, {"version": row.section}), Card("submit", key), Card("look", key, 0.3)]
    if row.status is _A.SUBMITTED:
        return [Card("register", key, 3), Card("look", key, 0.3), withdraw]
    if row.status is _A.REGISTERED:
        return [Card("take_up", key, 3), withdraw]
    if row.status is _A.UNDER_ASSESSMENT:
        left = [] if row.is_checked else [Card("check", key, 3)]
        left += [] if row.is_linked else [Card("link", key, 3)]
        assess = Card("assess", key, 3 if row.assessment is None else 0.3, {"version": row.assessment or 0})
        is_ready = not left and row.assessment is not None
        return [*left, assess, withdraw, *([Card("report", key, 3)] if is_ready else [])]
    if row.status is _A.ASSESSED:
        return [Card("ready", key), Card("reopen", key, 0.1), withdraw]
    if row.status is _A.ON_AGENDA:
        return [Card("look", key, 0.1), Card("withdraw", key, 0.02)]
    return []


def _sittings(session: Session) -> list[Meeting]:
    found = select(Meeting).where(Meeting.status != _M.APPROVED).order_by(Meeting.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def _to_agenda(cards: list[Card], sittings: list[Meeting]) -> list[Card]:
    planned = [each.public_id for each in sittings if each.status is _M.PLANNED]
    return [
        Card("put_on_agenda", planned[0], 2, {"case": card.thread})
        for card in cards
        if card.kind == "ready" and planned
    ]


def _of_sitting(session: Session, meeting: Meeting) -> list[Card]:
    key = meeting.public_id
    rows = session.execute(
        select(MinuteItem.public_id, Application.public_id, Application.amount_requested, Decision.id, Decision.version)
        .select_from(AgendaCase)
        .join(MinuteItem)
        .join(Application, Application.id == AgendaCase.application_id)
        .outerjoin(Decision, (Decision.minute_item_id == MinuteItem.id) & (Decision.application_id == Application.id))
        .where(MinuteItem.meeting_id == meeting.id, Application.status != _A.WITHDRAWN)
    ).all()
    if meeting.status is _M.PLANNED:
        return [Card("open", key, 2)] if len(rows) >= AGENDA else []
    if meeting.status is _M.OPENED:
        return _of_opened(session, meeting, rows)
    return _of_minutes(session, meeting)


def _of_opened(session: Session, meeting: Meeting, rows: Any) -> list[Card]:
    key = meeting.public_id
    if not session.scalar(select(exists().where(Presence.meeting_id == meeting.id))):
        return [Card("roll", key, 3)]
    found = [] if meeting.checker_id is not None else [Card("checker", key, 3)]
    for item, case, sought, decision, version in rows:
        facts = {"item": item, "meeting": key, "sought": sought, "version": version or 0}
        found.append(Card("record", case, 2 if decision is None else 0.1, facts))
    if not found or all(decision is not None for _item, _case, _sought, decision, _version in rows):
        found.append(Card("end", key, 3))
    return found


def _of_minutes(session: Session, meeting: Meeting) -> list[Card]:
    """An ended sitting's: drawn up, signed by two, approved."""
    key = meeting.public_id
    drawn = session.scalars(select(Minutes).where(Minutes.meeting_id == meeting.id).order_by(Minutes.id.desc())).first()
    if drawn is None:
        return [Card("draw_up", key, 3)]
    signed = set(session.scalars(select(MinutesSignature.seat_id).where(MinutesSignature.minutes_id == drawn.id)))
    chair = session.scalar(
        select(Presence.seat_id).where(Presence.meeting_id == meeting.id).order_by(Presence.seat_id).limit(1)
    )
    who = {chair, meeting.checker_id} - signed
    if who:
        return [Card("sign", key, 3, {"minutes": drawn.public_id, "seat": seat}) for seat in who]
    return [Card("approve_minutes", key, 3)]


def _of_projects(session: Session, keys: list[str]) -> tuple[list[Card], set[str]]:
    """What can be done with the money of the cases, and which of them have some that is not paid."""
    rows = session.execute(
        select(Application.public_id, Decision.public_id, EarlyPayment.id, Instalment)
        .join(Project, Project.application_id == Application.id)
        .join(Decision, Decision.id == Project.decision_id)
        .join(Instalment, Instalment.project_id == Project.id)
        .outerjoin(EarlyPayment, EarlyPayment.decision_id == Decision.id)
        .where(Application.public_id.in_(keys), Instalment.status.in_((_I.PLANNED, _I.PROPOSED)))
        .execution_options(populate_existing=True)
    ).all()
    cards: list[Card] = []
    for case, decision, early, part in rows:
        facts = {"instalment": part.public_id, "version": part.version, "amount": part.amount}
        if early is None:
            cards.append(Card("allow_early", case, 2, {"decision": decision}))
        elif part.status is _I.PLANNED:
            cards.append(Card("propose", case, 2, facts))
        else:
            cards += [Card("approve_payment", case, 2, facts), Card("send_back", case, 0.3, facts)]
    return cards, {row[0] for row in rows}


def unpaid_left(session: Session) -> int:
    """How many instalments wait."""
    waiting = select(func.count(Instalment.id)).where(Instalment.status.in_((_I.PLANNED, _I.PROPOSED)))
    return int(session.scalar(waiting) or 0)
